/**
 * One plugin configuration in a VM: its root context, its streams, its callouts. In: root id and configuration. Out: streams
 * to drive. Throws PluginRefused when the guest refuses its configuration, as Envoy then does not start.
 */
import { type Bytes, toBytes } from "./bytes.ts";
import { type Callout, callout } from "./callout.ts";
import { type Connection, connection } from "./connection.ts";
import { PluginRefused } from "./errors.ts";
import { type HttpStream, httpStream } from "./http-stream.ts";
import type { PropertyTree } from "./property.ts";
import type { RootState, StreamState } from "./state.ts";
import type { Vm } from "./vm.ts";

export interface PluginOptions {
  readonly rootId: string;
  readonly configuration?: Bytes;
  readonly name?: string;
}
export interface StreamOptions {
  readonly properties?: PropertyTree;
}

export interface Plugin {
  readonly rootId: string;
  stream(options?: StreamOptions): HttpStream;
  connection(options?: StreamOptions): Connection;
  /** Callouts that wait for an answer, oldest first. */
  readonly calls: readonly Callout[];
  /** The configuration is taken away: `onDone`, and if it answers true `onLog` and `onDelete`. */
  stop(): boolean;
  /** The VM's memory in pages of 64 KiB, to see that a filter does not leak. */
  pages(): number;
  /** Starts the plugin in a new VM; streams of the old one are lost. The host calls it after a reload. */
  moveTo(vm: Vm): void;
}

export function startPlugin(firstVm: Vm, options: PluginOptions): Plugin {
  let vm = firstVm;
  let root = startRoot(vm, options);
  let stopped = false;
  const newStream = (properties: PropertyTree): StreamState => {
    const state: StreamState = {
      kind: "stream",
      id: vm.nextContextId(),
      root,
      maps: new Map(),
      passed: new Set(),
      buffers: new Map(),
      properties,
      filterState: new Map(),
      continued: new Set(),
      closed: new Set(),
      localReply: undefined,
      finished: false,
    };
    vm.state.contexts.set(state.id, state);
    vm.call(state, "proxy_on_context_create", [root.id]);
    return state;
  };
  return {
    rootId: options.rootId,
    stream: ({ properties = {} } = {}) => httpStream(vm, newStream(properties)),
    connection: ({ properties = {} } = {}) => connection(vm, newStream(properties)),
    get calls() {
      return [...root.calls.values()].map((call) => callout(vm, root, call));
    },
    stop() {
      stopped = true;
      if (vm.call(root, "proxy_on_done", []) === 0) return false;
      vm.finish(root);
      return true;
    },
    pages: () => vm.pages(),
    moveTo(next) {
      vm = next;
      if (!stopped) root = startRoot(next, options);
    },
  };
}

function startRoot(vm: Vm, { rootId, configuration = "", name = "" }: PluginOptions): RootState {
  const root: RootState = {
    kind: "root",
    id: vm.nextContextId(),
    rootId,
    pluginName: name,
    configuration: toBytes(configuration),
    configuring: false,
    tickPeriod: 0,
    nextTick: 0n,
    calls: new Map(),
    answer: undefined,
    finished: false,
  };
  const { logs } = vm.state.shared;
  const first = logs.length;
  const refused = (step: string) =>
    new PluginRefused(
      rootId,
      step,
      logs.slice(first).map(({ text }) => text),
    );
  vm.state.contexts.set(root.id, root);
  vm.call(root, "proxy_on_context_create", [0]);
  if (vm.call(root, "proxy_on_vm_start", [vm.state.configuration.length]) === 0) throw refused("proxy_on_vm_start");
  root.configuring = true;
  const accepted = vm.call(root, "proxy_on_configure", [root.configuration.length]) !== 0;
  root.configuring = false;
  if (!accepted) throw refused("proxy_on_configure");
  return root;
}
