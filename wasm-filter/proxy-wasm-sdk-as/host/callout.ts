/**
 * A callout as the test sees it: what the guest sent, and ways to answer. In: the test's answer. Out: the guest's callbacks,
 * always on the root context, as Envoy does it.
 */
import { BUFFER, MAP } from "./abi.ts";
import { type Bytes, toBytes } from "./bytes.ts";
import { type HeaderInput, headerMap } from "./header-map.ts";
import type { Answer, PendingCall, RootState } from "./state.ts";
import type { Vm } from "./vm.ts";

export interface HttpAnswer {
  readonly headers: readonly HeaderInput[];
  readonly body?: Bytes;
  readonly trailers?: readonly HeaderInput[];
}

export interface Callout extends Readonly<PendingCall> {
  /** The answer to an HTTP call; headers should begin with `:status`. */
  respond(answer: HttpAnswer): void;
  /** No connection, a timeout, a reset: the guest hears of no headers at all. For gRPC it is status 14, unavailable. */
  fail(): void;
  initialMetadata(metadata: readonly HeaderInput[]): void;
  /** One gRPC message. */
  message(bytes: Bytes): void;
  trailingMetadata(metadata: readonly HeaderInput[]): void;
  /** The end of a gRPC call or stream, with its status code. */
  close(status: number): void;
}

export function callout(vm: Vm, root: RootState, call: PendingCall): Callout {
  const tell = (answer: Answer, callback: string, ...args: number[]) => {
    root.answer = answer;
    try {
      vm.call(root, callback, [call.token, ...args]);
    } finally {
      root.answer = undefined;
    }
  };
  const metadata = (type: number, callback: string, input: readonly HeaderInput[]) => {
    const lines = headerMap(input);
    tell({ maps: new Map([[type, lines]]), buffers: new Map() }, callback, lines.length);
  };
  const respond = ({ headers, body = "", trailers = [] }: HttpAnswer) => {
    root.calls.delete(call.token);
    const [head, tail, bytes] = [headerMap(headers), headerMap(trailers), toBytes(body)];
    const maps = new Map([
      [MAP.callHeaders, head],
      [MAP.callTrailers, tail],
    ]);
    const answer = { maps, buffers: new Map([[BUFFER.callBody, bytes]]) };
    tell(answer, "proxy_on_http_call_response", head.length, bytes.length, tail.length);
  };
  const close = (status: number) => {
    root.calls.delete(call.token);
    tell({ maps: new Map(), buffers: new Map() }, "proxy_on_grpc_close", status);
  };
  return {
    ...call,
    respond,
    fail() {
      if (call.kind !== "http") {
        close(14);
        return;
      }
      root.calls.delete(call.token);
      tell({ maps: new Map(), buffers: new Map() }, "proxy_on_http_call_response", 0, 0, 0);
    },
    initialMetadata: (input) => metadata(MAP.grpcInitialMetadata, "proxy_on_grpc_receive_initial_metadata", input),
    message(message) {
      const bytes = toBytes(message);
      const buffers = new Map([[BUFFER.grpcMessage, bytes]]);
      tell({ maps: new Map(), buffers }, "proxy_on_grpc_receive", bytes.length);
    },
    trailingMetadata: (input) => metadata(MAP.grpcTrailingMetadata, "proxy_on_grpc_receive_trailing_metadata", input),
    close,
  };
}
