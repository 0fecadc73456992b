/**
 * The outage drill over real HTTP: during a rotation an issuer fails in every way, for as long as its keys may serve and
 * longer, beside one that works. All the while valid and invalid tokens are checked.
 */
import { createPublicKey } from "node:crypto";
import type { RequestListener } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createJwksFetch } from "../../ext-authz/authenticate/jwks-fetch.ts";
import { createKeySources, type LivingKeySources } from "../../ext-authz/authenticate/key-sources.ts";
import { bearer, encode, goodClaims, jwkOf, jwksOf, keys, NOW, outcome, planOf, rule, token } from "./forge.ts";
import { handClock, silentLog } from "./hand-clock.ts";
import { serveJwks, stopServers } from "./jwks-server.ts";

const OTHER = "https://other.example";
const SETTINGS = {
  refreshSeconds: 600,
  minRefreshSeconds: 300,
  replaceSeconds: 7200,
  staleSeconds: 3600,
  cooldownSeconds: 30,
  maxBytes: 65536,
  caFile: "",
  folder: "",
  allowPrivateAddresses: false,
};
const STALE_BOUND = SETTINGS.refreshSeconds + SETTINGS.staleSeconds;
const [k1, k2] = [jwkOf(keys.rsa, { kid: "k1" }), jwkOf(keys.p256, { kid: "k2" })];
const k3 = jwkOf(keys.ed25519, { kid: "k3" });
const claims = goodClaims({ exp: NOW + 1e6 });
const byK1 = token(claims);
const byK2 = token(claims, { alg: "ES256", kid: "k2" }, keys.p256);
const byK3 = token(claims, { alg: "EdDSA", kid: "k3" }, keys.ed25519);
const byOther = token(goodClaims({ iss: OTHER, sub: "bob", exp: NOW + 1e6 }));
const publicPem = createPublicKey(keys.rsa).export({ type: "spki", format: "pem" }).toString();
const invalid: readonly (readonly [name: string, raw: string])[] = [
  ["another key under a known kid", token(claims, {}, keys.otherRsa)],
  ["another key under an unknown kid", token(claims, { kid: "k9" }, keys.otherRsa)],
  ["another key without kid", token(claims, { kid: undefined }, keys.otherRsa)],
  ["a changed payload", byK1.replace(/\.[^.]+\./, `.${token(goodClaims({ sub: "root" })).split(".")[1]}.`)],
  ["no signature", `${encode('{"alg":"none","kid":"k1"}')}.${byK1.split(".")[1]}.`],
  ["the public key as a secret", token(claims, { alg: "HS256" }, publicPem)],
  ["expired", token(goodClaims({ exp: NOW - 1000 }))],
  [
    "of the other issuer's rule, signed by k2",
    token(goodClaims({ iss: OTHER }), { alg: "ES256", kid: "k2" }, keys.p256),
  ],
];

const good =
  (...jwks: readonly object[]): RequestListener =>
  (_, res) =>
    res.end(jwksOf(...jwks));
const rotating = jwksOf(k1, k2);

const failures: readonly (readonly [name: string, listener: RequestListener])[] = [
  ["down", (_, res) => res.destroy()],
  ["slow", () => {}],
  ["slow inside the body", (_, res) => res.write(rotating.slice(0, 9))],
  ["500", (_, res) => res.writeHead(500).end(rotating)],
  ["empty", (_, res) => res.end()],
  ["HTML", (_, res) => res.end("<html>Login</html>")],
  ["half a body", (_, res) => res.writeHead(200, { "content-length": "9999" }).write(rotating, () => res.destroy())],
  ["wrong keys", good(jwkOf(keys.p384, { kid: "x" }))],
  [
    "wrong keys under the names of the right ones",
    good(jwkOf(keys.p521, { kid: "k1" }), jwkOf(keys.p384, { kid: "k2" })),
  ],
  ["wrong keys, others each time", (_, res) => good(wrongKeys.reverse()[0] ?? {})(_, res)],
  ["keys of no use", (_, res) => res.end('{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}')],
  ["huge", (_, res) => res.end(`${rotating}${" ".repeat(70_000)}`)],
  ["redirect loop", (req, res) => res.writeHead(302, { location: req.url ?? "/" }).end()],
];
const wrongKeys = [jwkOf(keys.p384, { kid: "x" }), jwkOf(keys.p521, { kid: "y" })];

let sources: LivingKeySources | undefined;
afterEach(async () => {
  sources?.stop();
  await stopServers();
});

test.each(failures)("%s", async (name, failing) => {
  let listener = good(k1);
  const uri = await serveJwks((req, res) => listener(req, res));
  const otherUri = await serveJwks(good(k1));
  const clock = handClock(NOW);
  const { now, setTimer } = clock;
  const fetch = createJwksFetch({ caPem: "", allowPrivateAddresses: false });
  sources = createKeySources({ fetch, now, setTimer, random: () => 0, log: silentLog }, SETTINGS, {
    strict: true,
    jsonDepth: 32,
  });
  const mine = rule({ jwks: undefined, jwksUri: uri });
  const other = rule({ jwks: undefined, jwksUri: otherUri, issuer: OTHER });
  const plan = planOf([mine, other], false, sources.sourceFor);
  await sources.ready();
  const [source, otherSource] = [sources.sourceFor(mine), sources.sourceFor(other)];
  const isSlow = name.startsWith("slow") ? () => listener === failing : () => false;

  /** What waits for a fetch of a slow issuer waits for the clock. */
  async function done<T>(waiting: Promise<T>): Promise<T> {
    if (isSlow()) await clock.advance(5);
    return waiting;
  }
  const answer = (raw: string) => done(outcome(plan, bearer(raw), now()));
  const nextRefreshes = () =>
    (sources?.state() ?? []).map((state) => state.nextRefreshSeconds).filter((seconds) => seconds > 0);
  /** Time passes in steps, none beyond a fetch; after each the fetches that it started have ended, and the tokens are checked. */
  async function pass(seconds: number, valid: readonly string[]): Promise<void> {
    for (let at = now(), end = now() + seconds; at < end; at = now()) {
      await clock.advance(Math.min(60, end - at, ...nextRefreshes()));
      // With the fetches still under way: who has a key never waits for one.
      for (const raw of valid) expect(await outcome(plan, bearer(raw), now())).toBe("ok alice");
      const running = source.renew("k1");
      await otherSource.renew("k1");
      await done(Promise.resolve(running));
      await otherSource.renew("k1");
      for (const raw of valid) expect(await answer(raw)).toBe("ok alice");
      expect(await answer(byOther)).toBe("ok bob");
      for (const [kind, raw] of invalid) expect(await answer(raw), kind).not.toMatch(/^ok|^none/);
    }
  }

  await pass(60, [byK1]);
  listener = good(k1, k2);
  await pass(60, [byK1]);
  expect(await answer(byK2)).toBe("ok alice");
  expect(sources.state()[0]).toMatchObject({ keys: 2, failures: 0 });
  const lastGood = now() - (sources.state()[0]?.ageSeconds ?? 0);

  listener = failing;
  await pass(lastGood + STALE_BOUND - 30 - now(), [byK1, byK2]);
  const [broken, working] = sources.state();
  if (!name.startsWith("wrong keys")) expect(broken?.failures).toBeGreaterThan(10);
  expect(working).toMatchObject({ failures: 0, lastError: "", keys: 1 });

  await pass(SETTINGS.refreshSeconds + 30, []);
  expect(await answer(byK1)).not.toBe("ok alice");
  expect(await answer(byK2)).not.toBe("ok alice");
  expect(sources.prefetched()).toBe(true);

  listener = good(k2, k3);
  await pass(120, []);
  await pass(60, [byK2, byK3]);
  if (!name.startsWith("wrong keys")) expect(await answer(byK1)).not.toBe("ok alice");
  expect(sources.state()).toMatchObject([{ failures: 0, lastError: "" }, { failures: 0 }]);
});
