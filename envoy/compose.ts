/**
 * The sample as containers: edge → zone → orders, an OIDC provider and two Countersign servers. In: versions. Out: the
 * compose file as plain data. Only the edge is published, on loopback. Official image names; our own images are built
 * from `Dockerfile`. `secrets` runs first: it makes the stamp's key and puts it into the proxies' configuration.
 */
import type { Config } from "./model.ts";

export function compose(envoyVersion: string): Config {
  return {
    name: "countersign",
    services: {
      secrets: secrets(),
      edge: envoy("edge", envoyVersion, { ports: ["127.0.0.1:10000:10000"] }, ["countersign-edge"]),
      zone: envoy("zone", envoyVersion, {}, ["countersign-zone", "orders"]),
      "countersign-edge": server("edge", ["oidc"]),
      "countersign-zone": server("zone", ["countersign-edge"]),
      oidc: sample([
        "examples/demo/oidc-process.ts",
        "--host",
        "0.0.0.0",
        "--port",
        "3000",
        "--issuer",
        "http://oidc:3000",
      ]),
      orders: sample(["examples/demo/echo-process.ts", "--host", "0.0.0.0", "--port", "8080"]),
    },
    volumes: { configuration: {} },
  };
}

/** No root, no writable image, no capability: none of the parts needs one. */
const confined: Config = {
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
};

function secrets(): Config {
  return {
    build: { context: "..", dockerfile: "envoy/Dockerfile", target: "sample" },
    command: [
      "node",
      "--import",
      "tsx",
      "envoy/fill-secrets.ts",
      "/configuration",
      "envoy/edge.yaml",
      "envoy/zone.yaml",
    ],
    user: "root",
    network_mode: "none",
    volumes: ["configuration:/configuration"],
  };
}

function envoy(name: string, version: string, more: Config, after: readonly string[]): Config {
  return {
    image: `envoyproxy/envoy:v${version}`,
    // The image's own user, without its start script, which wants to be root first.
    user: "101:101",
    entrypoint: ["/usr/local/bin/envoy"],
    command: ["-c", `/etc/countersign/${name}.yaml`, "--log-level", "warning"],
    ...confined,
    ...more,
    volumes: ["configuration:/etc/countersign:ro"],
    depends_on: {
      secrets: { condition: "service_completed_successfully" },
      ...Object.fromEntries(after.map((service) => [service, { condition: "service_started" }])),
    },
    restart: "on-failure",
  };
}

function server(name: string, after: readonly string[]): Config {
  return {
    build: { context: "..", dockerfile: "envoy/Dockerfile", target: "countersign" },
    command: ["serve", "--config", "/etc/countersign/countersign.yaml"],
    ...confined,
    volumes: [`../examples/demo/config/${name}:/etc/countersign:ro`],
    depends_on: after,
    restart: "on-failure",
  };
}

function sample(args: readonly string[]): Config {
  return {
    build: { context: "..", dockerfile: "envoy/Dockerfile", target: "sample" },
    command: ["node", "--import", "tsx", ...args],
    ...confined,
    tmpfs: ["/tmp"],
    restart: "on-failure",
  };
}
