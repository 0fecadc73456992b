// HTTP calls beside the request. The answer comes to `onHttpCallResponse` of the context that made the call.

import { Status } from "./abi";
import { nameArgument } from "./argument";
import { proxy_http_call } from "./env";
import { encodePairs } from "./pair-encoding";
import { OUT_EXTRA, resetOut } from "./received";
import { rememberCall } from "./registry";

/** `token` counts only if `status` is Ok. */
export class Call {
  status: Status;
  token: u32;

  constructor(status: Status, token: u32) {
    this.status = status;
    this.token = token;
  }
}

/**
 * Calls a cluster of the host. `headers` need `:method`, `:path` and `:authority`; the timeout is in milliseconds.
 * A failed call (no connection, timeout, cluster gone) is answered too, with no headers at all.
 */
export function httpCall(
  upstream: string,
  headers: Array<Array<string>>,
  body: Uint8Array | null,
  trailers: Array<Array<string>>,
  timeout: u32,
): Call {
  const cluster = nameArgument.put(upstream);
  const head = encodePairs(headers);
  const tail = encodePairs(trailers);
  resetOut();
  const status = <Status>(
    proxy_http_call(
      cluster.pointer,
      cluster.length,
      changetype<usize>(head),
      <u32>head.byteLength,
      body === null ? 0 : body.dataStart,
      body === null ? 0 : <u32>body.length,
      changetype<usize>(tail),
      <u32>tail.byteLength,
      timeout,
      OUT_EXTRA,
    )
  );
  const token = load<u32>(OUT_EXTRA);
  if (status == Status.Ok) rememberCall(token);
  return new Call(status, token);
}
