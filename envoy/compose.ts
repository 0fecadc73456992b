/**
 * Zones as containers. In: zones, servers, services, versions. Out: the compose file as plain data. Only edges are published,
 * on loopback. Proxies are the official image and take their configuration from beside this file, the filter from the
 * server's image by way of a volume, and the keys from the environment, without which nothing starts.
 */
import type { Config, Zone } from "./model.ts";
import { variablesOf } from "./wasm.ts";

export interface ComposeServer {
  readonly name: string;
  /** Folder of its settings, as seen from the compose file. */
  readonly folder: string;
  /** The settings' file in it. */
  readonly file: string;
  /** `image` or `build`, and what else its service needs. */
  readonly service: Config;
}

export interface ComposeParts {
  readonly name: string;
  readonly envoyVersion: string;
  readonly zones: readonly { readonly zone: Zone; readonly server: string }[];
  readonly servers: readonly ComposeServer[];
  /** Other services by name, as they are but for what every container here gets. */
  readonly services: Readonly<Record<string, Config>>;
}

const COPY = "fs.copyFileSync('/countersign/wasm-filter/build/countersign.wasm', '/filter/countersign.wasm')";

export function compose(parts: ComposeParts): Config {
  const { name, zones, servers, services } = parts;
  return {
    name,
    services: {
      ...copyFilter(parts),
      ...Object.fromEntries(zones.map(({ zone, server }) => [zone.name, proxy(zone, server, parts)])),
      ...Object.fromEntries(servers.map((server) => [server.name, countersign(server)])),
      ...Object.fromEntries(
        Object.entries(services).map(([service, config]) => [service, { ...confined, ...scratch, ...config }]),
      ),
    },
    volumes: { filter: {} },
  };
}

/** No root, no writable image, no capability: none of the parts needs one. */
const confined: Config = {
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  restart: "on-failure",
};

const scratch: Config = { tmpfs: ["/tmp:mode=1777"] };

/** Runs once: the filter that the proxies load is the one that belongs to the server. */
function copyFilter({ servers, zones }: ComposeParts): Config {
  const source = servers[0];
  const file = zones.map(({ zone }) => zone.filter).find((filter) => typeof filter === "string");
  if (source === undefined || file === undefined) return {};
  const { image, build } = source.service;
  return {
    filter: {
      ...(image !== undefined && { image }),
      ...(build !== undefined && { build }),
      // Node is what every image of ours has; a shell or cp may be missing.
      entrypoint: ["node", "--eval", COPY],
      command: [],
      // A new volume is root's.
      user: "root",
      network_mode: "none",
      ...confined,
      volumes: ["filter:/filter"],
    },
  };
}

function proxy(zone: Zone, server: string, parts: ComposeParts): Config {
  const { port } = zone.listener;
  const known = new Set([...parts.zones.map((one) => one.zone.name), ...Object.keys(parts.services)]);
  const after = [server, ...zone.upstreams.map((upstream) => upstream.name).filter((name) => known.has(name))];
  const variables = variablesOf(zone);
  return {
    image: `envoyproxy/envoy:v${parts.envoyVersion}`,
    // The image's own user, without its start script, which wants to be root first.
    user: "101:101",
    entrypoint: ["/usr/local/bin/envoy"],
    command: ["-c", "/etc/envoy/envoy.yaml", "--log-level", "warning"],
    ...(variables.length > 0 && { environment: Object.fromEntries(variables.map((name) => [name, demanded(name)])) }),
    ...confined,
    ...(zone.inbound === "edge" && { ports: [`127.0.0.1:${port}:${port}`] }),
    volumes: [`./${zone.name}.yaml:/etc/envoy/envoy.yaml:ro`, ...filterMount(zone)],
    depends_on: {
      ...(typeof zone.filter === "string" && { filter: { condition: "service_completed_successfully" } }),
      ...Object.fromEntries(after.map((service) => [service, { condition: "service_started" }])),
    },
  };
}

/** Compose itself refuses to start without it. */
function demanded(name: string): string {
  return `\${${name}:?set it here or in .env: openssl rand -base64 32 | tr '+/' '-_' | tr -d =}`;
}

function filterMount({ filter }: Zone): readonly string[] {
  if (typeof filter !== "string") return [];
  return [`filter:${filter.slice(0, filter.lastIndexOf("/"))}:ro`];
}

function countersign({ folder, file, service }: ComposeServer): Config {
  return {
    ...service,
    command: ["serve", "--config", `/etc/countersign/${file}`],
    ...confined,
    volumes: [`${folder}:/etc/countersign:ro`],
  };
}
