/**
 * The two zones of the checked-in files: what compose.yaml starts, and what a reader copies from. In: nothing. Out:
 * descriptions. The stamp's secret is a placeholder that no filter accepts; `fill-secrets.ts` puts a real one in.
 */
import { edgeResources, zoneResources } from "../examples/demo/policies.ts";
import { ownedHeadersOf } from "../ext-authz/resources/owned-headers.ts";
import { readResources } from "../ext-authz/resources/read.ts";
import type { StampKey, TokenCheck, Zone } from "./model.ts";

/** Not base64url: a proxy that is started with it refuses its configuration. */
export const placeholder = "@STAMP_SECRET@";

/** What ext-authz accepts by default, so that the guard refuses nothing else. */
export const defaultTokenCheck: TokenCheck = {
  required: true,
  openPaths: ["/healthz"],
  maxLength: 16384,
  clockSkewSeconds: 60,
  requireExpiry: true,
  algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
};

/**
 * Set by us alone, a client's own are removed: what the policies write, and the family of names that services here take
 * identity from, so that one which no policy writes today cannot be forged either.
 * @throws when the policies do not read: a guard for policies that nobody can load would protect nothing.
 */
export function ownedHeaders(policies: readonly object[]): readonly string[] {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: policies });
  const { resources, problems } = readResources([{ file: "sample", text }]);
  const wrong = problems.find(({ severity }) => severity === "error");
  if (wrong) throw new Error(`the sample's policies: ${wrong.path} ${wrong.message}`);
  return [...ownedHeadersOf(resources), "x-client-*"];
}

/** What Envoy and Istio tell each other and a stock Envoy hands on from clients: telemetry and retries would believe it. */
const betweenProxies: readonly string[] = ["x-envoy-attempt-count", "x-envoy-peer-metadata*"];

const anywhere = "https://sample.invalid";

const orders = { namespace: "shop", name: "orders", labels: { app: "orders" } };
const gateway = { namespace: "edge", name: "gateway", labels: { app: "gateway" } };

/** Client → edge: strips, authenticates, mints, rewrites /api/ to /, stamps. */
export function edgeZone(keys: readonly StampKey[]): Zone {
  return {
    ...container("edge"),
    inbound: "edge",
    trustedHops: 0,
    check: { address: { host: "countersign-edge", port: 9191 }, timeoutSeconds: 0.5 },
    ownedHeaders: [...ownedHeaders(edgeResources(anywhere)), ...betweenProxies],
    token: defaultTokenCheck,
    accepts: undefined,
    stamps: { lifetimeSeconds: 30, token: "txn-token", sign: signer(keys), keys },
    routes: [{ prefix: "/api/", rewrite: "/", upstream: "zone", workload: gateway }],
    upstreams: [{ name: "zone", address: { host: "zone", port: 10000 }, stamp: true }],
  };
}

/** Edge → zone: only stamped requests, internal token and path policy, then the service. */
export function innerZone(keys: readonly StampKey[]): Zone {
  return {
    ...container("zone"),
    inbound: "zone",
    trustedHops: 1,
    check: { address: { host: "countersign-zone", port: 9191 }, timeoutSeconds: 0.5 },
    // The internal token passes here: the guard keeps the one that a good stamp covers.
    ownedHeaders: ownedHeaders(zoneResources(anywhere)),
    token: undefined,
    accepts: { zones: ["edge"], maxAgeSeconds: 30, clockSkewSeconds: 5, token: "txn-token", keys },
    stamps: undefined,
    routes: [{ prefix: "/", rewrite: undefined, upstream: "orders", workload: orders }],
    upstreams: [{ name: "orders", address: { host: "orders", port: 8080 }, stamp: false }],
  };
}

function container(name: string) {
  return {
    name,
    listener: { host: "0.0.0.0", port: 10000 },
    admin: { host: "127.0.0.1", port: 9901 },
    accessLog: "/dev/stdout",
    filter: "/etc/countersign/countersign.wasm",
  };
}

function signer(keys: readonly StampKey[]): string {
  const first = keys[0];
  if (first === undefined) throw new Error("a zone that stamps needs a key");
  return first.id;
}
