/** The life of remote keys: outages, rotation, and clients that try to make us ask. Clock and issuer are in the test's hand. */
import { beforeEach, expect, test } from "vitest";
import { authenticate } from "../../ext-authz/authenticate/authenticate.ts";
import { createKeySources, type LivingKeySources } from "../../ext-authz/authenticate/key-sources.ts";
import type { JwksSettings } from "../../ext-authz/config/settings.ts";
import type { JwtRule } from "../../ext-authz/resources/resource.ts";
import { bearer, goodClaims, jwkOf, jwksOf, keys, NOW, outcome, planOf, request, rule, token } from "./forge.ts";
import {
  document,
  type HandClock,
  handClock,
  type ScriptedIssuer,
  scriptedIssuer,
  settle,
  silentLog,
} from "./hand-clock.ts";

const URI = "https://issuer.example/keys";
const OTHER = "https://other.example/keys";
const settings: JwksSettings = {
  refreshSeconds: 1200,
  minRefreshSeconds: 300,
  replaceSeconds: 300,
  staleSeconds: 3600,
  cooldownSeconds: 30,
  maxBytes: 65536,
  caFile: "",
  folder: "",
  allowPrivateAddresses: false,
};
const remote = rule({ jwks: undefined, jwksUri: URI, timeoutMs: 5000 });
const oldKeys = jwksOf(jwkOf(keys.rsa, { kid: "k1" }));
const newKeys = jwksOf(jwkOf(keys.otherRsa, { kid: "k2" }));
const oldToken = token(goodClaims({ exp: NOW + 1e6 }));
const newToken = token(goodClaims({ exp: NOW + 1e6 }), { kid: "k2" }, keys.otherRsa);
const FETCH_FAILED = "Jwks remote fetch is failed";
const NO_KEY = "Jwks doesn't have key to match kid or alg from Jwt";

let clock: HandClock;
let issuer: ScriptedIssuer;
let sources: LivingKeySources;

beforeEach(() => {
  clock = handClock(NOW);
  issuer = scriptedIssuer();
  const dependencies = {
    fetch: issuer.fetch,
    now: clock.now,
    setTimer: clock.setTimer,
    random: () => 0,
    log: silentLog,
  };
  sources = createKeySources(dependencies, settings, { strict: true, jsonDepth: 32 });
});

const plan = (...rules: readonly JwtRule[]) => planOf(rules, false, sources.sourceFor);
const asked = (): number => issuer.asked.length;

async function started(text = oldKeys) {
  issuer.say(URI, document(text, '"1"'));
  const compiled = plan(remote);
  await sources.ready();
  return compiled;
}

test("keys are there before the first token, and then answers are synchronous", async () => {
  const compiled = await started();
  expect(sources.complete()).toBe(true);
  expect(authenticate(compiled, bearer(oldToken), NOW, new AbortController().signal)).toMatchObject({ ok: true });
  expect(asked()).toBe(1);
});

test("two plans and two rules of one URI share one source", async () => {
  await started();
  plan(remote, rule({ ...remote, issuer: "https://second.example" }));
  expect(asked()).toBe(1);
});

test("refreshed ahead of time, with the ETag; unchanged keys live on", async () => {
  const compiled = await started();
  issuer.say(URI, { ok: true, value: { kind: "unchanged" } });
  await clock.advance(1200);
  expect(issuer.asked.map(({ etag }) => etag)).toEqual(["", '"1"']);
  await clock.advance(100_000);
  expect(await outcome(compiled, bearer(oldToken))).toBe("ok alice");
});

test("refreshes are spread by up to a fifth", async () => {
  const spread = { fetch: issuer.fetch, now: clock.now, setTimer: clock.setTimer, random: () => 1, log: silentLog };
  const early = createKeySources(spread, settings, { strict: true, jsonDepth: 32 });
  issuer.say(URI, document(oldKeys));
  early.sourceFor(remote);
  await early.ready();
  await clock.advance(959);
  expect(asked()).toBe(1);
  await clock.advance(2);
  expect(asked()).toBe(2);
});

test.each([
  ["down", { ok: false, error: "ECONNREFUSED" } as const],
  ["slow", "never" as const],
  ["HTML", document("<html></html>")],
  ["no keys", document('{"keys":[]}')],
  ["only keys of no use", document(jsonKeys())],
  ["a bug of ours", "throws" as const],
])("an outage (%s): the last good keys serve until they are too old, then nobody does", async (_, broken) => {
  const compiled = await started();
  issuer.say(URI, broken);
  await clock.advance(1200 + 3600);
  expect(await outcome(compiled, bearer(oldToken))).toBe("ok alice");
  expect(sources.state()).toMatchObject([{ uri: URI, keys: 1, ageSeconds: 4800 }]);
  expect(sources.state()[0]?.failures).toBeGreaterThan(10);
  await clock.advance(1);
  expect(sources.complete()).toBe(false);
  const pending = outcome(compiled, bearer(oldToken));
  await clock.advance(6);
  expect(await pending).toBe(FETCH_FAILED);
  issuer.say(URI, document(oldKeys));
  await clock.advance(61);
  expect(await outcome(compiled, bearer(oldToken))).toBe("ok alice");
});

function jsonKeys(): string {
  return jsonOf({ kty: "oct", k: Buffer.alloc(32).toString("base64url") }, { kty: "RSA" });
}

function jsonOf(...jwks: readonly object[]): string {
  return jwksOf(...jwks);
}

test("an issuer that is down at the start: tokens are refused at once or after the fetch, others never wait", async () => {
  issuer.say(URI, "never");
  const compiled = plan(remote);
  expect(await outcome(compiled, request())).toBe("none");
  const waiting = outcome(compiled, bearer(oldToken));
  expect(asked()).toBe(1);
  await clock.advance(5);
  expect(await waiting).toBe(FETCH_FAILED);
  await sources.ready();
  expect(sources.state()).toMatchObject([{ keys: 0, lastError: "timed out" }]);
});

test("who waits shares one fetch, and gets its answer", async () => {
  issuer.say(URI, "never");
  const compiled = plan(remote);
  await clock.advance(5);
  issuer.say(URI, document(oldKeys));
  const before = asked();
  await clock.advance(30);
  const all = await Promise.all(Array.from({ length: 50 }, () => outcome(compiled, bearer(oldToken))));
  expect(new Set(all)).toEqual(new Set(["ok alice"]));
  expect(asked() - before).toBe(1);
});

test("the caller's deadline ends the wait, not the fetch", async () => {
  issuer.say(URI, "never");
  const compiled = plan(remote);
  const aborter = new AbortController();
  const waiting = authenticate(compiled, bearer(oldToken), NOW, aborter.signal);
  aborter.abort();
  expect(await waiting).toMatchObject({ ok: false, error: { code: "token_keys_unavailable" } });
  expect(issuer.asked[0]?.signal.aborted).toBe(false);
});

test("an unknown kid fetches once per cooldown, and a rotated key is found", async () => {
  const compiled = await started();
  issuer.say(URI, document(newKeys));
  expect(await outcome(compiled, bearer(newToken))).toBe(NO_KEY);
  expect(asked()).toBe(1);
  await clock.advance(30);
  expect(await outcome(compiled, bearer(newToken))).toBe("ok alice");
  expect(asked()).toBe(2);
  // No key in common: the old one serves until the new answer has stood for a while.
  expect(await outcome(compiled, bearer(oldToken))).toBe("ok alice");
  expect(sources.state()).toMatchObject([{ keys: 2, replacing: true }]);
  await clock.advance(300);
  expect(await outcome(compiled, bearer(oldToken))).toBe(NO_KEY);
  expect(await outcome(compiled, bearer(newToken))).toBe("ok alice");
  expect(sources.state()).toMatchObject([{ keys: 1, replacing: false }]);
});

test("a key that is gone from an answer that shares another is gone at once", async () => {
  const compiled = await started(jwksOf(jwkOf(keys.rsa, { kid: "k1" }), jwkOf(keys.otherRsa, { kid: "k2" })));
  issuer.say(URI, document(newKeys));
  await clock.advance(1200);
  expect(await outcome(compiled, bearer(oldToken))).toBe(NO_KEY);
  expect(await outcome(compiled, bearer(newToken))).toBe("ok alice");
});

test("invented kids cannot make us ask more often", async () => {
  const compiled = await started();
  for (let second = 0; second < 300; second++) {
    await clock.advance(1);
    expect(await outcome(compiled, bearer(token(goodClaims(), { kid: `invented-${second}` })))).toBe(NO_KEY);
  }
  expect(asked()).toBe(1 + 10);
});

test("one kid that stays unknown is asked for less often still", async () => {
  const compiled = await started();
  for (let second = 0; second < 300; second++) {
    await clock.advance(1);
    await outcome(compiled, bearer(newToken));
  }
  expect(asked()).toBe(1 + 3);
});

test("a forged signature under a known kid asks nobody", async () => {
  const compiled = await started();
  await clock.advance(100);
  const forged = token(goodClaims(), {}, keys.otherRsa);
  expect(await outcome(compiled, bearer(forged))).toBe("Jwt verification fails");
  expect(asked()).toBe(1);
});

test("one issuer's outage touches no other", async () => {
  issuer.say(OTHER, document(newKeys));
  issuer.say(URI, "never");
  const other = rule({ ...remote, issuer: "https://other.example", jwksUri: OTHER });
  const compiled = plan(other, remote);
  await settle();
  const good = token(goodClaims({ iss: "https://other.example" }), { kid: "k2" }, keys.otherRsa);
  expect(await outcome(compiled, bearer(good))).toBe("ok alice");
});

test("a secret or a weak key from the network is no key", async () => {
  const compiled = await started(jsonKeys());
  expect(sources.state()).toMatchObject([{ keys: 0, lastError: "no usable key in the JWK set" }]);
  expect(await outcome(compiled, bearer(token(goodClaims(), { alg: "HS256" }, "\0".repeat(32))))).toBe(FETCH_FAILED);
});

test("reload keeps the sources that are still wanted, stop ends them all", async () => {
  await started();
  issuer.say(OTHER, document(newKeys));
  sources.sourceFor(rule({ ...remote, jwksUri: OTHER }));
  await sources.ready();
  sources.retain([remote]);
  expect(sources.state().map(({ uri }) => uri)).toEqual([URI]);
  sources.stop();
  const before = asked();
  await clock.advance(100_000);
  expect(asked()).toBe(before);
  expect(clock.pending()).toBe(0);
});
