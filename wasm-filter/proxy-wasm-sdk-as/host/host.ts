/**
 * An emulator of Envoy's Wasm host for tests in any runner. In: a compiled filter, and time, randomness and properties as
 * the test wants them. Out: plugins and streams to drive, and what the filter left behind. Effects: none of its own.
 */
import { type Bytes, toBytes } from "./bytes.ts";
import { type Plugin, type PluginOptions, startPlugin } from "./plugin.ts";
import type { PropertyTree } from "./property.ts";
import type { LogLine, Metric, Shared } from "./state.ts";
import { createVm, type Vm } from "./vm.ts";
import { wasm } from "./web-assembly.ts";

export interface HostOptions {
  /** Nanoseconds since the epoch; without it a clock that only `tick` moves. */
  readonly now?: () => bigint;
  /** Nanoseconds of a clock that never goes back; without it one that only `tick` moves. */
  readonly monotonic?: () => bigint;
  /** Fills the bytes; without it 1, 2, 3 … so that a test is repeatable. */
  readonly random?: (bytes: Uint8Array) => void;
  /** Properties of every stream and root. */
  readonly properties?: PropertyTree;
  readonly log?: (line: LogLine) => void;
  /** Foreign functions: bytes are the result, a number is a Status other than Ok. */
  readonly foreignFunctions?: Readonly<Record<string, (args: Uint8Array) => Uint8Array | number>>;
  /** `vm_config.environment_variables` of the first VM. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Clusters that HTTP calls may name; without it every name is one. */
  readonly clusters?: readonly string[];
}

export interface VmOptions {
  readonly id?: string;
  readonly configuration?: Bytes;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One VM of a host, as one worker thread has it. */
export interface GuestVm {
  startPlugin(options: PluginOptions): Plugin;
  readonly failed: boolean;
}

export interface Host {
  /** A further VM; VMs with one id share data and queues. */
  vm(options?: VmOptions): GuestVm;
  /** A plugin in the host's first VM; several share it. Throws PluginRefused. */
  startPlugin(options: PluginOptions): Plugin;
  /** Lets time pass and fires `onTick` of every root as often as it is due. */
  tick(milliseconds: number): void;
  /** FAIL_RELOAD: every failed VM starts anew with its plugins; answers how many. */
  reload(): number;
  readonly logs: readonly LogLine[];
  /** A counter's or gauge's value, 0 if it was never defined. */
  metric(name: string): bigint;
  /** The samples of a histogram. */
  samples(name: string): readonly bigint[];
  sharedData(key: string, vmId?: string): Uint8Array | undefined;
}

/** Throws ModuleRefused (from `vm` or `startPlugin`) if Envoy would not load the module. */
export async function createHost(bytes: Uint8Array, options: HostOptions = {}): Promise<Host> {
  const module = await wasm.compile(bytes);
  let elapsed = 0n;
  let chance = 0;
  const logs: LogLine[] = [];
  const shared: Shared = {
    data: new Map(),
    queues: new Map(),
    queueTokens: new Map(),
    metrics: new Map(),
    logs,
    foreign: new Map(Object.entries(options.foreignFunctions ?? {})),
    clusters: options.clusters && new Set(options.clusters),
    properties: options.properties ?? {},
    now: options.now ?? (() => 1_700_000_000_000_000_000n + elapsed * 1_000_000n),
    monotonic: options.monotonic ?? (() => 1_000_000_000n + elapsed * 1_000_000n),
    random:
      options.random ??
      ((target) => {
        for (let i = 0; i < target.length; i++) target[i] = ++chance;
      }),
    onLog(line) {
      logs.push(line);
      options.log?.(line);
    },
    tasks: [],
  };
  const workers: { vm: Vm; plugins: Plugin[]; renew: () => Vm }[] = [];
  const addVm = ({ id = "", configuration = "", environment = {} }: VmOptions = {}): GuestVm => {
    const renew = () => createVm(module, id, { configuration: toBytes(configuration), environment }, shared);
    const worker = { vm: renew(), plugins: [] as Plugin[], renew };
    workers.push(worker);
    return {
      get failed() {
        return worker.vm.failed;
      },
      startPlugin(plugin) {
        const started = startPlugin(worker.vm, plugin);
        worker.plugins.push(started);
        return started;
      },
    };
  };
  let firstVm: GuestVm | undefined;
  const metric = (name: string): Metric | undefined =>
    [...shared.metrics.values()].find((candidate) => candidate.name === name);
  const fireTicks = () => {
    for (const { vm } of workers) {
      for (const context of vm.failed ? [] : [...vm.state.contexts.values()]) {
        if (context.kind !== "root" || context.tickPeriod === 0) continue;
        context.nextTick -= 1n;
        if (context.nextTick > 0n) continue;
        context.nextTick = BigInt(context.tickPeriod);
        vm.call(context, "proxy_on_tick", []);
      }
    }
  };
  return {
    vm: addVm,
    startPlugin(plugin) {
      firstVm ??= addVm({ ...(options.environment && { environment: options.environment }) });
      return firstVm.startPlugin(plugin);
    },
    tick(milliseconds) {
      for (let i = 0; i < milliseconds; i++) {
        elapsed += 1n;
        fireTicks();
      }
    },
    reload() {
      const failed = workers.filter(({ vm }) => vm.failed);
      for (const worker of failed) {
        worker.vm = worker.renew();
        for (const plugin of worker.plugins) plugin.moveTo(worker.vm);
      }
      return failed.length;
    },
    logs,
    metric: (name) => metric(name)?.value ?? 0n,
    samples: (name) => metric(name)?.samples ?? [],
    sharedData: (key, vmId = "") => shared.data.get(`${vmId}\0${key}`)?.value,
  };
}
