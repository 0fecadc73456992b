import fc from "fast-check";
import { describe, test } from "vitest";
import type { RequestModel } from "../../ext-authz/model.ts";
import type { AuthorizationPolicy, PolicyAction } from "../../ext-authz/resources/resource.ts";
import { decide, policy, type RawRule } from "./fixtures.ts";

const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const paths = some(["/a", "/a*", "*b", "*", "/{*}", "/a/{**}"]);
const namespaces = some(["foo", "bar", "*"]);
const roles = some(["user", "admin", "*", "a*"]);

const source = fc.oneof(
  fc.record({ namespaces }),
  fc.record({ notNamespaces: namespaces }),
  fc.record({ requestPrincipals: some(["*", "i/s", "i/*"]) }),
  fc.record({ ipBlocks: some(["10.0.0.0/8", "192.0.2.1"]), notNamespaces: namespaces }),
);
const operation = fc.oneof(
  fc.record({ paths }),
  fc.record({ notPaths: paths }),
  fc.record({ methods: some(["GET", "P*"]), paths }),
  fc.record({ ports: some(["8080", "80"]) }),
);
const condition = fc.oneof(
  fc.record({ key: fc.constant("request.headers[x-role]"), values: roles }),
  fc.record({ key: fc.constant("request.headers[x-role]"), notValues: roles }),
  fc.record({ key: fc.constant("request.auth.claims[sub]"), values: some(["s", "t"]) }),
);
const rule: fc.Arbitrary<RawRule> = fc
  .record({
    from: maybe(fc.array(source, { minLength: 1, maxLength: 2 })),
    to: maybe(fc.array(operation, { minLength: 1, maxLength: 2 })),
    when: fc.array(condition, { maxLength: 2 }),
  })
  .map(({ from, to, when }) => ({ from, to, when }));

const policyOf = (...actions: PolicyAction[]) =>
  fc
    .record({
      action: fc.constantFrom(...actions),
      rules: fc.array(rule, { maxLength: 3 }),
      shadow: fc.boolean(),
      name: fc.constantFrom("p", "q", "r"),
    })
    .map(({ action, rules, shadow, name }) => policy(action, rules, { shadow, name }));
const anyPolicy = policyOf("ALLOW", "DENY", "AUDIT", "CUSTOM");
const policies = fc.array(anyPolicy, { maxLength: 5 });

const request: fc.Arbitrary<Partial<RequestModel>> = fc.record({
  protocol: fc.constantFrom("http", "http", "tcp"),
  method: fc.constantFrom("GET", "POST"),
  path: fc.constantFrom("/a", "/a/b", "/", "", "/b"),
  sourcePrincipal: fc.constantFrom(undefined, "td/ns/foo/sa/x", "td/ns/bar/sa/x"),
  headers: fc.constantFrom([], ["user"], ["admin", "user"]).map((lines) => new Map([["x-role", lines]])),
});
const payload = fc.constantFrom(undefined, { iss: "i", sub: "s" }, { iss: "i", sub: "t" });
const strict = fc.boolean();

const effect = (among: readonly AuthorizationPolicy[], ...rest: readonly [Partial<RequestModel>, object?, boolean?]) =>
  decide(among, rest[0], rest[1] === undefined ? undefined : { ...rest[1] }, { strict: rest[2] ?? false }).effect;

const enforced = (one: AuthorizationPolicy): AuthorizationPolicy => ({ ...one, shadow: false });
const runs = { numRuns: 500 };

describe("the algebra of policies", () => {
  test("the order of policies and of rules does not matter", () => {
    fc.assert(
      fc.property(policies, request, payload, strict, (among, asked, claims, hard) => {
        const turned = among.toReversed().map((one) => ({ ...one, rules: one.rules?.toReversed() }));
        return effect(among, asked, claims, hard) === effect(turned, asked, claims, hard);
      }),
      runs,
    );
  });

  test("a DENY that matches alone denies in any company", () => {
    fc.assert(
      fc.property(policies, policyOf("DENY").map(enforced), request, payload, (among, denying, asked, claims) => {
        fc.pre(effect([denying], asked, claims) === "deny");
        return effect([...among, denying], asked, claims, false) === "deny";
      }),
      runs,
    );
  });

  test("one more DENY or CUSTOM never allows", () => {
    fc.assert(
      fc.property(
        policies,
        policyOf("DENY", "CUSTOM"),
        request,
        payload,
        strict,
        (among, more, asked, claims, hard) => {
          fc.pre(effect(among, asked, claims, hard) === "deny");
          return effect([...among, more], asked, claims, hard) === "deny";
        },
      ),
      runs,
    );
  });

  test("beside an ALLOW layer, one more ALLOW never denies", () => {
    const allow = policyOf("ALLOW").map(enforced);
    fc.assert(
      fc.property(policies, allow, allow, request, payload, strict, (among, first, more, asked, claims, hard) => {
        fc.pre(effect([...among, first], asked, claims, hard) === "allow");
        return effect([...among, first, more], asked, claims, hard) === "allow";
      }),
      runs,
    );
  });

  test("AUDIT and dry-run never change the effect", () => {
    const silent = fc.oneof(
      policyOf("AUDIT"),
      policyOf("ALLOW", "DENY").map((one): AuthorizationPolicy => ({ ...one, shadow: true })),
    );
    fc.assert(
      fc.property(policies, silent, request, payload, strict, (among, more, asked, claims, hard) => {
        return effect(among, asked, claims, hard) === effect([...among, more], asked, claims, hard);
      }),
      runs,
    );
  });

  test("strict only ever denies more", () => {
    fc.assert(
      fc.property(policies, request, payload, (among, asked, claims) => {
        return effect(among, asked, claims, true) === "deny" || effect(among, asked, claims, false) === "allow";
      }),
      runs,
    );
  });
});
