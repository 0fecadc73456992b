/**
 * One HTTP request and its response on their way through a filter. In: headers, bodies and trailers from the test, step by
 * step. Out: what the filter decided and what it left of them. A local reply passes the response callbacks, as in Envoy.
 */
import { BUFFER, MAP, type StreamName } from "./abi.ts";
import { type Bytes, concat, toBytes } from "./bytes.ts";
import { type Header, type HeaderInput, headerMap, readable, requestMap } from "./header-map.ts";
import type { LocalReply, StreamState } from "./state.ts";
import type { Vm } from "./vm.ts";

export interface Step {
  readonly action: "continue" | "stop";
  /** The ABI's number, to tell one kind of stop from another. */
  readonly status: number;
  readonly localReply?: LocalReply;
}
export interface HeadersStep extends Step {
  readonly headers: readonly Header[];
}
export interface BodyStep extends Step {
  /** What goes on now; empty while the filter holds the body back. */
  readonly body: Uint8Array;
}
export interface End {
  readonly endOfStream?: boolean;
}

export interface HttpStream {
  readonly contextId: number;
  requestHeaders(headers: readonly HeaderInput[], end?: End): HeadersStep;
  requestBody(bytes: Bytes, end?: End): BodyStep;
  requestTrailers(trailers: readonly HeaderInput[]): HeadersStep;
  responseHeaders(headers: readonly HeaderInput[], end?: End): HeadersStep;
  responseBody(bytes: Bytes, end?: End): BodyStep;
  responseTrailers(trailers: readonly HeaderInput[]): HeadersStep;
  /** The headers as they stand now, after a callout changed them, say. */
  headers(of: "request" | "response"): readonly Header[];
  readonly localReply: LocalReply | undefined;
  /** Streams that the filter continued after a stop, and those that it reset. */
  readonly continued: ReadonlySet<StreamName>;
  readonly closed: ReadonlySet<StreamName>;
  /** Filter state that the filter wrote, by its full name ("wasm.x"). */
  filterState(name: string): Uint8Array | undefined;
  /** The stream ends: `onDone`, and if it answers true `onLog` and `onDelete`. */
  done(): boolean;
}

export function httpStream(vm: Vm, state: StreamState): HttpStream {
  const outcome = (status: number, passes: boolean): Step => {
    const action = passes && !state.localReply && state.closed.size === 0 ? "continue" : "stop";
    return state.localReply ? { action, status, localReply: state.localReply } : { action, status };
  };
  const guarded = (run: () => number): number => {
    const before = state.localReply;
    const status = run();
    if (!before && state.localReply) sendReply(state.localReply);
    return status;
  };
  const headers = (
    map: number,
    callback: string,
    input: readonly HeaderInput[],
    { endOfStream = false }: End,
  ): HeadersStep => {
    const lines = map === MAP.requestHeaders ? requestMap(input) : headerMap(input);
    state.maps.set(map, lines);
    const status = guarded(() => vm.call(state, callback, [lines.length, endOfStream ? 1 : 0], 0));
    if (status === 0) state.passed.add(map);
    return { ...outcome(status, status === 0 || status === 2), headers: readable(lines) };
  };
  const body = (buffer: number, callback: string, input: Bytes, { endOfStream = false }: End): BodyStep => {
    const held = state.buffers.get(buffer) ?? new Uint8Array(0);
    const whole = concat([held, toBytes(input)]);
    state.buffers.set(buffer, whole);
    const status = guarded(() => vm.call(state, callback, [whole.length, endOfStream ? 1 : 0], 0));
    const step = outcome(status, status === 0);
    const now = state.buffers.get(buffer) ?? whole;
    // Kept only while the filter buffers; "no buffer" throws it away.
    if (status !== 1 && status !== 2) state.buffers.delete(buffer);
    return { ...step, body: step.action === "continue" ? now : new Uint8Array(0) };
  };
  const trailers = (map: number, callback: string, input: readonly HeaderInput[]): HeadersStep => {
    const lines = headerMap(input);
    state.maps.set(map, lines);
    const status = guarded(() => vm.call(state, callback, [lines.length], 0));
    return { ...outcome(status, status === 0), headers: readable(lines) };
  };
  const sendReply = (reply: LocalReply) => {
    const empty = reply.body.length === 0;
    const type: Header[] =
      empty || reply.headers.some(([name]) => name === "content-type") ? [] : [["content-type", "text/plain"]];
    const length: Header[] = empty ? [] : [["content-length", String(reply.body.length)]];
    const lines: Header[] = [[":status", String(reply.status)], ...length, ...type, ...reply.headers];
    headers(MAP.responseHeaders, "proxy_on_response_headers", lines, { endOfStream: empty });
    if (!empty) body(BUFFER.responseBody, "proxy_on_response_body", reply.body, { endOfStream: true });
  };
  return {
    contextId: state.id,
    requestHeaders: (input, end = {}) => headers(MAP.requestHeaders, "proxy_on_request_headers", input, end),
    requestBody: (input, end = {}) => body(BUFFER.requestBody, "proxy_on_request_body", input, end),
    requestTrailers: (input) => trailers(MAP.requestTrailers, "proxy_on_request_trailers", input),
    responseHeaders: (input, end = {}) => headers(MAP.responseHeaders, "proxy_on_response_headers", input, end),
    responseBody: (input, end = {}) => body(BUFFER.responseBody, "proxy_on_response_body", input, end),
    responseTrailers: (input) => trailers(MAP.responseTrailers, "proxy_on_response_trailers", input),
    headers: (of) => readable(state.maps.get(of === "request" ? MAP.requestHeaders : MAP.responseHeaders) ?? []),
    get localReply() {
      return state.localReply;
    },
    continued: state.continued,
    closed: state.closed,
    filterState: (name) => (name.startsWith("wasm.") ? state.filterState.get(name.slice("wasm.".length)) : undefined),
    done() {
      if (vm.call(state, "proxy_on_done", []) === 0) return false;
      vm.finish(state);
      return true;
    },
  };
}
