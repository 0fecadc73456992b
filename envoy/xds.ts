/**
 * A zone's Envoy configuration as files that Envoy watches: listeners, clusters, and each stand of the Wasm filter for itself,
 * so that keys and filter settings change without a restart and without a drained connection. In: a zone, the folder in which
 * the files lie for Envoy. Out: file name → content. Files must be replaced by renaming: Envoy reads one when it is moved
 * into its folder, and keeps what it had when the new one is refused. Source: Envoy's "xDS: filesystem" and "extension
 * configuration discovery".
 */
import { createHash } from "node:crypto";
import { bootstrap } from "./bootstrap.ts";
import { type Config, type ConfigValue, typed, type Zone } from "./model.ts";

const STANDS: ReadonlyMap<string, string> = new Map([
  ["countersign.guard", "guard.yaml"],
  ["countersign.stamp", "stamp.yaml"],
]);

export function xdsFiles(zone: Zone, folder: string): ReadonlyMap<string, Config> {
  const { node, admin, static_resources, ...others } = bootstrap(zone);
  const stands = new Map<string, Config>();
  const resources = watched(static_resources, folder, stands);
  return new Map<string, Config>([
    [
      "envoy.yaml",
      {
        ...(node !== undefined && { node }),
        ...(admin !== undefined && { admin }),
        dynamic_resources: { lds_config: source(folder, "lds.yaml"), cds_config: source(folder, "cds.yaml") },
        ...others,
      },
    ],
    ["lds.yaml", answer("envoy.config.listener.v3.Listener", member(resources, "listeners"))],
    ["cds.yaml", answer("envoy.config.cluster.v3.Cluster", member(resources, "clusters"))],
    ...[...stands].map(
      ([file, stand]) => [file, answer("envoy.config.core.v3.TypedExtensionConfig", [stand])] as const,
    ),
  ]);
}

/** The same configuration with a reference where a stand is; the stands themselves are collected. */
function watched(value: ConfigValue | undefined, folder: string, stands: Map<string, Config>): ConfigValue | undefined {
  if (Array.isArray(value)) return value.map((item) => watched(item, folder, stands) ?? item);
  if (!isConfig(value)) return value;
  const { name, typed_config } = value;
  const file = typeof name === "string" ? STANDS.get(name) : undefined;
  if (file !== undefined && typeof name === "string" && isConfig(typed_config)) {
    stands.set(file, { name, typed_config });
    const type = typed_config["@type"];
    return {
      name,
      config_discovery: { config_source: source(folder, file), type_urls: typeof type === "string" ? [type] : [] },
    };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, watched(item, folder, stands) ?? item]));
}

function source(folder: string, file: string): Config {
  const path = `${folder}/${file}`;
  return { resource_api_version: "V3", path_config_source: { path, watched_directory: { path: folder } } };
}

/** A discovery response. Its version is that of its content: it shows in `/config_dump`. */
function answer(type: string, resources: readonly ConfigValue[]): Config {
  const typedResources = resources.filter(isConfig).map((resource) => typed(type, resource));
  const version = createHash("sha256").update(JSON.stringify(typedResources)).digest("hex").slice(0, 12);
  return { version_info: version, resources: typedResources };
}

function member(value: ConfigValue | undefined, name: string): readonly ConfigValue[] {
  const found = isConfig(value) ? value[name] : undefined;
  return Array.isArray(found) ? found : [];
}

function isConfig(value: ConfigValue | undefined): value is Config {
  return typeof value === "object" && !Array.isArray(value);
}
