/** What remote keys tell of themselves, when they ask again, and who may wait for them. Clock and issuer are in the test's hand. */
import { beforeEach, expect, test } from "vitest";
import { createKeySources, type LivingKeySources } from "../../ext-authz/authenticate/key-sources.ts";
import type { JwtRule } from "../../ext-authz/resources/resource.ts";
import { bearer, goodClaims, jwkOf, jwksOf, keys, NOW, outcome, planOf, rule, token } from "./forge.ts";
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
const settings = {
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
const remote = rule({ jwks: undefined, jwksUri: URI });
const oldKeys = jwksOf(jwkOf(keys.rsa, { kid: "k1" }));
const oldToken = token(goodClaims({ exp: NOW + 1e6 }));

let clock: HandClock;
let issuer: ScriptedIssuer;
let sources: LivingKeySources;

beforeEach(() => {
  clock = handClock(NOW);
  issuer = scriptedIssuer();
  const { now, setTimer } = clock;
  const dependencies = { fetch: issuer.fetch, now, setTimer, random: () => 0, log: silentLog };
  sources = createKeySources(dependencies, settings, { strict: true, jsonDepth: 32 });
});

const plan = (...rules: readonly JwtRule[]) => planOf(rules, false, sources.sourceFor);
const asked = (): number => issuer.asked.length;

test("Cache-Control is followed between the floor and the operator's refresh", async () => {
  const say = (freshSeconds: number) =>
    issuer.say(URI, { ok: true, value: { kind: "document", text: oldKeys, etag: "", freshSeconds } });
  say(600);
  plan(remote);
  await sources.ready();
  expect(sources.state()).toMatchObject([{ nextRefreshSeconds: 600, servesForSeconds: 600 + 3600 }]);
  say(1);
  await clock.advance(600);
  expect(sources.state()).toMatchObject([{ nextRefreshSeconds: 300 }]);
  say(1e9);
  await clock.advance(300);
  expect(sources.state()).toMatchObject([{ nextRefreshSeconds: 1200 }]);
  expect(asked()).toBe(3);
});

test("no more wait for a slow issuer than a bound: the others are answered at once", async () => {
  issuer.say(URI, "never");
  const compiled = plan(remote);
  let answered = 0;
  const all = Array.from({ length: 300 }, () => outcome(compiled, bearer(oldToken)).then(() => answered++));
  await settle();
  expect(answered).toBe(200);
  await clock.advance(5);
  await Promise.all(all);
  expect(answered).toBe(300);
});

test("the same keys in an answer without ETag are the same object: what was verified stays verified", async () => {
  issuer.say(URI, document(oldKeys));
  plan(remote);
  await sources.ready();
  const source = sources.sourceFor(remote);
  const before = source.current();
  await clock.advance(1200);
  expect(asked()).toBe(2);
  expect(source.current()).toBe(before);
});

test("state names no query and no userinfo, and a number that is free again after a source is gone", async () => {
  const secret = rule({ ...remote, jwksUri: `${OTHER}?key=secret` });
  issuer.say(`${OTHER}?key=secret`, document(oldKeys));
  plan(secret, remote);
  await sources.ready();
  expect(sources.state().map(({ source, uri }) => [source, uri])).toEqual([
    [0, OTHER],
    [1, URI],
  ]);
  sources.retain([remote]);
  plan(secret);
  expect(sources.state().map(({ source }) => source)).toEqual([1, 0]);
  expect(JSON.stringify(sources.state())).not.toContain("secret");
});

test("prefetched is about the first time: an outage later does not take it back", async () => {
  issuer.say(URI, "never");
  plan(remote);
  await clock.advance(5);
  expect(sources.prefetched()).toBe(false);
  issuer.say(URI, document(oldKeys));
  await clock.advance(2);
  expect(sources.prefetched()).toBe(true);
  issuer.say(URI, "never");
  await clock.advance(10_000);
  expect([sources.complete(), sources.prefetched()]).toEqual([false, true]);
});
