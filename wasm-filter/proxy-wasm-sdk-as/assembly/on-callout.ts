// Answers to HTTP and gRPC calls. The host reports all of them to the root; here they find the context that called, and
// the host is told to act for it, so that `continueStream` reaches the request that waits.

import { Context } from "./context";
import { callerOf, enter, forgetCall } from "./registry";
import { setEffectiveContext } from "./stream";

function find(rootContextId: u32, token: u32): Context | null {
  const context = callerOf(token, rootContextId);
  if (context === null) return null;
  enter(context.contextId);
  if (context.contextId != rootContextId) setEffectiveContext(context.contextId);
  return context;
}

export function proxy_on_http_call_response(rootId: u32, token: u32, headers: u32, bodySize: u32, trailers: u32): void {
  const context = find(rootId, token);
  forgetCall(token);
  if (context !== null) context.onHttpCallResponse(token, headers, bodySize, trailers);
}

export function proxy_on_grpc_receive_initial_metadata(rootId: u32, token: u32, count: u32): void {
  const context = find(rootId, token);
  if (context !== null) context.onGrpcInitialMetadata(token, count);
}

export function proxy_on_grpc_receive(rootId: u32, token: u32, size: u32): void {
  const context = find(rootId, token);
  if (context !== null) context.onGrpcMessage(token, size);
}

export function proxy_on_grpc_receive_trailing_metadata(rootId: u32, token: u32, count: u32): void {
  const context = find(rootId, token);
  if (context !== null) context.onGrpcTrailingMetadata(token, count);
}

export function proxy_on_grpc_close(rootId: u32, token: u32, status: u32): void {
  const context = find(rootId, token);
  forgetCall(token);
  if (context !== null) context.onGrpcClose(token, status);
}
