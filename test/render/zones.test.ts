import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { meshPlacement, plainPlacement } from "../../ext-authz/render/placement.ts";
import { readDescription } from "../../ext-authz/render/read-description.ts";
import { zonesSchema } from "../../ext-authz/render/schema.ts";
import { zonesOf } from "../../ext-authz/render/zones.ts";
import { changed, facts, problemsOf, SOUND } from "./description.ts";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicPem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
const privatePem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const secret = "A".repeat(43);

function zones(text: string, given = facts()) {
  const read = readDescription("zones.yaml", text);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  const made = zonesOf(read.value, given, plainPlacement(read.value.description));
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const [edge, inner] = made.value;
  if (edge === undefined || inner === undefined) throw new Error("two zones");
  return { edge, inner };
}

describe("what follows is not asked for", () => {
  it("who stamps and who accepts, from the routes", () => {
    const { edge, inner } = zones(SOUND);
    const keys = [{ id: "k1", secretEnv: "STAMP_SECRET" }];
    expect(edge.stamps).toEqual({ lifetimeSeconds: 30, token: "txn-token", sign: "k1", keys });
    expect(edge.accepts).toBeUndefined();
    expect(inner.stamps).toBeUndefined();
    expect(inner.accepts).toMatchObject({ zones: ["edge"], maxAgeSeconds: 30, keys });
    expect(edge.upstreams).toEqual([{ name: "inner", address: { host: "inner", port: 10001 }, stamp: true }]);
    expect(inner.upstreams).toEqual([{ name: "orders", address: { host: "orders", port: 8080 }, stamp: false }]);
  });

  it("owned headers from the policies, and what proxies tell each other, at the edge", () => {
    const { edge, inner } = zones(changed("token: {", "ownedHeaders: [x-user, x-mine]\n    token: {"));
    expect(edge.ownedHeaders).toEqual(["x-user", "x-mine", "x-envoy-attempt-count", "x-envoy-peer-metadata*"]);
    expect(inner.ownedHeaders).toEqual(["x-user"]);
  });

  it("leeways and trusted hops from the server's settings: the guard is never stricter", () => {
    const { edge } = zones(SOUND, facts({ strict: false, clockSkewSeconds: 7, limits: { tokenLength: 9000 } }));
    expect(edge.token).toMatchObject({ requireExpiry: false, clockSkewSeconds: 7, maxLength: 9000, required: true });
    expect(zones(SOUND, facts({ clientAddress: { xffNumTrustedHops: 2 } })).edge.trustedHops).toBe(2);
  });

  it("the workload: the route's own, the service's, the zone's", () => {
    const { edge, inner } = zones(SOUND);
    expect(edge.routes[0]?.workload).toEqual({ namespace: "edge", name: "gateway", labels: {} });
    expect(inner.routes[0]?.workload).toEqual({ namespace: "shop", name: "orders", labels: {} });
    const own = changed("to: inner", "to: inner, workload: { namespace: a, name: b }");
    expect(zones(own).edge.routes[0]?.workload.name).toBe("b");
  });
});

it("grants ask the server's other port", () => {
  const { edge, inner } = zones(changed("    token: {", "    grants: { maxBytes: 65536 }\n    token: {"));
  expect(edge.grants).toEqual({ address: { host: "check", port: 9192 }, maxBytes: 65_536 });
  expect(inner.grants).toBeUndefined();
});

describe("keys", () => {
  const withKeys = (keys: string) => changed("  - { id: k1, secretEnv: STAMP_SECRET }", keys);
  const files = { "k.pub": publicPem, "k.pem": privatePem, "k.secret": `${secret}\n` };

  it("of a pair, guards get the public half and stamps the private one", () => {
    const text = withKeys("  - { id: p, algorithm: ecdsa-p256-sha256, publicKeyFile: k.pub, privateKeyEnv: PRIVATE }");
    const { edge, inner } = zones(text, facts({}, files));
    const publicKey = publicPem.replace(/-----[^-]+-----|\s/g, "");
    expect(edge.stamps?.keys).toEqual([{ id: "p", algorithm: "ecdsa-p256-sha256", privateKeyEnv: "PRIVATE" }]);
    expect(inner.accepts?.keys).toEqual([{ id: "p", algorithm: "ecdsa-p256-sha256", publicKey }]);
  });

  it("from a file, with its times", () => {
    const { edge } = zones(withKeys("  - { id: f, secretFile: k.secret, notAfter: 2000000000 }"), facts({}, files));
    expect(edge.stamps?.keys).toEqual([{ id: "f", secret, notAfter: 2_000_000_000 }]);
  });

  it.each<[string, string, string]>([
    ["no source", "  - { id: k1 }", "2 keys[0].id: needs one of secretEnv and secretFile"],
    ["two sources", "  - { id: k1, secretEnv: A, secretFile: k.secret }", "2 keys[0].id: needs one of"],
    ["typed", "  - { id: k1, secret: hunter2 }", "2 keys[0].secret: unknown key"],
    ["short", "  - { id: k1, secretFile: short }", "2 keys[0].secretFile: does not hold a secret"],
    ["twice", "  - { id: k1, secretEnv: A }\n  - { id: k1, secretEnv: B }", "3 keys[1].id: stands twice"],
    ["mixed", "  - { id: k1, secretEnv: A, publicKeyFile: k.pub }", "2 keys[0].publicKeyFile: belongs to a key pair"],
    [
      "the wrong half",
      "  - { id: p, algorithm: ecdsa-p256-sha256, publicKeyFile: k.pem }",
      "2 keys[0].publicKeyFile: does not hold one PEM block of a PUBLIC KEY",
    ],
    [
      "only the public half",
      "  - { id: p, algorithm: ecdsa-p256-sha256, publicKeyFile: k.pub }",
      "10 zones.edge.routes: a route leads to a zone, but no key signs stamps",
    ],
    ["no key", "  []", "no key signs stamps"],
  ])("refused: %s", (_, keys, problem) => {
    const found = problemsOf(withKeys(keys), facts({}, { ...files, short: "AAAA" })).join("\n");
    expect(found).toContain(problem);
    expect(found).not.toContain("hunter2");
  });

  it("a file's secret is not put into an object that travels", () => {
    const text = withKeys("  - { id: f, secretFile: k.secret }");
    const found = problemsOf(text, facts({}, files), (description) => meshPlacement(description, "istio"));
    expect(found).toContain("2 keys[0]: its secret would stand in an object that travels");
    expect(problemsOf(text, facts({}, files))).toEqual([]);
  });
});

describe("refused, with line and path", () => {
  it("nothing, when it is sound", () => expect(problemsOf(SOUND)).toEqual([]));

  it.each<[string, string, string]>([
    ["    server: check\n    token", "    server: chek\n    token", "7 zones.edge.server: no such server"],
    ["to: orders", "to: order", "20 zones.inner.routes[0].to: no such zone or service"],
    ["to: orders", "to: constructor", "no such zone or service"],
    ["to: orders", "to: edge", "20 zones.inner.routes[0].to: edge takes clients"],
    ["to: inner", "to: orders", "16 zones.inner.inbound: no zone leads here"],
    ["inbound: edge", "inbound: side", "5 zones.edge.inbound: not one of the allowed values"],
    ["token: {", "tokens: {", "8 zones.edge.tokens: unknown key"],
    ["  edge:", "  __proto__:", "zones.__proto__: is no name"],
    ["  edge:", "  Edge:", "zones.Edge: is no name"],
    ["    inbound: edge\n", "", "zones.edge.inbound: is missing"],
    ["0.0.0.0:10000", "everywhere", "6 zones.edge.listen: is not written as it must be"],
    ["0.0.0.0:10000", "0.0.0.0:99999", "6 zones.edge.listen: has no port"],
    ["    token: {", "    admin: 0.0.0.0:9901\n    token: {", "8 zones.edge.admin: must be on loopback"],
    ["    token: {", "    sign: k2\n    token: {", "8 zones.edge.sign: no such key that signs"],
    ["    workload: { namespace: edge, name: gateway }\n", "", "10 zones.edge.routes[0].workload: is missing"],
    ["prefix: /shop/", "prefix: shop", "zones.edge.routes[0].prefix: is not written as it must be"],
    [
      "      - { prefix: /, to: orders }",
      "      - { prefix: /, to: orders }\n      - { prefix: /a, to: orders }",
      "21 zones.inner.routes[1].prefix: is never reached: routes[0] takes it",
    ],
    ["  orders:", "  edge:", "services.edge: is the name of a zone too"],
    ["keys:", "key:", "1 key: unknown key"],
  ])("%j → %j", (from, to, problem) => {
    expect(problemsOf(changed(from, to)).join("\n")).toContain(problem);
  });

  it("all at once", () => {
    const text = changed("inbound: edge", "inbound: side").replace("to: orders", "too: orders");
    expect(problemsOf(text).length).toBeGreaterThanOrEqual(3);
  });

  it.each<[object, string]>([
    [{ pathNormalization: "BASE" }, "say pathNormalization: BASE, but this listener merges slashes"],
    [{ listen: { grpc: "127.0.0.1:9191" } }, "where proxies that call check do not reach it"],
    [{ listen: { grpc: "unix:///tmp/s" } }, "listens on a socket of one machine"],
    [{ listen: { grpc: "0.0.0.0:1", tls: { certFile: "/c", keyFile: "/k" } } }, "listens with TLS of its own"],
  ])("settings that do not fit: %j", (settings, message) => {
    expect(problemsOf(SOUND, facts(settings)).join("\n")).toContain(message);
  });
});

it("any text is read or refused, with a place", () => {
  for (const text of [
    "",
    "[]",
    "zones: 1",
    "a: b\n---\nc: d",
    "zones: {a: *x}",
    "\0",
    "zones: {",
    `${"[".repeat(5000)}`,
  ]) {
    const found = problemsOf(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((problem) => /^[1-9]/.test(problem))).toBe(true);
  }
});

it("the description in docs/attach.md is a sound one", async () => {
  const page = await readFile(new URL("docs/attach.md", packageRoot), "utf8");
  const text = /```yaml\n(filter:[\s\S]*?)```/.exec(page)?.[1] ?? "";
  const read = readDescription("attach.md", text);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  const told = facts().servers.get("check");
  const servers = new Map(
    told === undefined ? [] : Object.keys(read.value.description.servers).map((name) => [name, told]),
  );
  const made = zonesOf(read.value, { ...facts(), servers }, plainPlacement(read.value.description));
  expect(made).toMatchObject({ ok: true, value: [{ name: "edge" }, { name: "inner" }] });
});

it("docs/attach.md names every field", async () => {
  const page = await readFile(new URL("docs/attach.md", packageRoot), "utf8");
  const { zones, servers, services, ...top } = zonesSchema.properties;
  const fields = [
    ...Object.keys(top),
    ...[zones, servers, services].flatMap((one) => Object.keys(one.additionalProperties.properties)),
    ...Object.keys(top.keys.items.properties),
    ...Object.keys(top.stamp.properties),
  ];
  expect(fields.filter((field) => !page.includes(field))).toEqual([]);
});
