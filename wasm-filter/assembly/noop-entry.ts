/**
 * The module with a stand that does nothing, for the bench: what an empty Wasm filter costs. Built by `build.mjs --noop`
 * alone; nothing of it is in the module that is shipped.
 */
import "./packed-data";
import { HttpContext, RootContext, registerRoot } from "proxy-wasm-sdk-as/assembly";
import { tidyNow } from "./tidy";

export * from "./exports";

class NothingRoot extends RootContext {
  onConfigure(_configuration: Uint8Array): bool {
    tidyNow();
    return true;
  }

  createHttpContext(contextId: u32): HttpContext | null {
    return new HttpContext(contextId, this);
  }
}

registerRoot("countersign.guard", (contextId: u32) => new NothingRoot(contextId));
