/** One TCP connection on its way through a network filter. In: data and closes from the test. Out: what the filter did. */
import { BUFFER, type StreamName } from "./abi.ts";
import { type Bytes, concat, toBytes } from "./bytes.ts";
import type { BodyStep, End, Step } from "./http-stream.ts";
import type { StreamState } from "./state.ts";
import type { Vm } from "./vm.ts";

export interface Connection {
  readonly contextId: number;
  open(): Step;
  downstreamData(bytes: Bytes, end?: End): BodyStep;
  upstreamData(bytes: Bytes, end?: End): BodyStep;
  /** Who closed: 1 this side, 2 the peer. */
  downstreamClose(peer?: 1 | 2): void;
  upstreamClose(peer?: 1 | 2): void;
  readonly closed: ReadonlySet<StreamName>;
  readonly continued: ReadonlySet<StreamName>;
  done(): boolean;
}

export function connection(vm: Vm, state: StreamState): Connection {
  const outcome = (status: number): Step => ({
    action: status === 0 && state.closed.size === 0 ? "continue" : "stop",
    status,
  });
  const data = (buffer: number, callback: string, input: Bytes, { endOfStream = false }: End): BodyStep => {
    const whole = concat([state.buffers.get(buffer) ?? new Uint8Array(0), toBytes(input)]);
    state.buffers.set(buffer, whole);
    const step = outcome(vm.call(state, callback, [whole.length, endOfStream ? 1 : 0], 0));
    const now = state.buffers.get(buffer) ?? whole;
    // A stopped connection keeps what it has not passed on.
    if (step.action === "continue") state.buffers.delete(buffer);
    return { ...step, body: step.action === "continue" ? now : new Uint8Array(0) };
  };
  return {
    contextId: state.id,
    open: () => outcome(vm.call(state, "proxy_on_new_connection", [], 0)),
    downstreamData: (bytes, end = {}) => data(BUFFER.downstreamData, "proxy_on_downstream_data", bytes, end),
    upstreamData: (bytes, end = {}) => data(BUFFER.upstreamData, "proxy_on_upstream_data", bytes, end),
    downstreamClose(peer = 2) {
      vm.call(state, "proxy_on_downstream_connection_close", [peer]);
    },
    upstreamClose(peer = 2) {
      vm.call(state, "proxy_on_upstream_connection_close", [peer]);
    },
    closed: state.closed,
    continued: state.continued,
    done() {
      if (vm.call(state, "proxy_on_done", []) === 0) return false;
      vm.finish(state);
      return true;
    },
  };
}
