/** Every mistake in a plugin configuration is refused with a log line that names its field; secrets are never quoted. */

import { describe, expect, it } from "vitest";
import { PluginRefused } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { EDGE, filterHost, type Json, type JsonFields, SECRET, STAMP, ZONE } from "./stands.ts";

const key = (more: JsonFields = {}): JsonFields => ({ id: "k1", secret: SECRET, ...more });
const withStamp = (more: JsonFields): JsonFields => ({ ...ZONE, stamp: { zones: ["edge"], keys: [key()], ...more } });
const without = (fields: JsonFields, name: string): JsonFields =>
  Object.fromEntries(Object.entries(fields).filter(([member]) => member !== name));

const WRONG: readonly (readonly [field: string, configuration: Json | string])[] = [
  ["configuration: is not JSON", ""],
  ["configuration: is not JSON", "{"],
  ["configuration: is not JSON", '{"stand":"guard","stand":"guard"}'],
  ["configuration: must be an object", []],
  ["configuration: is larger", `{"x":"${"x".repeat(300_000)}"}`],
  ["stand: is missing", without(EDGE, "stand")],
  ["stand: must be guard", { ...EDGE, stand: "grant" }],
  ["stand: must be guard", STAMP],
  ["zone: is missing", without(EDGE, "zone")],
  ["zone: must be 1 to 63", { ...EDGE, zone: "Edge\n" }],
  ["inbound: must be edge or zone", { ...EDGE, inbound: "outer" }],
  ["inbound: must be a string", { ...EDGE, inbound: 1 }],
  ["ownedHeaders: is missing", without(EDGE, "ownedHeaders")],
  ["ownedHeaders: must be a list", { ...EDGE, ownedHeaders: "txn-token" }],
  ["ownedHeaders[1]: must be a lower-case", { ...EDGE, ownedHeaders: ["a", "Txn-Token"] }],
  ["ownedHeaders[0]: must be a lower-case", { ...EDGE, ownedHeaders: ["*-token"] }],
  ["ownedHeaders[0]: must be a lower-case", { ...EDGE, ownedHeaders: ["*"] }],
  ["ownedHeaders[0]: must be a lower-case", { ...EDGE, ownedHeaders: [":path"] }],
  ["ownedHeaders[1]: stands twice", { ...EDGE, ownedHeaders: ["a", "a"] }],
  ["ownedHeaders[0]: must be a non-empty string", { ...EDGE, ownedHeaders: [1] }],
  ["tokens: is not known", { ...EDGE, tokens: {} }],
  ["__proto__: is not known", JSON.stringify(EDGE).replace("{", '{"__proto__":1,')],
  ["path: must be an object", { ...EDGE, path: true }],
  ["path.normalization: must be one of", { ...EDGE, path: { normalization: "base" } }],
  ["path.maxLength: must be a whole number", { ...EDGE, path: { maxLength: 0 } }],
  ["path.maxLength: must be a whole number", { ...EDGE, path: { maxLength: 1.5 } }],
  ["path.maxLength: must be a whole number", { ...EDGE, path: { maxLength: "8192" } }],
  ["path.maxLength: must be a whole number", { ...EDGE, path: { maxLength: 1e300 } }],
  ["path.refuseAmbiguous: must be true or false", { ...EDGE, path: { refuseAmbiguous: "no" } }],
  ["path.refuse: is not known", { ...EDGE, path: { refuse: true } }],
  ["token.required: needs check: true", { ...EDGE, token: { check: false, required: true } }],
  ["token.openPaths[0]: must start with", { ...EDGE, token: { openPaths: ["healthz"] } }],
  ["token.openPaths[1]: must start with", { ...EDGE, token: { openPaths: ["/a", "/*/b"] } }],
  ["token.maxLength: must be a whole number", { ...EDGE, token: { maxLength: 1_000_000 } }],
  ["token.clockSkewSeconds: must be a whole number", { ...EDGE, token: { clockSkewSeconds: -1 } }],
  ["token.requireExpiry: must be true or false", { ...EDGE, token: { requireExpiry: 1 } }],
  ["token.algorithms: must name at least one", { ...EDGE, token: { algorithms: [] } }],
  ["token.algorithms[0]: must be one of", { ...EDGE, token: { algorithms: ["none"] } }],
  ["token.issuers[0]: must be a non-empty", { ...EDGE, token: { issuers: [""] } }],
  ["token.audiences: must be a list", { ...EDGE, token: { audiences: "shop" } }],
  ["request: must be an object", { ...EDGE, request: [] }],
  ["request.methods[1]: must be a method", { ...EDGE, request: { methods: ["GET", "G T"] } }],
  ["request.contentTypes[0]: must be lower-case", { ...EDGE, request: { contentTypes: ["Text/plain"] } }],
  ["request.contentTypes[0]: must be lower-case", { ...EDGE, request: { contentTypes: ["*/*"] } }],
  ["request.contentTypes[0]: must be lower-case", { ...EDGE, request: { contentTypes: ["text/plain;q=1"] } }],
  ["request.maxHeaders: must be a whole", { ...EDGE, request: { maxHeaders: -1 } }],
  ["request.maxHeaderBytes: must be a whole", { ...EDGE, request: { maxHeaderBytes: "1k" } }],
  ["request.maxBodyBytes: must be a whole", { ...EDGE, request: { maxBodyBytes: -1 } }],
  ["request.body: is not known", { ...EDGE, request: { body: 1 } }],
  ["rateLimit.requestsPerSecond: is missing", { ...EDGE, rateLimit: {} }],
  ["rateLimit.requestsPerSecond: must be a whole", { ...EDGE, rateLimit: { requestsPerSecond: 0 } }],
  ["rateLimit.by: must be source or token", { ...EDGE, rateLimit: { requestsPerSecond: 1, by: "user" } }],
  ["rateLimit.burst: must be a whole", { ...EDGE, rateLimit: { requestsPerSecond: 1, burst: 0 } }],
  ["rateLimit.buckets: must be a whole", { ...EDGE, rateLimit: { requestsPerSecond: 1, buckets: 1 } }],
  ["rateLimit.rate: is not known", { ...EDGE, rateLimit: { requestsPerSecond: 1, rate: 1 } }],
  ["token.issuer: is not known", { ...EDGE, token: { issuer: "x" } }],
  ["stamp: must be there", { ...EDGE, inbound: "zone" }],
  ["stamp: must be there", withStamp({ verify: false })],
  ["stamp: cannot be verified at the edge", { ...ZONE, inbound: "edge" }],
  ["stamp.zones: is missing", { ...ZONE, stamp: { keys: [key()] } }],
  ["stamp.zones: must name at least one", withStamp({ zones: [] })],
  ["stamp.zones[0]: must be 1 to 63", withStamp({ zones: ["a b"] })],
  ["stamp.via[0]: must be 1 to 63", withStamp({ via: ["Edge"] })],
  ["stamp.via: must be a list", withStamp({ via: "edge" })],
  ["stamp.replay: must be an object", withStamp({ replay: true })],
  ["stamp.replay.entries: must be a whole number", withStamp({ replay: { entries: 63 } })],
  ["stamp.replay.entries: must be a whole number", withStamp({ replay: { entries: 2_000_000 } })],
  ["stamp.replay.ttl: is not known", withStamp({ replay: { ttl: 1 } })],
  ["stamp.maxAgeSeconds: must be a whole number", withStamp({ maxAgeSeconds: 0 })],
  ["stamp.clockSkewSeconds: must be a whole number", withStamp({ clockSkewSeconds: 301 })],
  ["stamp.token: must be a lower-case header", withStamp({ token: "Txn-Token" })],
  ["stamp.token: must be a lower-case header", withStamp({ token: "x-countersign-zone" })],
  ["stamp.token: must be a lower-case header", withStamp({ token: "signature-input" })],
  ["stamp.keys: is missing", { ...ZONE, stamp: { zones: ["edge"] } }],
  ["stamp.keys: must hold at least one", withStamp({ keys: [] })],
  ["stamp.keys[0]: must be an object", withStamp({ keys: ["k1"] })],
  ["stamp.keys[0].id: is missing", withStamp({ keys: [{ secret: SECRET }] })],
  ["stamp.keys[0].id: must be 1 to 64", withStamp({ keys: [key({ id: 'k"1' })] })],
  ["stamp.keys[1].id: stands twice", withStamp({ keys: [key(), key()] })],
  ["stamp.keys[0].secret: is missing", withStamp({ keys: [{ id: "k1" }] })],
  ["stamp.keys[0].secret: must be base64url", withStamp({ keys: [key({ secret: SECRET.slice(0, 40) })] })],
  ["stamp.keys[0].secret: must be base64url", withStamp({ keys: [key({ secret: `${SECRET}=` })] })],
  ["stamp.keys[0].secret: must be base64url", withStamp({ keys: [key({ secret: "0".repeat(2000) })] })],
  ["stamp.keys[0].notAfter: must not be before", withStamp({ keys: [key({ notBefore: 2, notAfter: 1 })] })],
  ["stamp.keys[0].notBefore: must be a whole number", withStamp({ keys: [key({ notBefore: "now" })] })],
  ["stamp.keys[0].alg: is not known", withStamp({ keys: [key({ alg: "none" })] })],
];

const WRONG_STAMP: readonly (readonly [field: string, configuration: Json])[] = [
  ["stand: must be stamp", EDGE],
  ["zone: is missing", without(STAMP, "zone")],
  ["lifetimeSeconds: must be a whole number", { ...STAMP, lifetimeSeconds: 0 }],
  ["token: must be a lower-case header", { ...STAMP, token: "Authorization" }],
  ["chain: must be true or false", { ...STAMP, chain: "yes" }],
  ["sign: is missing", without(STAMP, "sign")],
  ["sign: must be the id of one of keys", { ...STAMP, sign: "k2" }],
  ["keys: is missing", without(STAMP, "keys")],
  ["keys[0].secret: must be base64url", { ...STAMP, keys: [key({ secret: "short" })] }],
  ["inbound: is not known", { ...STAMP, inbound: "edge" }],
];

async function refusal(rootId: string, configuration: Json | string): Promise<string> {
  const host = await filterHost();
  const text = typeof configuration === "string" ? configuration : JSON.stringify(configuration);
  expect(() => host.startPlugin({ rootId, configuration: text })).toThrow(PluginRefused);
  return host.logs.map((line) => line.text).join("\n");
}

describe("plugin configuration", () => {
  it.each(WRONG)("guard refuses: %s (%#)", async (field, configuration) => {
    const logs = await refusal("countersign.guard", configuration);
    expect(logs).toContain(`configuration refused: ${field}`);
    expect(logs).not.toContain(SECRET.slice(0, 20));
  });

  it.each(WRONG_STAMP)("stamp refuses: %s (%#)", async (field, configuration) => {
    expect(await refusal("countersign.stamp", configuration)).toContain(`configuration refused: ${field}`);
  });

  it("names every problem at once", async () => {
    const logs = await refusal("countersign.guard", { ...EDGE, zone: "", inbound: "", extra: 1 });
    expect(logs.match(/configuration refused/g)).toHaveLength(3);
  });

  it("refuses an unknown root id", async () => {
    await refusal("countersign.grant", EDGE);
  });

  it("takes the full example of docs/filter.md", async () => {
    const host = await filterHost();
    const guard: JsonFields = {
      ...withStamp({ verify: true, maxAgeSeconds: 30, clockSkewSeconds: 5, token: "authorization" }),
      token: {
        check: true,
        required: true,
        openPaths: ["/healthz", "/public/*"],
        maxLength: 16384,
        clockSkewSeconds: 60,
        requireExpiry: true,
        algorithms: ["RS256", "EdDSA", "HS512"],
      },
      path: { normalization: "DECODE_AND_MERGE_SLASHES", maxLength: 8192, refuseAmbiguous: true },
    };
    host.startPlugin({ rootId: "countersign.guard", configuration: JSON.stringify(guard) });
    host.startPlugin({ rootId: "countersign.stamp", configuration: JSON.stringify(STAMP) });
  });
});
