// The living contexts of this VM: roots by registered root id, then every context by the number that the host gave it.
// Invariant: a number that is not here never traps; the callbacks refuse or ignore it.

import { Context, HttpContext, RootContext, StreamContext } from "./context";

// Chains of contexts by the low bits of their number, which the host counts up: adding and removing one allocates nothing.
// `slotOf` is below their number.
const SLOTS: u32 = 256;
const contexts = new StaticArray<Context | null>(<i32>SLOTS);

// What a context is. It is written when it is added, by the function that knows.
const ROOT: i32 = 1;
const HTTP: i32 = 2;
const STREAM: i32 = 3;

const rootIds: string[] = [];
const factories: ((contextId: u32) => RootContext)[] = [];

// Calls that wait for an answer, and who made them.
class PendingCall {
  constructor(
    public token: u32,
    public caller: u32,
    public next: PendingCall | null,
  ) {}
}
const calls = new StaticArray<PendingCall | null>(<i32>SLOTS);

// The context whose callback runs now: a call made now is answered to it.
let active: u32 = 0;

/** Names the maker of roots for `root_id` of the plugin configuration; call it at the top level of the entry file. */
export function registerRoot(rootId: string, create: (contextId: u32) => RootContext): void {
  rootIds.push(rootId);
  factories.push(create);
}

export function enter(contextId: u32): void {
  active = contextId;
}

/** False if nobody registered that root id. The host starts a known plugin anew under its old number: then it is kept. */
export function addRoot(contextId: u32, rootId: string): bool {
  if (rootOf(contextId) !== null) return true;
  // The last one of a name counts.
  const at = rootIds.lastIndexOf(rootId);
  if (at < 0) return false;
  add(factories[at](contextId), contextId, ROOT);
  return true;
}

/** A stream of a root; false if the root is unknown or wants no such stream. */
export function addStream(contextId: u32, rootContextId: u32): bool {
  const root = rootOf(rootContextId);
  if (root === null) return false;
  const http = root.createHttpContext(contextId);
  if (http !== null) {
    add(http, contextId, HTTP);
    return true;
  }
  const stream = root.createStreamContext(contextId);
  if (stream === null) return false;
  add(stream, contextId, STREAM);
  return true;
}

export function rootOf(contextId: u32): RootContext | null {
  return changetype<RootContext | null>(find(contextId, ROOT));
}

export function httpOf(contextId: u32): HttpContext | null {
  return changetype<HttpContext | null>(find(contextId, HTTP));
}

export function streamOf(contextId: u32): StreamContext | null {
  return changetype<StreamContext | null>(find(contextId, STREAM));
}

export function contextOf(contextId: u32): Context | null {
  return find(contextId, 0);
}

export function remove(contextId: u32): void {
  const slot = slotOf(contextId);
  let before: Context | null = null;
  let context: Context | null = unchecked(contexts[slot]);
  while (context !== null) {
    const next = context.next;
    if (context.contextId == contextId) {
      if (before === null) unchecked((contexts[slot] = next));
      else before.next = next;
      context.next = null;
      return;
    }
    before = context;
    context = next;
  }
}

export function rememberCall(token: u32): void {
  forgetCall(token);
  const slot = slotOf(token);
  calls[slot] = new PendingCall(token, active, calls[slot]);
}

export function forgetCall(token: u32): void {
  const slot = slotOf(token);
  let before: PendingCall | null = null;
  let call: PendingCall | null = calls[slot];
  while (call !== null) {
    const next = call.next;
    if (call.token == token) {
      if (before === null) calls[slot] = next;
      else before.next = next;
      return;
    }
    before = call;
    call = next;
  }
}

/** Who made the call, or the root to which the host reports it if the maker is gone. */
export function callerOf(token: u32, rootContextId: u32): Context | null {
  let call: PendingCall | null = calls[slotOf(token)];
  while (call !== null && call.token != token) call = call.next;
  const caller = call === null ? <Context | null>null : contextOf(call.caller);
  return caller === null ? contextOf(rootContextId) : caller;
}

function slotOf(number: u32): i32 {
  return <i32>(number % SLOTS);
}

function add(context: Context, contextId: u32, kind: i32): void {
  remove(contextId);
  const slot = slotOf(contextId);
  context.contextId = contextId;
  context.kind = kind;
  context.next = unchecked(contexts[slot]);
  unchecked((contexts[slot] = context));
}

/** The context of that number and kind; any kind for 0. */
function find(contextId: u32, kind: i32): Context | null {
  let context: Context | null = unchecked(contexts[slotOf(contextId)]);
  while (context !== null && context.contextId != contextId) context = context.next;
  return context === null || (kind != 0 && context.kind != kind) ? null : context;
}
