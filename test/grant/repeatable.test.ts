/**
 * What credentials allow a grant: until when equal ones are found as these were, and never what is used up; and that a grant
 * bears the epoch of before its check.
 */
import { describe, expect, it } from "vitest";
import { offlineSources } from "../../ext-authz/authenticate/credentials/credential-sources.ts";
import type { IntrospectionAnswer } from "../../ext-authz/authenticate/credentials/introspection-answer.ts";
import { createIntrospector } from "../../ext-authz/authenticate/credentials/introspector.ts";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { readSettings } from "../../ext-authz/config/read-settings.ts";
import { grantIssuer } from "../../ext-authz/grant/issue.ts";
import { compileGrant } from "../../ext-authz/grant/plan.ts";
import type { Allow, Repeatable } from "../../ext-authz/model.ts";
import { err, ok } from "../../ext-authz/result.ts";
import { jwtRule, proofFor, readAll, stageOf, thumbprintOf, type Written } from "../authenticate/credentials/stage.ts";
import { goodClaims, ISSUER, jwkOf, jwksOf, keys, NOW, request, token } from "../authenticate/forge.ts";
import { CONNECTIONS, incomingOf } from "./world-requests.ts";

async function repeatable(
  written: readonly Written[],
  headers: Record<string, string>,
  sources = offlineSources(),
): Promise<Repeatable | undefined> {
  const outcome = await stageOf(written, { sources }).result(request(headers));
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value.repeatable;
}

const FOREVER = Number.POSITIVE_INFINITY;
const jwt = (claims: object = {}) => token(goodClaims({ aud: "svc", ...claims }));

describe("tokens", () => {
  it("none: nothing ends", async () => {
    expect(await repeatable([jwtRule], {})).toEqual({ until: FOREVER });
  });

  it("one: until it ends, without leeway", async () => {
    expect(await repeatable([jwtRule], { authorization: `Bearer ${jwt()}` })).toEqual({ until: NOW + 600 });
  });

  it("several: never", async () => {
    const rule: Written = [
      "RequestAuthentication",
      {
        jwtRules: [
          {
            issuer: ISSUER,
            audiences: ["svc"],
            jwks: jwksOf(jwkOf(keys.rsa, { kid: "k1" })),
            fromHeaders: [{ name: "a" }, { name: "b" }],
          },
        ],
      },
    ];
    expect(await repeatable([rule], { a: jwt(), b: jwt() })).toEqual({ until: NOW + 600 });
    expect(await repeatable([rule], { a: jwt(), b: jwt({ exp: NOW + 9 }) })).toMatchObject({ never: "several_tokens" });
  });

  it("with a proof that is used up: never", async () => {
    const bound = jwt({ cnf: { jkt: thumbprintOf(keys.p256) } });
    const proof: Written = ["ProofOfPossession", { method: "any" }];
    expect(await repeatable([jwtRule, proof], { authorization: `DPoP ${bound}`, dpop: proofFor(bound) })).toMatchObject(
      { never: "one_time" },
    );
    expect(await repeatable([jwtRule, proof], { authorization: `Bearer ${jwt()}` })).toEqual({ until: NOW + 600 });
  });
});

describe("opaque tokens", () => {
  const asks = (endpoint: string): Written => [
    "TokenIntrospection",
    { endpoint, clientId: "c", clientSecretFile: "/s", issuer: endpoint, audiences: ["svc"] },
  ];
  const answering = (answers: Readonly<Record<string, readonly [answer: IntrospectionAnswer, until: number]>>) => ({
    ...offlineSources(),
    introspectorFor: ({ endpoint }: { readonly endpoint: string }) => ({
      stop() {},
      introspect: () => {
        const known = answers[endpoint];
        return known === undefined ? err("unknown") : { ...ok(known[0]), until: known[1] };
      },
    }),
  });
  const active = (more: object = {}): IntrospectionAnswer => ({
    ...{ active: true, claims: { sub: "s" }, notBefore: 0, expiresAt: undefined, audiences: ["svc"] },
    ...more,
  });
  const [one, two] = ["https://one.example/", "https://two.example/"];
  const bearer = { authorization: "Bearer opaque" };

  it("until their answer is asked for again", async () => {
    expect(await repeatable([asks(one)], bearer, answering({ [one]: [active(), NOW + 30] }))).toEqual({
      until: NOW + 30,
    });
  });

  it("until they end", async () => {
    const ends = answering({ [one]: [active({ expiresAt: NOW + 7 }), NOW + 30] });
    expect(await repeatable([asks(one)], bearer, ends)).toEqual({ until: NOW + 7 });
  });

  it("until the first of all answers that counted is asked for again", async () => {
    const both = answering({ [one]: [{ active: false }, NOW + 5], [two]: [active(), NOW + 30] });
    expect(await repeatable([asks(one), asks(two)], bearer, both)).toEqual({ until: NOW + 5 });
  });

  it("not at all, where another server may know them a moment later", async () => {
    const soon = answering({ [one]: [active({ notBefore: NOW + 61 }), NOW + 30], [two]: [active(), NOW + 30] });
    expect(await repeatable([asks(one), asks(two)], bearer, soon)).toEqual({ until: NOW });
  });

  it("as long as the memory says, which an answer that was not kept ends at once", async () => {
    const introspector = (cache: string) => {
      const [resource] = readAll([["TokenIntrospection", { ...asks(one)[1], cache }]]);
      if (resource?.kind !== "TokenIntrospection") throw new Error("no TokenIntrospection");
      return createIntrospector(resource, {
        ...{
          post: async () => ok('{"active":true}'),
          readFile: async () => ok("s"),
          now: () => NOW,
          setTimer: () => () => {},
        },
        ...{ log: { warn() {} }, jsonDepth: 8 },
      });
    };
    const kept = introspector("20s");
    expect(await kept.introspect("t")).toMatchObject({ until: NOW + 20 });
    expect(await kept.introspect("t")).toMatchObject({ until: NOW + 20 });
    expect(await introspector("0s").introspect("t")).toMatchObject({ until: NOW });
  });
});

describe("issuing", () => {
  const plan = compileGrant({
    credentials: { ...{ jwt: { rules: [], locations: [] }, opaque: [], apiKeys: [], judges: [] } } as never,
    authorization: {
      strict: false,
      http: { custom: { rules: [] }, deny: { rules: [] }, allow: { rules: [] } },
    } as never,
    ...{ accessPolicies: [], internalTokens: [], kinds: [] },
  });
  const proxied = {
    route: "one",
    mtls: false,
    method: "GET",
    authority: "h",
    scheme: "http",
    target: "/",
    headers: [],
  };
  const incoming = incomingOf({ ...proxied, connection: Object.keys(CONNECTIONS)[0] ?? "" });
  const authentication = {
    token: undefined,
    payload: undefined,
    changes: { remove: [], set: [], removeQueryParameters: [] },
  };
  const allow: Allow = {
    ...{ effect: "allow", changes: authentication.changes, id: "d", revision: "r", policy: undefined },
    principal: "",
    shadow: [],
  };
  function issued(
    epochs: readonly (string | undefined)[],
    more: { pathLength?: number; repeatable?: Repeatable | undefined } = {},
  ) {
    const [first, then] = epochs;
    let asked = 0;
    const outcomes: string[] = [];
    const begin = grantIssuer({
      ...{
        maxSeconds: 5,
        pathLength: more.pathLength ?? 8192,
        now: () => NOW,
        counted: (outcome) => outcomes.push(outcome),
      },
      epoch: () => (asked++ === 0 ? first : then),
    });
    const finish = begin(incoming);
    const repeatable = "repeatable" in more ? more.repeatable : { until: FOREVER };
    const { grant } = finish(plan, request(), { ...authentication, ...(repeatable && { repeatable }) }, allow);
    return [grant?.split("\n")[1], ...outcomes];
  }

  it("bears the epoch of before the check, whatever came meanwhile", () => {
    expect(issued(["before", "after"])).toEqual(["before", "issued"]);
  });

  it("waits for an epoch", () => {
    expect(issued([undefined, "after"])).toEqual([undefined, "unsettled"]);
  });

  it("needs room for every target that a guard would look up", () => {
    expect(issued(["e"], { pathLength: 2048 })).toEqual(["e", "issued"]);
    expect(issued(["e"], { pathLength: 2047 })).toEqual([undefined, "unsettled"]);
  });

  it("needs somebody to vouch for the credentials", () => {
    expect(issued(["e"], { repeatable: undefined })).toEqual([undefined, "opaque_policy"]);
  });
});

describe("settings", () => {
  const read = (text: string) => readSettings({ file: "c.yaml", text, folder: "/", cores: 1 });
  it.each([
    ["{}", defaults.grants],
    ["grants: { enabled: false }", { enabled: false, maxTtlMs: 5000 }],
    ["grants: { maxTtl: 60s }", { enabled: true, maxTtlMs: 60_000 }],
    ["grants: { maxTtl: 1m }", { enabled: true, maxTtlMs: 60_000 }],
    ["grants: { maxTtl: 1500ms }", { enabled: true, maxTtlMs: 1500 }],
  ])("%s", (text, grants) => {
    const settings = read(text);
    expect(settings.ok && settings.value.grants).toEqual(grants);
  });

  it.each(["0s", "61s", "2m", "999ms", "60001ms", "5", "1.5s", "-5s"])(
    "maxTtl: %s is refused with a hint",
    (maxTtl) => {
      const settings = read(`grants: { maxTtl: "${maxTtl}" }`);
      expect(settings.ok ? [] : settings.error).toMatchObject([
        { path: "grants.maxTtl", message: "is no duration from 1s to 60s" },
      ]);
    },
  );
});
