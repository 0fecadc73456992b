/** `countersign doctor jwks` against real issuers on loopback: what it finds, in words and in JSON, and its exit codes. */
import { generateKeyPairSync } from "node:crypto";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { jwkOf, jwksOf, keys } from "../authenticate/forge.ts";
import { CA_PEM, LEAF } from "../authenticate/jwks-certificates.ts";
import { serveJwks, stopServers } from "../authenticate/jwks-server.ts";
import { run, SHOP, withFiles } from "./run-command.ts";

const file = withFiles({
  "ca.pem": CA_PEM,
  "empty.yaml": "policies: []\n",
  "private-ca.yaml": "jwks: { caFile: ca.pem }\n",
  "shop.yaml": "policies: [policies.yaml]\n",
  "policies.yaml": SHOP.replace(/jwksUri: "[^"]+"/, `jwks: '${jwksOf(jwkOf(keys.rsa, { kid: "k1" }))}'`),
  "broken.yaml": "jwks: { folders: x }\n",
});
let tls: Server | undefined;
afterEach(async () => {
  tls?.closeAllConnections();
  await new Promise((resolve) => (tls === undefined ? resolve(undefined) : tls.close(resolve)));
  tls = undefined;
  await stopServers();
});

const k1 = jwkOf(keys.rsa, { kid: "k1", alg: "RS256", use: "sig" });
const answers =
  (text: string, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_, res) =>
    res.writeHead(200, { "cache-control": "max-age=600", ...headers }).end(text);

async function examine(listener: RequestListener, ...args: readonly string[]) {
  return doctor(await serveJwks(listener), ...args);
}

async function doctor(url: string, ...args: readonly string[]) {
  const config = args.includes("--config") ? [] : ["--config", file("empty.yaml")];
  const ran = await run("doctor", "jwks", url, "--json", ...config, ...args);
  const report = JSON.parse(ran.out);
  const [target] = report.targets;
  const ids = target.findings.map((one: { severity: string; id: string }) => `${one.severity} ${one.id}`);
  return { code: ran.code, target, ids, out: ran.out };
}

test("an issuer in order: its keys, nothing found, 0", async () => {
  const { code, target, ids } = await examine(answers(jwksOf(k1)));
  expect({ code, ids }).toEqual({ code: 0, ids: [] });
  expect(target.keys).toEqual([{ kid: "k1", kty: "RSA", alg: "RS256", bits: 2048, curve: "", usable: true }]);
});

const weak = jwkOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey, { kid: "w", alg: "RS256" });
const three = jwkOf(generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).privateKey, {
  kid: "e",
  alg: "RS256",
});
const published = { ...keys.p256.export({ format: "jwk" }), kid: "p", alg: "ES256" };
const p256 = jwkOf(keys.p256, { kid: "k1", alg: "ES256" });
const leafChain = [LEAF.cert.replace(/-----[^-]+-----|\s/g, "")];

test.each<[string, RequestListener, readonly string[]]>([
  ["500", (_, res) => res.writeHead(500).end(), ["error http_status"]],
  ["redirect", (_, res) => res.writeHead(302, { location: "/" }).end(), ["error http_status"]],
  ["down", (_, res) => res.destroy(), ["error unreachable"]],
  ["HTML", answers("<html>"), ["error not_a_jwks"]],
  ["empty", answers(""), ["error not_a_jwks"]],
  ["compressed", answers("x", { "content-encoding": "gzip" }), ["error answer_unusable"]],
  [
    "half a body",
    (_, res) => res.writeHead(200, { "content-length": "99" }).write("{", () => res.destroy()),
    ["error answer_unusable"],
  ],
  ["no keys", answers('{"keys":[]}'), ["error no_usable_key"]],
  ["one name for two", answers(jwksOf(k1, p256)), ["warning kid_duplicate"]],
  ["no name", answers(jwksOf({ ...k1, kid: undefined })), ["warning kid_missing"]],
  ["no alg", answers(jwksOf({ ...k1, alg: undefined })), ["info alg_missing"]],
  ["short RSA", answers(jwksOf(k1, weak)), ["warning key_unusable", "warning key_weak"]],
  ["e = 3", answers(jwksOf(three)), ["warning key_weak"]],
  ["a private key", answers(jwksOf(published)), ["error key_private"]],
  [
    "a secret",
    answers(jwksOf(k1, { kty: "oct", k: "A".repeat(43), kid: "s", alg: "HS256" })),
    ["error key_private", "warning key_unusable"],
  ],
  ["an encryption key", answers(jwksOf(k1, { ...p256, kid: "x", use: "enc" })), ["warning key_unusable"]],
  ["x5c of another key", answers(jwksOf({ ...p256, x5c: leafChain })), ["warning certificate_of_another_key"]],
  ["no cache header", (_, res) => res.end(jwksOf(k1)), ["info cache_unsaid"]],
  ["a short life", answers(jwksOf(k1), { "cache-control": "no-cache" }), ["info cache_below_floor"]],
  ["a clock ahead", answers(jwksOf(k1), { date: new Date(Date.now() + 30_000).toUTCString() }), ["warning clock_skew"]],
  [
    "a clock behind",
    answers(jwksOf(k1), { date: "Sat, 01 Jan 2000 00:00:00 GMT" }),
    ["error clock_skew_beyond_leeway"],
  ],
])("%s", async (_, listener, expected) => {
  const { code, ids } = await examine(listener);
  expect(ids).toEqual(expected);
  expect(code).toBe(expected.some((id) => !id.startsWith("info")) ? 1 : 0);
});

test("an issuer by discovery, and one that speaks for another", async () => {
  let issuer = "";
  const url = await serveJwks((req, res) => {
    if (req.url === "/jwks") return answers(jwksOf(k1))(req, res);
    if (req.url !== "/.well-known/openid-configuration") return res.writeHead(404).end();
    return answers(JSON.stringify({ issuer, jwks_uri: `${new URL(url).origin}/jwks` }))(req, res);
  });
  const { origin } = new URL(url);
  issuer = origin;
  expect(await doctor(origin)).toMatchObject({ code: 0, ids: [], target: { keys: [{ kid: "k1" }] } });
  issuer = "https://evil.example";
  expect(await doctor(origin)).toMatchObject({ code: 1, ids: ["error discovery_refused"] });
});

describe("TLS", () => {
  async function secure(): Promise<string> {
    const server = createServer({ ...LEAF }, answers(jwksOf(k1)));
    tls = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  }

  test("a CA that is not trusted: the chain is shown", async () => {
    const { code, ids, out } = await doctor(await secure());
    expect({ code, ids }).toEqual({ code: 1, ids: ["error tls_untrusted"] });
    expect(out).toContain("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    expect(out).toContain("Countersign test CA");
  });

  test("a private CA that is named", async () => {
    const result = await doctor(await secure(), "--config", file("private-ca.yaml"));
    expect(result).toMatchObject({ code: 0, ids: ["info tls_private_ca"] });
  });
});

test("the address guard of serve holds here too, and no secret of a URL is printed", async () => {
  const { code, ids, out } = await doctor("http://169.254.169.254/latest?token=hunter2");
  expect({ code, ids }).toEqual({ code: 1, ids: ["error address_refused"] });
  expect(out).not.toContain("hunter2");
});

test("all rules of the policies, in words", async () => {
  const { code, out } = await run("doctor", "jwks", "--config", file("shop.yaml"));
  expect(code).toBe(0);
  expect(out.split("\n")).toEqual([
    "jwks of https://idp.example: 1 usable of 1 keys",
    "  key k1  RSA  2048 bits",
    '  info alg_missing: key "k1"',
    "    fix: name each key's alg: then no other algorithm of its type is tried with it",
  ]);
  expect((await run("doctor", "jwks", "--config", file("shop.yaml"), "https://idp.example")).out).toBe(out);
});

test("what others wrote cannot write on the terminal", async () => {
  const url = await serveJwks(answers(jwksOf({ ...k1, kid: "\u001b[2J\u009b\u202e" })));
  const { out } = await run("doctor", "jwks", "--config", file("empty.yaml"), url);
  expect(out).toMatch(/^[\x20-\x7e\n]+$/);
});

test.each([
  [["doctor"], 2],
  [["doctor", "moon"], 2],
  [["doctor", "jwks"], 2],
  [["doctor", "jwks", "not-a-url"], 2],
  [["doctor", "jwks", "--wrong"], 2],
  [["doctor", "--help"], 0],
])("%j ends with %i", async (args, code) => {
  const config = args.length > 1 ? ["--config", file("empty.yaml")] : [];
  expect((await run(...args, ...config)).code).toBe(code);
});

test("settings that are wrong end with 2 and say where", async () => {
  const { code, err } = await run("doctor", "jwks", "--config", file("broken.yaml"));
  expect(code).toBe(2);
  expect(err).toContain("jwks.folders: unknown key");
});
