/** The module's entry: both stands, in one VM, under the root ids that Envoy's plugin configurations name. */
import "./packed-data";
import { registerRoot } from "proxy-wasm-sdk-as/assembly";
import { GuardRoot, StampRoot } from "./roots";

export * from "./exports";

registerRoot("countersign.guard", (contextId: u32) => new GuardRoot(contextId));
registerRoot("countersign.stamp", (contextId: u32) => new StampRoot(contextId));
