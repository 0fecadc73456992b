/** A small sound description for tests, ways to break it, and what it names. */
import { readSettings } from "../../ext-authz/config/read-settings.ts";
import type { Description } from "../../ext-authz/render/description.ts";
import type { Facts } from "../../ext-authz/render/facts.ts";
import { type Placement, plainPlacement } from "../../ext-authz/render/placement.ts";
import { readDescription } from "../../ext-authz/render/read-description.ts";
import { zonesOf } from "../../ext-authz/render/zones.ts";

export const SOUND = `keys:
  - { id: k1, secretEnv: STAMP_SECRET }
zones:
  edge:
    inbound: edge
    listen: 0.0.0.0:10000
    server: check
    token: { required: true }
    workload: { namespace: edge, name: gateway }
    routes:
      - { prefix: /shop/, rewrite: /, to: inner }
    istio: { context: GATEWAY, namespace: edge, labels: { app: gateway } }
    envoyGateway: { namespace: edge, gateway: public }
    kuma: { labels: { app: gateway } }
  inner:
    inbound: zone
    listen: 0.0.0.0:10001
    server: check
    routes:
      - { prefix: /, to: orders }
    istio: { context: SIDECAR_INBOUND, namespace: shop, labels: { app: orders }, address: "orders.shop.svc:8080" }
    kuma: { labels: { app: orders }, address: "orders.shop.svc:8080" }
servers:
  check: { settings: ./countersign.yaml, kubernetes: { namespace: auth, image: "countersign:1" } }
services:
  orders:
    address: orders:8080
    workload: { namespace: shop, name: orders }
    kubernetes: { address: "orders.shop.svc:8080" }
filter: { sha256: ${"a".repeat(64)} }
`;

export function facts(settings: object = {}, keyFiles: Readonly<Record<string, string>> = {}): Facts {
  const told = { listen: { grpc: "0.0.0.0:9191" }, pathNormalization: "MERGE_SLASHES", ...settings };
  const read = readSettings({ file: "countersign.yaml", text: JSON.stringify(told), folder: "/", cores: 1 });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  const server = {
    settings: read.value,
    ownedHeaders: ["x-user"],
    files: new Map([["countersign.yaml", "strict: true\n"]]),
  };
  return {
    servers: new Map([["check", server]]),
    keyFiles: new Map(Object.entries(keyFiles)),
    filterSha256: "a".repeat(64),
  };
}

/** `line path: message` of every problem; nothing when it is sound. */
export function problemsOf(
  text: string,
  given: Facts = facts(),
  placement: (description: Description) => Placement = plainPlacement,
): readonly string[] {
  const read = readDescription("zones.yaml", text);
  const made = read.ok ? zonesOf(read.value, given, placement(read.value.description)) : read;
  return made.ok ? [] : made.error.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

/** @throws when the text to replace is not there. */
export function changed(from: string, to: string): string {
  if (!SOUND.includes(from)) throw new Error(`not in the description: ${from}`);
  return SOUND.replace(from, to);
}
