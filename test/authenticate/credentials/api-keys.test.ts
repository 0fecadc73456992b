/** API keys: consumers as identities that policies can name, and everything that is no key of anybody. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { goodClaims, ISSUER, request, token } from "../forge.ts";
import { jwtRule, stageOf, type Written } from "./stage.ts";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
const consumers = [
  { name: "billing", sha256: sha256("key-of-billing"), claims: { plan: "gold", scope: "read write" } },
  { name: "billing", sha256: sha256("next-key-of-billing") },
  { name: "shop", sha256: sha256("schlüssel") },
];
const apiKeys = (spec: object = {}): Written => ["ApiKeys", { issuer: "https://keys.example", consumers, ...spec }];
const stage = stageOf([apiKeys()]);
const BILLING = "ok https://keys.example/billing";

test.each<[string, Parameters<typeof request>[0], string]>([
  ["no key", {}, "none"],
  ["a key", { "x-api-key": "key-of-billing" }, BILLING],
  ["the consumer's other key", { "x-api-key": "next-key-of-billing" }, BILLING],
  ["spaces around it", { "x-api-key": " key-of-billing " }, BILLING],
  ["not ASCII", { "x-api-key": "schlüssel" }, "ok https://keys.example/shop"],
  ["the same key twice", { "x-api-key": ["key-of-billing", "key-of-billing"] }, BILLING],
  ["unknown", { "x-api-key": "x" }, "api_key_invalid"],
  ["empty", { "x-api-key": "" }, "api_key_invalid"],
  ["its hash", { "x-api-key": sha256("key-of-billing") }, "api_key_invalid"],
  ["another case", { "x-api-key": "KEY-OF-BILLING" }, "api_key_invalid"],
  ["too long", { "x-api-key": "key-of-billing".padEnd(2000, "x") }, "api_key_invalid"],
  ["a good one beside a bad one", { "x-api-key": ["key-of-billing", "x"] }, "api_key_invalid"],
  ["two good ones", { "x-api-key": ["key-of-billing", "next-key-of-billing"] }, "api_key_invalid"],
  ["joined", { "x-api-key": "key-of-billing,key-of-billing" }, "api_key_invalid"],
  ["at another place", { authorization: "Bearer key-of-billing" }, "none"],
])("%s", async (_, headers, line) => expect(await stage.line(request(headers))).toBe(line));

test("what policies see, and that the key does not travel on", async () => {
  const result = await stage.result(request({ "x-api-key": "key-of-billing" }));
  expect(result).toMatchObject({
    ok: true,
    value: {
      token: { issuer: "https://keys.example", subject: "billing", expiresAt: undefined },
      payload: { iss: "https://keys.example", sub: "billing", plan: "gold", scope: ["read", "write"] },
      changes: { remove: ["x-api-key"] },
    },
  });
});

test("the places are the operator's: scheme in any case, parameter in any spelling", async () => {
  const places = { fromHeaders: [{ name: "Authorization", prefix: "ApiKey " }], fromParams: ["key"] };
  const own = stageOf([apiKeys(places)]);
  expect(await own.line(request({ authorization: "apikey key-of-billing" }))).toBe(BILLING);
  expect(await own.line(request({ authorization: "x ApiKey key-of-billing" }))).toBe("none");
  expect(await own.line(request({ "x-api-key": "key-of-billing" }))).toBe("none");
  const result = await own.result(request({}, { query: "k%65y=key-of-billing&a=b" }));
  expect(result).toMatchObject({ ok: true, value: { changes: { removeQueryParameters: ["key", "k%65y"] } } });
  const kept = await stageOf([apiKeys({ ...places, forwardOriginalKey: true })]).result(
    request({}, { query: "key=x" }),
  );
  expect(kept).toMatchObject({ ok: false });
});

test("two resources: a key counts where its own resource looks", async () => {
  const there: Written = [
    "ApiKeys",
    { issuer: "https://b.example", consumers: [{ name: "b", sha256: sha256("b") }], fromHeaders: [{ name: "x-b" }] },
  ];
  const two = stageOf([apiKeys(), there]);
  expect(await two.line(request({ "x-b": "b" }))).toBe("ok https://b.example/b");
  expect(await two.line(request({ "x-api-key": "b" }))).toBe("api_key_invalid");
  expect(await two.line(request({ "x-b": "key-of-billing" }))).toBe("api_key_invalid");
});

test("beside a JWT: both must be good, the JWT is who it is", async () => {
  const both = stageOf([jwtRule, apiKeys()]);
  const authorization = `Bearer ${token(goodClaims({ aud: "svc" }))}`;
  expect(await both.line(request({ authorization, "x-api-key": "key-of-billing" }))).toBe(`ok ${ISSUER}/alice`);
  expect(await both.line(request({ authorization, "x-api-key": "x" }))).toBe("api_key_invalid");
  expect(await both.line(request({ authorization: "Bearer x", "x-api-key": "key-of-billing" }))).toBe(
    "token_malformed",
  );
});

test("in shadow, in another namespace, for another workload: not there", async () => {
  const headers = { "x-api-key": "key-of-billing" };
  expect(await stageOf([apiKeys({ mode: "shadow" })]).line(request(headers))).toBe("none");
  const [kind, spec] = apiKeys();
  expect(await stageOf([[kind, spec, { namespace: "bar" }]]).line(request(headers))).toBe("none");
  expect(await stageOf([apiKeys({ selector: { matchLabels: { app: "x" } } })]).line(request(headers))).toBe("none");
});

test("an API key is bound to nothing: it does not satisfy a required proof of possession", async () => {
  const bound = stageOf([apiKeys(), ["ProofOfPossession", { method: "any", required: true }]]);
  expect(await bound.line(request({ "x-api-key": "key-of-billing" }))).toBe("token_unbound");
});

test("no other text is a key", async () => {
  const good = new Set(["key-of-billing", "next-key-of-billing", "schlüssel"]);
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      fc.pre(!good.has(text.trim()));
      expect(await stage.line(request({ "x-api-key": text }))).toBe("api_key_invalid");
    }),
  );
});
