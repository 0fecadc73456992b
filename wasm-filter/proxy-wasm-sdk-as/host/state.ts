/**
 * The host's data while guests run: contexts, and what VMs of one host share. Plain records; the import groups read and
 * write them, the public faces (plugin.ts, http-stream.ts, connection.ts) show them to the test.
 */
import type { LogLevel, MetricType, StreamName } from "./abi.ts";
import type { Header, Line } from "./header-map.ts";
import type { GuestMemory } from "./memory.ts";
import type { PropertyTree } from "./property.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

export interface LocalReply {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  readonly details: string;
  /** -1: the filter left it to the proxy. */
  readonly grpcStatus: number;
}

/** One callout that waits for the test's answer. */
export interface PendingCall {
  readonly kind: "http" | "grpc call" | "grpc stream";
  readonly token: number;
  readonly upstream: string;
  readonly headers: readonly Header[];
  readonly trailers: readonly Header[];
  readonly timeout: number;
  /** `service/method` of a gRPC call. */
  readonly method: string;
  /** The body, or the messages sent so far. */
  readonly messages: Uint8Array[];
  closed: boolean;
}

/** What a callback may read of the answer that it is told about, by map or buffer type. */
export interface Answer {
  readonly maps: ReadonlyMap<number, Line[]>;
  readonly buffers: ReadonlyMap<number, Uint8Array>;
}

export interface RootState {
  readonly kind: "root";
  readonly id: number;
  readonly rootId: string;
  readonly pluginName: string;
  readonly configuration: Uint8Array;
  configuring: boolean;
  tickPeriod: number;
  nextTick: bigint;
  readonly calls: Map<number, PendingCall>;
  answer: Answer | undefined;
  finished: boolean;
}

export interface StreamState {
  readonly kind: "stream";
  readonly id: number;
  readonly root: RootState;
  readonly maps: Map<number, Line[]>;
  /** Maps that went on to the next filter: until `onLog` the guest can neither read nor write them. */
  readonly passed: Set<number>;
  readonly buffers: Map<number, Uint8Array>;
  readonly properties: PropertyTree;
  readonly filterState: Map<string, Uint8Array>;
  readonly continued: Set<StreamName>;
  readonly closed: Set<StreamName>;
  localReply: LocalReply | undefined;
  finished: boolean;
}

export type ContextState = RootState | StreamState;

export interface Metric {
  readonly type: MetricType;
  readonly name: string;
  value: bigint;
  readonly samples: bigint[];
}

export interface Queue {
  readonly messages: Uint8Array[];
  notify: () => void;
}

/** What all VMs of one host share, and the effects that the test gave. */
export interface Shared {
  readonly data: Map<string, { value: Uint8Array; cas: number }>;
  readonly queues: Map<number, Queue>;
  readonly queueTokens: Map<string, number>;
  readonly metrics: Map<string, Metric>;
  readonly logs: LogLine[];
  readonly foreign: ReadonlyMap<string, (args: Uint8Array) => Uint8Array | number>;
  readonly clusters: ReadonlySet<string> | undefined;
  readonly properties: PropertyTree;
  readonly now: () => bigint;
  readonly monotonic: () => bigint;
  readonly random: (bytes: Uint8Array) => void;
  readonly onLog: (line: LogLine) => void;
  /** What waits until no guest code is on the stack: queue notices, ends of contexts. */
  readonly tasks: (() => void)[];
}

/** What an import group sees of its VM. */
export interface VmState {
  readonly id: string;
  readonly configuration: Uint8Array;
  readonly environment: Readonly<Record<string, string>>;
  readonly shared: Shared;
  readonly contexts: Map<number, ContextState>;
  readonly metricIds: Map<number, Metric>;
  memory: GuestMemory;
  current: ContextState | undefined;
  effective: ContextState | undefined;
  nextToken: number;
  finish(context: ContextState): void;
}

/** The context that a host call acts for: the effective one, else the one whose callback runs. */
export function acting(vm: VmState): ContextState | undefined {
  return vm.effective && vm.contexts.has(vm.effective.id) ? vm.effective : vm.current;
}

export function rootOf(context: ContextState | undefined): RootState | undefined {
  return context?.kind === "stream" ? context.root : context;
}

export function streamOf(context: ContextState | undefined): StreamState | undefined {
  return context?.kind === "stream" ? context : undefined;
}
