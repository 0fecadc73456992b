/**
 * The module with a guard that traps on demand, for one test: what happens to requests when a VM dies. Built by
 * `build.mjs --trap` alone; nothing of it is in the module that is shipped.
 */
import "./packed-data";
import { getHeaderBytes, HeadersStatus, HttpContext, MapType, registerRoot } from "proxy-wasm-sdk-as/assembly";
import { Guard } from "./guard";
import { GuardRoot } from "./roots";

export * from "./exports";

class TrappingGuard extends Guard {
  onRequestHeaders(count: u32, endOfStream: bool): HeadersStatus {
    if (getHeaderBytes(MapType.RequestHeaders, "x-trap") !== null) unreachable();
    return super.onRequestHeaders(count, endOfStream);
  }
}

class TrappingGuardRoot extends GuardRoot {
  createHttpContext(contextId: u32): HttpContext | null {
    const rules = this.rules;
    const counters = this.counters;
    if (rules === null || counters === null) return null;
    const guard = new TrappingGuard(contextId, this, rules, counters);
    guard.grants = this.grants;
    return guard;
  }
}

registerRoot("countersign.guard", (contextId: u32) => new TrappingGuardRoot(contextId));
