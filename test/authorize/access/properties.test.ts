import fc from "fast-check";
import { describe, test } from "vitest";
import type { JsonObject, Layer } from "../../../ext-authz/model.ts";
import type { AccessAction, AccessPolicy } from "../../../ext-authz/resources/access-policy-resource.ts";
import type { AuthorizationPolicy } from "../../../ext-authz/resources/resource.ts";
import { policy } from "../fixtures.ts";
import { access, decideBy } from "./policies.ts";

const expression = fc.constantFrom(
  "request.path == '/a'",
  "request.path != '/a'",
  "request.method == 'GET'",
  "request.auth.claims.role == 'admin'",
  "has(request.auth) && request.auth.claims.role == 'user'",
  "request.header_values['x-role'].exists(r, r == 'admin')",
  "request.auth.claims.role",
  "true",
  "false",
);
const layer = fc.constantFrom<Layer>("platform", "application", "service");

const accessOf = (...actions: AccessAction[]): fc.Arbitrary<AccessPolicy> =>
  fc
    .record({
      action: fc.constantFrom(...actions),
      cel: fc.array(expression, { minLength: 1, maxLength: 3 }),
      layer,
      shadow: fc.boolean(),
      defaultDeny: fc.boolean(),
    })
    .map((one) =>
      access(one.action, one.cel, one.layer, {
        shadow: one.shadow,
        defaultDeny: one.action === "ALLOW" && one.defaultDeny,
      }),
    );

const anyAccess = fc.array(accessOf("ALLOW", "DENY", "REQUIRE"), { maxLength: 4 });
const istio: fc.Arbitrary<readonly AuthorizationPolicy[]> = fc.array(
  fc
    .record({
      action: fc.constantFrom("ALLOW" as const, "DENY" as const),
      paths: fc.constantFrom(["/a"], ["/b"], ["*"]),
      namespace: fc.constantFrom("foo", "istio-system"),
    })
    .map(({ action, paths, namespace }) => policy(action, [{ to: [{ paths }] }], { namespace })),
  { maxLength: 2 },
);
const asked = fc.record({
  method: fc.constantFrom("GET", "POST"),
  path: fc.constantFrom("/a", "/b"),
  headers: fc.constantFrom([], ["user"], ["user", "admin"]).map((lines) => new Map([["x-role", lines]])),
});
const payload = fc.constantFrom<JsonObject | undefined>(
  undefined,
  {},
  { role: "admin" },
  { role: "user" },
  { role: true },
);
const world = fc.record({ istio, request: asked, payload, strict: fc.boolean() });

const effect = (policies: readonly AccessPolicy[], given: Parameters<typeof decideBy>[1]) =>
  decideBy(policies, given).effect;
const enforced = (one: AccessPolicy): AccessPolicy => ({ ...one, shadow: false });
const holds = (one: AccessPolicy, given: Parameters<typeof decideBy>[1]) =>
  effect([enforced({ ...one, action: "REQUIRE", defaultDeny: false })], { ...given, istio: [], strict: false }) ===
  "allow";
const runs = { numRuns: 400 };

describe("the algebra of AccessPolicies", () => {
  test("a REQUIRE that does not hold is not waived by anything, on any layer", () => {
    fc.assert(
      fc.property(anyAccess, accessOf("REQUIRE").map(enforced), world, (others, lock, given) => {
        fc.pre(!holds(lock, given));
        return effect([...others, lock], given) === "deny" && effect([lock, ...others], given) === "deny";
      }),
      runs,
    );
  });

  test("a shadow policy never changes the answer", () => {
    fc.assert(
      fc.property(anyAccess, accessOf("ALLOW", "DENY", "REQUIRE"), world, (others, one, given) => {
        const quiet = { ...one, shadow: true };
        const without = decideBy(others, given);
        const beside = decideBy([...others, quiet], given);
        return JSON.stringify({ ...without, shadow: [] }) === JSON.stringify({ ...beside, shadow: [] });
      }),
      runs,
    );
  });

  test("the order of policies and of rules does not matter", () => {
    fc.assert(
      fc.property(anyAccess, world, (policies, given) => {
        const turned = policies.toReversed().map((one): AccessPolicy => {
          const { criterion } = one;
          return criterion.by === "cel"
            ? { ...one, criterion: { by: "cel", rules: criterion.rules.toReversed() } }
            : one;
        });
        return effect(policies, given) === effect(turned, { ...given, istio: given.istio.toReversed() });
      }),
      runs,
    );
  });

  test("one more DENY or REQUIRE never allows; nor does a layer that is closed", () => {
    const closing = accessOf("ALLOW").map((one): AccessPolicy => {
      return { ...enforced(one), defaultDeny: true, criterion: { by: "nothing" } };
    });
    fc.assert(
      fc.property(anyAccess, fc.oneof(accessOf("DENY", "REQUIRE"), closing), world, (others, more, given) => {
        fc.pre(effect(others, given) === "deny");
        return effect([...others, more], given) === "deny";
      }),
      runs,
    );
  });

  test("beside an ALLOW, one more ALLOW that closes nothing never denies", () => {
    const allow = accessOf("ALLOW").map((one): AccessPolicy => ({ ...enforced(one), defaultDeny: false }));
    fc.assert(
      fc.property(anyAccess, allow, allow, world, (others, first, more, given) => {
        fc.pre(effect([...others, first], given) === "allow");
        return effect([...others, first, more], given) === "allow";
      }),
      runs,
    );
  });
});
