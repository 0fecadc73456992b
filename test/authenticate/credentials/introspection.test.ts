/** Opaque tokens by introspection (RFC 7662) at a real server that answers well, badly and not at all. */
import type { RequestListener } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { goodClaims, ISSUER, keys, NOW, request, token } from "../forge.ts";
import { type HttpServer, json, type Living, livingSources, startHttpServer } from "./living.ts";
import { jwtRule, proofFor, type Stage, stageOf, thumbprintOf, type Written } from "./stage.ts";

const AS = "https://as.example";
const OK = `ok ${AS}/bob`;
const good = { active: true, sub: "bob", aud: "svc", exp: NOW + 600 };
const opaque = request({ authorization: "Bearer abc" });

let server: HttpServer;
let living: Living;
beforeEach(async () => {
  server = await startHttpServer(json(good));
  living = livingSources();
});
afterEach(async () => {
  living.sources.stop();
  await server.stop();
});

const introspection = (spec: object = {}): Written => [
  "TokenIntrospection",
  {
    ...{ endpoint: server.url, clientId: "gate:way", clientSecretFile: "secret", issuer: AS, audiences: ["svc"] },
    ...spec,
  },
];
const stage = (spec: object = {}, more: readonly Written[] = []): Stage =>
  stageOf([introspection(spec), ...more], { sources: living.sources });

test("what is asked, and what comes of it", async () => {
  server.answer = json({ ...good, scope: "read write", client_id: "app" });
  const result = await stage().result(opaque);
  expect(result).toMatchObject({
    ok: true,
    value: {
      token: { raw: "abc", issuer: AS, subject: "bob", expiresAt: NOW + 600 },
      payload: { iss: AS, sub: "bob", scope: ["read", "write"], client_id: "app" },
      changes: { remove: ["authorization"] },
    },
  });
  const [asked] = server.asked;
  expect(asked).toMatchObject({ method: "POST", contentType: "application/x-www-form-urlencoded" });
  expect(Object.fromEntries(asked?.form ?? [])).toEqual({ token: "abc", token_type_hint: "access_token" });
  const credentials = Buffer.from(asked?.authorization.slice(6) ?? "", "base64").toString();
  expect(credentials).toBe("gate%3Away:s3cr%E2%82%ACt%26");
});

test.each<[string, unknown, string, number]>([
  ["active", good, OK, 1],
  ["no exp", { ...good, exp: undefined }, OK, 1],
  ["its own issuer", { ...good, iss: AS }, OK, 1],
  ["audiences in a list", { ...good, aud: ["x", "svc"] }, OK, 1],
  ["not active", { active: false }, "token_inactive", 1],
  ["not active, whatever else it says", { ...good, active: false }, "token_inactive", 1],
  ["another issuer", { ...good, iss: "https://b.example" }, "token_issuer", 1],
  ["ended", { ...good, exp: NOW }, "token_expired", 1],
  ["not yet", { ...good, nbf: NOW + 61 }, "token_not_yet_valid", 1],
  ["another audience", { ...good, aud: "x" }, "token_audience", 1],
  ["no audience", { ...good, aud: undefined }, "token_audience", 1],
  ["a refresh token", { ...good, token_type: "refresh_token" }, "token_type", 1],
  ["a refresh token, as others say it", { ...good, typ: "Refresh" }, "token_type", 1],
  ["an ID token", { ...good, token_use: "id_token" }, "token_type", 1],
  ["active as text", { ...good, active: "true" }, "503 introspection_failed", 2],
  ["active as a number", { ...good, active: 1 }, "503 introspection_failed", 2],
  ["active twice", '{"active":false,"active":true}', "503 introspection_failed", 2],
  ["active inherited", '{"__proto__":{"active":true}}', "503 introspection_failed", 2],
  ["active missing", { sub: "bob" }, "503 introspection_failed", 2],
  ["null", "null", "503 introspection_failed", 2],
  ["a list", [good], "503 introspection_failed", 2],
  ["HTML", "<html>", "503 introspection_failed", 2],
  ["empty", "", "503 introspection_failed", 2],
  ["half an answer", '{"active":true,"sub":', "503 introspection_failed", 2],
  ["sub is a number", { ...good, sub: 1 }, "503 introspection_failed", 2],
  ["exp is text", { ...good, exp: "later" }, "503 introspection_failed", 2],
  ["exp is negative", { ...good, exp: -1 }, "503 introspection_failed", 2],
  ["aud is an object", { ...good, aud: {} }, "503 introspection_failed", 2],
  ["huge", `{"active":true,"x":"${"x".repeat(70_000)}"}`, "503 introspection_failed", 2],
  ["deep", `{"active":true,"x":${"[".repeat(40)}${"]".repeat(40)}}`, "503 introspection_failed", 2],
])("%s; an outage is asked again, all else remembered", async (_, body, line, questions) => {
  server.answer = json(body);
  const one = stage();
  expect(await one.line(opaque)).toBe(line);
  expect(await one.line(opaque)).toBe(line);
  expect(server.asked.length).toBe(line === "token_expired" ? 2 : questions);
});

test.each<[string, RequestListener]>([
  ["500", (_, response) => response.writeHead(500).end(JSON.stringify(good))],
  ["401", (_, response) => response.writeHead(401).end(JSON.stringify(good))],
  ["204", (_, response) => response.writeHead(204).end()],
  ["redirect", (_, response) => response.writeHead(307, { location: "/" }).end(JSON.stringify(good))],
  ["compressed", (_, response) => response.setHeader("content-encoding", "gzip").end(JSON.stringify(good))],
  ["not UTF-8", (_, response) => response.end(Buffer.from([0x22, 0xff, 0x22]))],
  ["hangs up", (_, response) => response.destroy()],
  [
    "half a body",
    (_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy());
    },
  ],
])("an outage is ours and over when it is over: %s", async (_, listener) => {
  const one = stage();
  server.answer = listener;
  expect(await one.line(opaque)).toBe("503 introspection_failed");
  expect(living.warnings).toMatchObject([{ message: "introspection failed" }]);
  expect(JSON.stringify(living.warnings)).not.toMatch(/abc|s3cr/);
  server.answer = json(good);
  expect(await one.line(opaque)).toBe(OK);
});

test("slow: the time is bounded, and a request whose own time ends does not wait", async () => {
  server.answer = () => {};
  const one = stage({ timeout: "1s" });
  const line = one.line(opaque);
  await server.received(1);
  await living.clock.advance(1);
  expect(await line).toBe("503 introspection_failed");
  expect(living.warnings[0]?.fields["reason"]).toBe("timed out");
});

test("unreachable, no secret, an address that is not for us", async () => {
  const closed = server.url;
  await server.stop();
  expect(await stage({ endpoint: closed }).line(opaque)).toBe("503 introspection_failed");
  expect(await stage({ clientSecretFile: "/nowhere" }).line(opaque)).toBe("503 introspection_failed");
  expect(await stage({ endpoint: "http://169.254.169.254/" }).line(opaque)).toBe("503 introspection_failed");
  const reasons = living.warnings.map(({ fields }) => fields["reason"]);
  expect(reasons).toEqual(["ECONNREFUSED", "clientSecretFile: ENOENT", "link-local or metadata address"]);
});

test.each<[string, Parameters<typeof request>, string]>([
  ["none", [{}], "none"],
  ["scheme in any case", [{ authorization: "bearer abc" }], OK],
  ["another scheme", [{ authorization: "Basic abc" }], "none"],
  ["empty", [{ authorization: "Bearer " }], "token_malformed"],
  ["a space within", [{ authorization: "Bearer a b" }], "token_malformed"],
  ["control character", [{ authorization: "Bearer a\u0001b" }], "token_malformed"],
  ["two lines are one value", [{ authorization: ["Bearer abc", "Bearer abd"] }], "token_malformed"],
  ["too large", [{ authorization: `Bearer ${"x".repeat(16385)}` }], "token_too_large"],
  ["in a parameter nobody named", [{}, { query: "access_token=abc" }], "none"],
  ["TCP", [{ authorization: "Bearer abc" }, { protocol: "tcp" }], "none"],
])("places: %s", async (_, [headers, more], line) => {
  expect(await stage().line(request(headers, more))).toBe(line);
});

test("other places: parameter and header; two tokens are one too many", async () => {
  const one = stage({ fromHeaders: [{ name: "X-Token" }], fromParams: ["t"] });
  expect(await one.line(request({}, { query: "t=abc" }))).toBe(OK);
  expect(await one.line(request({ "x-token": "abc" }))).toBe(OK);
  expect(await one.line(request({ "x-token": "abc" }, { query: "t=abc" }))).toBe(OK);
  expect(await one.line(request({ "x-token": "abc" }, { query: "t=abd" }))).toBe("token_conflict");
});

describe("beside jwtRules at the same place", () => {
  const jwt = token(goodClaims({ aud: "svc" }));
  const forged = token(goodClaims({ aud: "svc" }), {}, keys.otherRsa);

  test.each([
    ["a JWT is the jwtRule's", jwt, `ok ${ISSUER}/alice`, 0],
    ["a forged one too: nobody else is asked", forged, "token_signature", 0],
    ["all else is opaque", "abc", OK, 1],
    ["dots do not make a JWT", "Kz~8mXK1.4Ljp~zsPE.gxU", OK, 1],
  ])("%s", async (_, raw, line, questions) => {
    expect(await stage({}, [jwtRule]).line(request({ authorization: `Bearer ${raw}` }))).toBe(line);
    expect(server.asked.length).toBe(questions);
  });

  test("where no jwtRule looks, a JWT is introspected as well", async () => {
    const one = stage({ fromHeaders: [{ name: "x-token" }] }, [jwtRule]);
    expect(await one.line(request({ "x-token": jwt }))).toBe(OK);
    expect(await one.line(request({ "x-token": "abc", authorization: `Bearer ${jwt}` }))).toBe(`ok ${ISSUER}/alice`);
    expect(await one.line(request({ "x-token": "abc", authorization: `Bearer ${forged}` }))).toBe("token_signature");
  });
});

test("a jwtRule that reads another scheme of the same header does not share the place", async () => {
  const [kind, { jwtRules }] = jwtRule as [string, { jwtRules: readonly object[] }];
  const rules = jwtRules.map((rule) => ({ ...rule, fromHeaders: [{ name: "Authorization", prefix: "JWT " }] }));
  const raw = token(goodClaims({ aud: "svc" }));
  const one = stage({}, [[kind, { jwtRules: rules }]]);
  expect(await one.line(request({ authorization: `Bearer ${raw}` }))).toBe(OK);
  expect(await one.line(request({ authorization: `JWT ${raw}` }))).toBe(`ok ${ISSUER}/alice`);
});

test("strict wants audiences, Istio's leniency does not", async () => {
  expect(await stage({ audiences: [] }).line(opaque)).toBe("token_audience");
  const lenient = stageOf([introspection({ audiences: [] })], { strict: false, sources: living.sources });
  expect(await lenient.line(opaque)).toBe(OK);
});

test("an opaque token may be DPoP-bound: the server says so (RFC 9449 §6.2)", async () => {
  server.answer = json({ ...good, token_type: "DPoP", cnf: { jkt: thumbprintOf(keys.p256) } });
  const one = stage({}, [["ProofOfPossession", { method: "dpop" }]]);
  expect(await one.line(request({ authorization: "DPoP abc", dpop: proofFor("abc") }))).toBe(OK);
  expect(await one.line(request({ authorization: "DPoP abc", dpop: proofFor("abd") }))).toBe("token_proof_invalid");
  expect(await one.line(opaque)).toBe("token_proof_missing");
  expect(await stage().line(opaque)).toBe("token_proof_missing");
});

test("two servers at one place: the first that knows the token; one that is down leaves it open", async () => {
  const other = await startHttpServer(json({ active: false }));
  const two = stage({}, [introspection({ endpoint: other.url, issuer: "https://b.example" })]);
  const first = stageOf([introspection({ endpoint: other.url, issuer: "https://b.example" }), introspection()], {
    sources: living.sources,
  });
  expect(await two.line(opaque)).toBe(OK);
  expect(await first.line(opaque)).toBe(OK);
  await other.stop();
  expect(await first.line(request({ authorization: "Bearer new" }))).toBe("503 introspection_failed");
});
