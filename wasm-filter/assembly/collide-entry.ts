/**
 * The module with hashes of which almost all collide, for tests of grants: a hash only finds a bucket, and what decides is
 * that all bytes are equal. Built by `build.mjs --collide` alone; nothing of it is in the module that is shipped.
 */
import "./packed-data";
import { registerRoot } from "proxy-wasm-sdk-as/assembly";
import { maskHashes } from "./grant-hash";
import { GuardRoot, StampRoot } from "./roots";

export * from "./exports";

maskHashes(1);
registerRoot("countersign.guard", (contextId: u32) => new GuardRoot(contextId));
registerRoot("countersign.stamp", (contextId: u32) => new StampRoot(contextId));
