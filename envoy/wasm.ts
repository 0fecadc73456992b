/**
 * One stand of the Wasm filter as an Envoy HTTP filter. In: stand, the module's file, its configuration. Out: plain
 * configuration. A trap closes the request and the VM is made anew (FAIL_RELOAD); FAIL_OPEN would let requests pass
 * unfiltered and cannot be asked for here. Both stands share one VM by `vm_id`, as grants and keys are shared.
 */
import { type Config, grantsCluster, type Keys, type KeysFrom, typed, type Zone } from "./model.ts";

/** @param variables names of the Envoy process's environment that the configuration reads. */
export function wasmStand(
  stand: "guard" | "stamp",
  filter: Zone["filter"],
  configuration: Config,
  variables: readonly string[] = [],
): Config {
  const id = `countersign.${stand}`;
  return {
    name: id,
    typed_config: typed("envoy.extensions.filters.http.wasm.v3.Wasm", {
      config: {
        name: id,
        root_id: id,
        failure_policy: "FAIL_RELOAD",
        reload_config: { backoff: { base_interval: "0.1s", max_interval: "5s" } },
        // Else the body never comes to a stand that holds the head back for it.
        ...(holdsHead(configuration) && { allow_on_headers_stop_iteration: true }),
        configuration: typed("google.protobuf.StringValue", { value: JSON.stringify({ stand, ...configuration }) }),
        vm_config: {
          vm_id: "countersign",
          runtime: "envoy.wasm.runtime.v8",
          code: code(filter),
          ...(variables.length > 0 && { environment_variables: { host_env_keys: variables } }),
        },
      },
    }),
  };
}

function holdsHead({ contentDigest, stamp }: Config): boolean {
  return contentDigest !== undefined || (typeof stamp === "object" && "contentDigest" in stamp);
}

/** Keys for the filter's JSON; what they are made of is the filter's to check. */
export function keysConfiguration({ keys, keysFrom }: Keys): Config {
  return {
    ...(keysFrom && { keysFrom: sourceOf(keysFrom) }),
    ...((keys.length > 0 || keysFrom === undefined) && { keys: keys.map((key) => ({ ...key })) }),
  };
}

function sourceOf({ cluster = grantsCluster, address, tokenEnv, pollMilliseconds }: KeysFrom): Config {
  return { cluster, authority: address.host, tokenEnv, ...(pollMilliseconds !== undefined && { pollMilliseconds }) };
}

function code(filter: Zone["filter"]): Config {
  if (typeof filter === "string") return { local: { filename: filter } };
  const { url, cluster, sha256 } = filter;
  return { remote: { http_uri: { uri: url, cluster, timeout: "10s" }, sha256 } };
}

/** Both stands of a zone are one VM, so both name all variables that either reads. */
export function variablesOf({ accepts, stamps }: Zone): readonly string[] {
  const rings = [accepts, accepts?.responses, stamps, stamps?.responses].filter((ring) => ring !== undefined);
  const holders = rings.flatMap(({ keys, keysFrom }) => [...keys, ...(keysFrom ? [keysFrom] : [])]);
  const names = holders.flatMap((holder) =>
    Object.entries(holder).flatMap(([name, value]) => (name.endsWith("Env") ? [String(value)] : [])),
  );
  return [...new Set(names)].sort();
}
