/**
 * The zones of the sample, which the demo, the tests and the checked-in files share. In: `examples/demo/countersign.zones.yaml`
 * and the demo's own settings and policies. Out: descriptions. Effect: reads that one file, when loaded.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { edgeResources, edgeSettings, zoneResources, zoneSettings } from "../examples/demo/policies.ts";
import { packageRoot } from "../ext-authz/config/package-root.ts";
import { readSettings } from "../ext-authz/config/read-settings.ts";
import type { Facts, ServerFacts } from "../ext-authz/render/facts.ts";
import { plainPlacement } from "../ext-authz/render/placement.ts";
import { type ReadDescription, readDescription } from "../ext-authz/render/read-description.ts";
import { tokenCheck } from "../ext-authz/render/stands.ts";
import { zonesOf } from "../ext-authz/render/zones.ts";
import { ownedHeadersOf } from "../ext-authz/resources/owned-headers.ts";
import { readResources } from "../ext-authz/resources/read.ts";
import type { Problem } from "../ext-authz/resources/resource.ts";
import type { Result } from "../ext-authz/result.ts";
import type { StampKey, TokenCheck, Zone } from "./model.ts";

/** Inside containers, where nothing but the sample's own network reaches them. */
export const listen = { grpc: "0.0.0.0:9191", http: "0.0.0.0:9192" };
export const edgeIssuer = "http://oidc:3000";
export const edgeJwks = "http://countersign-edge:9192/.well-known/jwks.json";

export const sample: ReadDescription = described();

/** What ext-authz accepts by default, so that the guard refuses nothing else. */
export const defaultTokenCheck: TokenCheck = tokenCheck({ required: true, openPaths: ["/healthz"] }, undefined);

/** No filter has this sha256: a proxy that is started with it refuses the filter. */
const NO_FILTER = "0".repeat(64);

export const sampleFacts: Facts = {
  servers: new Map([
    ["countersign-edge", server(edgeSettings(listen), edgeResources(edgeIssuer))],
    ["countersign-zone", server(zoneSettings(listen), zoneResources(edgeJwks))],
  ]),
  keyFiles: new Map(),
  filterSha256: NO_FILTER,
};

/** Client → edge: strips, authenticates, mints, rewrites /api/ to /, stamps. */
export function edgeZone(keys: readonly StampKey[]): Zone {
  return zone("edge", keys);
}

/** Edge → zone: only stamped requests, internal token and path policy, then the service. */
export function innerZone(keys: readonly StampKey[]): Zone {
  return zone("zone", keys);
}

function zone(name: string, keys: readonly StampKey[]): Zone {
  const zones = must(zonesOf(sample, sampleFacts, plainPlacement(sample.description)));
  const found = zones.find((one) => one.name === name);
  const sign = keys[0]?.id;
  if (found === undefined || sign === undefined) throw new Error(`the sample's ${name} needs a description and a key`);
  const { accepts, stamps } = found;
  return { ...found, accepts: accepts && { ...accepts, keys }, stamps: stamps && { ...stamps, sign, keys } };
}

function described(): ReadDescription {
  const file = "examples/demo/countersign.zones.yaml";
  return must(readDescription(file, readFileSync(fileURLToPath(new URL(file, packageRoot)), "utf8")));
}

function server(settings: object, policies: readonly object[]): ServerFacts {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: policies });
  const { resources, problems } = readResources([{ file: "sample", text }]);
  const wrong = problems.filter(({ severity }) => severity === "error");
  if (wrong.length > 0) return must({ ok: false, error: wrong });
  const source = { file: "sample", text: JSON.stringify(settings), folder: "/", cores: 1 };
  return { settings: must(readSettings(source)), ownedHeaders: ownedHeadersOf(resources), files: new Map() };
}

/** @throws where the sample is wrong: a bug of ours, and a guard made from it would protect nothing. */
function must<T>(result: Result<T, readonly Problem[]>): T {
  if (result.ok) return result.value;
  throw new Error(
    result.error.map(({ file, line, path, message }) => `${file}:${line}: ${path} ${message}`).join("\n"),
  );
}
