import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authorize } from "../../ext-authz/authorize/authorize.ts";
import { compileAuthorization } from "../../ext-authz/authorize/plan.ts";
import type { JsonObject } from "../../ext-authz/model.ts";
import { readsOf, unread } from "../../ext-authz/observe/policy-reads.ts";
import { faithful, recordClaims, recordRequest, restoreRequest } from "../../ext-authz/observe/recorded-request.ts";
import { mesh, policy, type RawRule, request } from "../authorize/fixtures.ts";
import { rules } from "./fixtures.ts";

const when = (key: string): RawRule => ({ when: [{ key, values: ["x"] }] });

describe("what policies read", () => {
  const reads = readsOf([
    policy("ALLOW", [when("request.headers[X-Role]"), when("request.auth.claims[realm][roles]")]),
    policy("DENY", [when("request.auth.audiences"), when("request.auth.presenter"), when("source.ip")]),
  ]);

  test("headers in lower case, claims by their top-level name", () => {
    expect([...reads.headers]).toEqual(["x-role"]);
    expect([...reads.claims].sort()).toEqual(["aud", "azp", "iss", "realm", "sub"]);
    expect(reads.other).toBe(false);
  });

  test("dynamic metadata cannot be listed", () => {
    expect(readsOf([policy("ALLOW", [when("experimental.envoy.filters.a[b]")])]).other).toBe(true);
  });

  test("unread names what is missing", () => {
    const known = readsOf([]);
    expect(unread(known, reads)).toContain("request.headers[x-role]");
    expect(unread(known, reads)).toContain("request.auth.claims[realm]");
    expect(unread(reads, reads)).toEqual([]);
  });
});

describe("a record", () => {
  const headers = new Map([
    ["authorization", ["Bearer secret"]],
    ["x-role", ["a", "b"]],
    ["x-email", ["a@b"]],
    ["x-unread", ["y"]],
  ]);
  const everything = rules(["authorization", "x-role", "x-email"], ["role", "mail"], ["x-email", "mail"]);

  test("keeps the headers that policies read, secrets and masked ones without value", () => {
    expect(recordRequest(request({ headers }), everything).headers).toEqual({
      authorization: ["[masked]"],
      "x-role": ["a", "b"],
      "x-email": ["[masked]"],
    });
  });

  test("keeps the query only where a policy reads :path, and no token in it", () => {
    const asked = request({ query: "a=b&access_token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.sig" });
    expect(recordRequest(asked, everything).query).toBeUndefined();
    expect(recordRequest(asked, rules([":path"])).query).toBe("a=b&access_token=[token]");
  });

  test("keeps the claims that policies read, and says null for no token", () => {
    const payload: JsonObject = { iss: "i", sub: "s", role: ["r"], mail: "a@b", other: "z" };
    expect({ ...recordClaims(payload, everything) }).toEqual({ iss: "i", sub: "s", role: ["r"], mail: "[masked]" });
    expect(recordClaims(undefined, everything)).toBeNull();
  });

  test("a claim that is long or holds a token is masked whole", () => {
    const payload = { role: Array.from({ length: 2000 }, (_, index) => `r${index}`), mail: "eyJa.eyJb.c" };
    expect({ ...recordClaims(payload, rules([], ["role", "mail"])) }).toEqual({ role: "[masked]", mail: "[masked]" });
  });

  test("a claim called __proto__ is kept as a claim", () => {
    const payload: JsonObject = JSON.parse('{"__proto__": {"polluted": "x"}}');
    const kept = recordClaims(payload, rules([], ["__proto__"]));
    expect(JSON.stringify(kept)).toBe('{"__proto__":{"polluted":"x"}}');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  test("what is masked is not shown faithfully", () => {
    const { headers: names, claims } = faithful(everything);
    expect([...names]).toEqual(["x-role"]);
    expect([...claims]).toEqual(["iss", "sub", "role"]);
  });

  test("restored, it is decided as the request was", () => {
    const header = fc.constantFrom([], ["x"], ["y", "x"]);
    const asked = fc.record({
      method: fc.constantFrom("GET", "POST"),
      path: fc.constantFrom("/a", "/b", ""),
      host: fc.constantFrom(undefined, "x", "y:80"),
      sourcePrincipal: fc.constantFrom(undefined, "td/ns/x/sa/y"),
      sni: fc.constantFrom("", "x"),
      headers: header.map((lines) => new Map([["x-role", lines]])),
      workload: fc.constant({ namespace: "foo", name: "", labels: new Map([["a", "b"]]) }),
    });
    const rule: fc.Arbitrary<RawRule> = fc.constantFrom<RawRule>(
      when("request.headers[x-role]"),
      when("request.auth.claims[role]"),
      when("connection.sni"),
      { to: [{ paths: ["/a"], notMethods: ["POST"] }] },
      { to: [{ hosts: ["x"] }] },
      { from: [{ notPrincipals: ["td/*"] }] },
      { from: [{ ipBlocks: ["10.0.0.0/8"] }, { remoteIpBlocks: ["10.0.0.0/8"] }] },
    );
    const claims = fc.constantFrom(undefined, {}, { role: "x" }, { role: ["y"] });
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 3 }),
        fc.constantFrom("ALLOW", "DENY"),
        asked,
        claims,
        (list, action, changes, payload) => {
          const policies = [policy(action as "ALLOW" | "DENY", list)];
          const plan = compileAuthorization(policies, mesh);
          const kept = { reads: readsOf(policies), maskHeaders: new Set<string>(), maskClaims: new Set<string>() };
          const recorded = JSON.parse(JSON.stringify(recordRequest(request(changes), kept)));
          const back = recordClaims(payload, kept) ?? undefined;
          return (
            authorize(plan, restoreRequest(recorded), back).effect === authorize(plan, request(changes), payload).effect
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});
