/**
 * Credentials that slip past the one that should judge them, and memories that last longer than they may. In: requests with
 * two readings, clocks that step back. Out: refused, or asked again.
 */
import { describe, expect, it } from "vitest";
import { offlineSources } from "../../ext-authz/authenticate/credentials/credential-sources.ts";
import { createIntrospector } from "../../ext-authz/authenticate/credentials/introspector.ts";
import { createRevocationFeed } from "../../ext-authz/authenticate/credentials/revocation-feed.ts";
import { err, ok } from "../../ext-authz/result.ts";
import { jwtRule, readAll, stageOf } from "../authenticate/credentials/stage.ts";
import { goodClaims, keys, NOW, request, token } from "../authenticate/forge.ts";

const endpoint = {
  endpoint: "https://as.example/",
  clientId: "c",
  clientSecretFile: "/s",
  issuer: "as",
  audiences: ["svc"],
};
const claims = { sub: "bob", aud: "svc" };
const yes = { active: true, claims, notBefore: 0, expiresAt: NOW + 60, audiences: ["svc"] } as const;
/** A server that calls every token active. */
const sources = {
  ...offlineSources(),
  introspectorFor: () => ({ introspect: () => ({ ...ok(yes), until: 0 }), stop() {} }),
};

describe("a JWT is judged by the jwtRule that looks at its place, whatever an introspection server says", () => {
  const stage = stageOf([jwtRule, ["TokenIntrospection", endpoint], ["TokenProfile", { type: "at+jwt" }]], { sources });
  const forged = token(goodClaims({ aud: "svc" }), {}, keys.otherRsa);
  it("Authorization: Bearer", async () => {
    expect(await stage.line(request({ authorization: `Bearer ${forged}` }))).toBe("token_signature");
  });
  it.each(["bearer", "BEARER"])(
    "Authorization: %s, which a jwtRule does not read, is no token at all",
    async (scheme) => {
      expect(await stage.line(request({ authorization: `${scheme} ${forged}` }))).not.toMatch(/^ok /);
    },
  );
});

it("a token that is bound to a certificate is no bearer token where no ProofOfPossession applies", async () => {
  const bound = token(goodClaims({ aud: "svc", cnf: { "x5t#S256": "A".repeat(43) } }));
  expect(await stageOf([jwtRule]).line(request({ authorization: `Bearer ${bound}` }))).not.toMatch(/^ok/);
});

it("a clock that steps back does not lengthen the memory of an introspected token", async () => {
  const [resource] = readAll([["TokenIntrospection", { ...endpoint, cache: "30s" }]]);
  if (resource?.kind !== "TokenIntrospection") throw new Error("no TokenIntrospection");
  let now = NOW;
  let asked = 0;
  const introspector = createIntrospector(resource, {
    post: async () => ok(JSON.stringify({ active: ++asked === 1 })),
    readFile: async () => ok("s"),
    now: () => now,
    setTimer: () => () => {},
    log: { warn() {} },
    jsonDepth: 32,
  });
  await introspector.introspect("t");
  now = NOW - 3600;
  await introspector.introspect("t");
  expect(asked).toBe(2);
});

it("a clock that steps back does not keep an old list of revoked tokens in force", async () => {
  const [resource] = readAll([["Revocation", { file: "r.json", interval: "10s", maxAge: "60s" }]]);
  if (resource?.kind !== "Revocation") throw new Error("no Revocation");
  let now = NOW;
  let up = true;
  const feed = createRevocationFeed(resource, {
    read: async () => (up ? ok({ text: '{"revoked":[]}', etag: "" }) : err("down")),
    now: () => now,
    setTimer: () => () => {},
    log: { info() {}, warn() {} },
  });
  await feed.start();
  up = false;
  now = NOW - 3600;
  expect(feed.current()).toBe(undefined);
  feed.stop();
});
