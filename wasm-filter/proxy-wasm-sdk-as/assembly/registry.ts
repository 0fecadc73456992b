// The living contexts of this VM: roots by registered root id, then every context by the number that the host gave it.
// Invariant: a number that is not here never traps; the callbacks refuse or ignore it.

import { Context, HttpContext, RootContext, StreamContext } from "./context";

const factories = new Map<string, (contextId: u32) => RootContext>();
const roots = new Map<u32, RootContext>();
const https = new Map<u32, HttpContext>();
const streams = new Map<u32, StreamContext>();
const calls = new Map<u32, u32>();

// The context whose callback runs now: a call made now is answered to it.
let active: u32 = 0;

/** Names the maker of roots for `root_id` of the plugin configuration; call it at the top level of the entry file. */
export function registerRoot(rootId: string, create: (contextId: u32) => RootContext): void {
  factories.set(rootId, create);
}

export function enter(contextId: u32): void {
  active = contextId;
}

/** False if nobody registered that root id. The host starts a known plugin anew under its old number: then it is kept. */
export function addRoot(contextId: u32, rootId: string): bool {
  if (roots.has(contextId)) return true;
  if (!factories.has(rootId)) return false;
  const root = factories.get(rootId)(contextId);
  root.contextId = contextId;
  roots.set(contextId, root);
  return true;
}

/** A stream of a root; false if the root is unknown or wants no such stream. */
export function addStream(contextId: u32, rootContextId: u32): bool {
  const root = rootOf(rootContextId);
  if (root === null) return false;
  const http = root.createHttpContext(contextId);
  if (http !== null) {
    http.contextId = contextId;
    https.set(contextId, http);
    return true;
  }
  const stream = root.createStreamContext(contextId);
  if (stream === null) return false;
  stream.contextId = contextId;
  streams.set(contextId, stream);
  return true;
}

export function rootOf(contextId: u32): RootContext | null {
  return roots.has(contextId) ? roots.get(contextId) : null;
}

export function httpOf(contextId: u32): HttpContext | null {
  return https.has(contextId) ? https.get(contextId) : null;
}

export function streamOf(contextId: u32): StreamContext | null {
  return streams.has(contextId) ? streams.get(contextId) : null;
}

export function contextOf(contextId: u32): Context | null {
  const http = httpOf(contextId);
  if (http !== null) return http;
  const root = rootOf(contextId);
  if (root !== null) return root;
  return streamOf(contextId);
}

export function remove(contextId: u32): void {
  if (!https.delete(contextId) && !streams.delete(contextId)) roots.delete(contextId);
}

export function rememberCall(token: u32): void {
  calls.set(token, active);
}

export function forgetCall(token: u32): void {
  calls.delete(token);
}

/** Who made the call, or the root to which the host reports it if the maker is gone. */
export function callerOf(token: u32, rootContextId: u32): Context | null {
  const caller = calls.has(token) ? contextOf(calls.get(token)) : null;
  return caller === null ? contextOf(rootContextId) : caller;
}
