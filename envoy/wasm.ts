/**
 * One stand of the Wasm filter as an Envoy HTTP filter. In: stand, the module's file, its configuration. Out: plain
 * configuration. A trap closes the request and the VM is made anew (FAIL_RELOAD); FAIL_OPEN would let requests pass
 * unfiltered and cannot be asked for here. Both stands share one VM by `vm_id`, as grants and keys are shared.
 */
import { type Config, typed } from "./model.ts";

export function wasmStand(stand: "guard" | "stamp", file: string, configuration: Config): Config {
  const id = `countersign.${stand}`;
  return {
    name: id,
    typed_config: typed("envoy.extensions.filters.http.wasm.v3.Wasm", {
      config: {
        name: id,
        root_id: id,
        failure_policy: "FAIL_RELOAD",
        reload_config: { backoff: { base_interval: "0.1s", max_interval: "5s" } },
        configuration: typed("google.protobuf.StringValue", { value: JSON.stringify({ stand, ...configuration }) }),
        vm_config: {
          vm_id: "countersign",
          runtime: "envoy.wasm.runtime.v8",
          code: { local: { filename: file } },
        },
      },
    }),
  };
}
