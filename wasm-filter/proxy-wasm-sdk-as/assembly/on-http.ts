// Callbacks of HTTP streams. A stream without a context cannot be judged, so it is answered 503 and goes no further.

import { DataStatus, HeadersStatus, TrailersStatus } from "./abi";
import { enter, httpOf } from "./registry";
import { sendLocalResponse } from "./stream";

function refuse(): void {
  sendLocalResponse(503, "wasm_no_context", null, []);
}

export function proxy_on_request_headers(contextId: u32, count: u32, endOfStream: u32): u32 {
  enter(contextId);
  const http = httpOf(contextId);
  if (http !== null) return http.onRequestHeaders(count, endOfStream != 0);
  refuse();
  return HeadersStatus.StopIteration;
}

export function proxy_on_request_body(contextId: u32, size: u32, endOfStream: u32): u32 {
  enter(contextId);
  const http = httpOf(contextId);
  return http === null ? DataStatus.StopIterationNoBuffer : http.onRequestBody(size, endOfStream != 0);
}

export function proxy_on_request_trailers(contextId: u32, count: u32): u32 {
  enter(contextId);
  const http = httpOf(contextId);
  return http === null ? TrailersStatus.StopIteration : http.onRequestTrailers(count);
}

// Responses without a context pass: it is the local answer of the refusal itself that comes by here.
export function proxy_on_response_headers(contextId: u32, count: u32, endOfStream: u32): u32 {
  enter(contextId);
  const http = httpOf(contextId);
  return http === null ? HeadersStatus.Continue : http.onResponseHeaders(count, endOfStream != 0);
}

export function proxy_on_response_body(contextId: u32, size: u32, endOfStream: u32): u32 {
  enter(contextId);
  const http = httpOf(contextId);
  return http === null ? DataStatus.Continue : http.onResponseBody(size, endOfStream != 0);
}

export function proxy_on_response_trailers(contextId: u32, count: u32): u32 {
  enter(contextId);
  const http = httpOf(contextId);
  return http === null ? TrailersStatus.Continue : http.onResponseTrailers(count);
}
