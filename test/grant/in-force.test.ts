/** The epoch of a process: another one for every setting and content that decisions depend on, and for nothing else. */
import { describe, expect, it } from "vitest";
import { defaults } from "../../ext-authz/config/defaults.ts";
import type { Settings } from "../../ext-authz/config/settings.ts";
import { type GrantParts, openGrants } from "../../ext-authz/process/grants.ts";
import { joinAnswers } from "../../ext-authz/process/join-answers.ts";
import { EPOCH_HEADER, operatorRoutes } from "../../ext-authz/respond/operator-routes.ts";
import { answerFrom, type HttpAnswer } from "../../ext-authz/transport/http-server.ts";
import { readManifests } from "./world-policies.ts";

const token = readManifests([{ kind: "InternalToken", namespace: "foo", spec: { audience: "in" } }]);
const parts: GrantParts = {
  snapshot: () => ({ revision: "r1", resources: [] }),
  sources: [{ revisions: () => ["keys a 1"] }, { revisions: () => ["revoked b 1"] }],
  signingKey: { kid: "k1" },
  now: () => 1_790_000_000,
  counted() {},
};
const epochOf = (more: Partial<GrantParts> = {}, settings: Settings = defaults): string | undefined =>
  openGrants(settings, { ...parts, ...more }).epoch.current();
const base = epochOf();
const mints = { snapshot: () => ({ revision: "r1", resources: token }) };

describe("another epoch for", () => {
  const contents: readonly (readonly [what: string, parts: Partial<GrantParts>])[] = [
    ["other policies", { snapshot: () => ({ revision: "r2", resources: [] }) }],
    ["other keys", { sources: [{ revisions: () => ["keys a 2"] }, { revisions: () => ["revoked b 1"] }] }],
    ["no keys", { sources: [{ revisions: () => ["keys a "] }, { revisions: () => ["revoked b 1"] }] }],
    ["another revocation list", { sources: [{ revisions: () => ["keys a 1"] }, { revisions: () => ["revoked b 2"] }] }],
  ];
  it.each(contents)("%s", (_, more) => {
    expect(epochOf(more)).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(epochOf(more)).not.toBe(base);
  });

  const settings: readonly (readonly [what: string, more: Partial<Settings>])[] = [
    ["strict", { mesh: { ...defaults.mesh, strict: false } }],
    ["trustDomain", { mesh: { ...defaults.mesh, trustDomain: "td" } }],
    ["pathNormalization", { mesh: { ...defaults.mesh, pathNormalization: "NONE" } }],
    ["limits", { limits: { ...defaults.limits, tokens: 3 } }],
    ["clockSkewSeconds", { clockSkewSeconds: 0 }],
    ["clientAddress", { clientAddress: { useRemoteAddress: true, xffNumTrustedHops: 1 } }],
    ["workload", { workload: { ...defaults.workload, labels: { app: "a" } } }],
    ["mint.issuer", { mint: { ...defaults.mint, issuer: "https://m.example" } }],
    ["grants", { grants: { enabled: true, maxTtlMs: 1000 } }],
  ];
  it.each(settings)("%s", (_, more) => {
    expect(epochOf({}, { ...defaults, ...more })).not.toBe(base);
  });

  it("another minting key, where one mints", () => {
    expect(epochOf({ ...mints, signingKey: { kid: "k2" } })).not.toBe(epochOf(mints));
  });
});

describe("the same epoch for", () => {
  it("another order of what is equal", () => {
    const labels = (one: object) =>
      epochOf({}, { ...defaults, workload: { ...defaults.workload, labels: { ...one } } });
    expect(labels({ a: "1", b: "2" })).toBe(labels({ b: "2", a: "1" }));
    expect(epochOf({ sources: [...parts.sources].reverse() })).toBe(base);
  });

  it("another key that mints nothing", () => {
    expect(epochOf({ signingKey: { kid: "k2" } })).toBe(base);
  });

  it("where it listens and what it logs", () => {
    expect(epochOf({}, { ...defaults, listen: { grpc: "a:1", http: "b:2" }, log: "debug", workers: 3 })).toBe(base);
  });
});

describe("GET /v1/revision", () => {
  function answering(epoch: string | undefined, revision = "r1") {
    return answerFrom(
      operatorRoutes({
        readiness: () => ({ snapshot: { revision }, refused: false, keys: [] }),
        ...(epoch !== undefined && { epoch: () => epoch }),
        metrics: { text: async () => "", contentType: "text/plain" },
        findDecision: () => undefined,
        jwks: () => ({}),
        filter: async () => new Uint8Array(),
      }),
    );
  }
  const ask = async (answer: ReturnType<typeof answering>): Promise<HttpAnswer> => answer("/v1/revision");

  it("says the epoch in a header and in JSON", async () => {
    const { headers, body } = await ask(answering("e1"));
    expect([headers?.[EPOCH_HEADER], JSON.parse(String(body))]).toEqual(["e1", { revision: "r1", epoch: "e1" }]);
  });

  it("says none where nothing may be granted", async () => {
    const { status, headers } = await ask(answering(undefined));
    expect([status, headers?.[EPOCH_HEADER]]).toEqual([200, undefined]);
  });

  it("of several workers is theirs when they agree, and nobody's when they do not", async () => {
    const joined = (...epochs: readonly (string | undefined)[]) =>
      ask(joinAnswers({ departed: () => [], workers: () => epochs.map((epoch) => async () => ask(answering(epoch))) }));
    expect((await joined("e1", "e1")).headers?.[EPOCH_HEADER]).toBe("e1");
    expect((await joined("e1", undefined)).headers?.[EPOCH_HEADER]).toMatch(/^mixed-[A-Za-z0-9_-]{32}$/);
    const mixed = await joined("e1", "e2");
    expect(mixed.headers?.[EPOCH_HEADER]).toMatch(/^mixed-[A-Za-z0-9_-]{32}$/);
    expect(JSON.parse(String(mixed.body))).toMatchObject({ epoch: mixed.headers?.[EPOCH_HEADER] });
    expect((await joined("e2", "e1")).headers).toEqual(mixed.headers);
    expect((await joined("e1", "e3")).headers).not.toEqual(mixed.headers);
  });
});
