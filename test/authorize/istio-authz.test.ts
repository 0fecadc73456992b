/**
 * Istio's own decisions, at the core. `authz/deny-plaintext` and `mtls-only/PeerAuthentication-permissive` were not run
 * against a real mesh; by the text of the semantics (an absent identity matches `notPrincipals`; PeerAuthentication
 * never changes authorization) both expectations stand, so they are tested like the others.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { authorize } from "../../ext-authz/authorize/authorize.ts";
import { compileAuthorization } from "../../ext-authz/authorize/plan.ts";
import { type IstioCase, meshOf, payloadOf, requestOf, resourcesOf } from "./istio-case.ts";

const { cases }: { cases: readonly IstioCase[] } = JSON.parse(
  readFileSync(new URL("../cases/istio-authz.json", import.meta.url), "utf8"),
);
const decided = cases.filter((one) => one.expect.status === 200 || one.expect.status === 403);

describe("requests are decided as a real istiod and Envoy decided them", () => {
  test.each(decided)("$name", (one) => {
    const policies = resourcesOf(one).filter((resource) => resource.kind === "AuthorizationPolicy");
    const verdict = authorize(compileAuthorization(policies, meshOf(one)), requestOf(one), payloadOf(one));
    expect(verdict.effect === "allow" ? 200 : 403).toBe(one.expect.status);
    if (verdict.effect === "deny" && one.expect.body !== undefined) expect(verdict.refusal.text).toBe(one.expect.body);
  });

  test("no case is left out but those of failing tokens", () => {
    expect(cases.length - decided.length).toBe(cases.filter((one) => one.expect.status === 401).length);
  });
});
