import { describe, expect, test } from "vitest";
import type { Verdict } from "../../../ext-authz/model.ts";
import type { AccessAction, AccessPolicy } from "../../../ext-authz/resources/access-policy-resource.ts";
import type { AuthorizationPolicy } from "../../../ext-authz/resources/resource.ts";
import { policy } from "../fixtures.ts";
import { access, decideBy } from "./policies.ts";

const TRUE = "request.path == '/'";
const FALSE = "request.path == '/no'";
const ERROR = "request.auth.claims.role == 'admin'";
const NO_BOOLEAN = "dyn(request.path)";

const said = (verdict: Verdict): string => {
  const by = verdict.policy === undefined ? "-" : `${verdict.policy.name}#${verdict.policy.rule}`;
  return verdict.effect === "allow" ? `allow ${by}` : `${verdict.refusal.code} ${by}`;
};

const allowAll = policy("ALLOW", [{}]);
const denyAll = policy("DENY", [{}]);

describe("one AccessPolicy beside an ALLOW of everything", () => {
  test.each<readonly [action: AccessAction, cel: string | readonly string[], wanted: string]>([
    ["DENY", TRUE, "denied_by_policy deny-application#-1"],
    ["DENY", FALSE, "allow allow#0"],
    ["DENY", ERROR, "denied_by_policy deny-application#-1"],
    ["DENY", NO_BOOLEAN, "denied_by_policy deny-application#-1"],
    ["DENY", [FALSE, TRUE], "denied_by_policy deny-application#1"],
    ["REQUIRE", TRUE, "allow allow#0"],
    ["REQUIRE", FALSE, "denied_by_policy require-application#-1"],
    ["REQUIRE", ERROR, "denied_by_policy require-application#-1"],
    ["REQUIRE", NO_BOOLEAN, "denied_by_policy require-application#-1"],
    ["REQUIRE", [TRUE, TRUE], "allow allow#0"],
    ["REQUIRE", [TRUE, FALSE], "denied_by_policy require-application#1"],
  ])("%s %s", (action, cel, wanted) => {
    expect(said(decideBy([access(action, cel)], { istio: [allowAll] }))).toBe(wanted);
  });
});

describe("ALLOW alone", () => {
  test.each<readonly [cel: string | readonly string[], wanted: string]>([
    [TRUE, "allow allow-application#-1"],
    [[FALSE, TRUE], "allow allow-application#1"],
    [FALSE, "no_policy_allows -"],
    [ERROR, "no_policy_allows -"],
    [NO_BOOLEAN, "no_policy_allows -"],
  ])("%s", (cel, wanted) => expect(said(decideBy([access("ALLOW", cel)]))).toBe(wanted));

  test("with a token, a claim is there", () => {
    const allow = access("ALLOW", ERROR);
    expect(decideBy([allow], { payload: { role: "admin" } }).effect).toBe("allow");
    expect(decideBy([allow], { payload: { role: "user" } }).effect).toBe("deny");
  });
});

describe("the order of the stages", () => {
  const platform = access("REQUIRE", FALSE, "platform");
  const ours = access("DENY", TRUE);
  const application = access("REQUIRE", FALSE);
  const rows: readonly (readonly [istio: readonly AuthorizationPolicy[], ours: readonly AccessPolicy[], by: string])[] =
    [
      [[denyAll], [ours, application, platform], "require-platform#-1"],
      [[denyAll], [ours, application], "deny#0"],
      [[allowAll], [ours, application], "deny-application#-1"],
      [[allowAll], [application, access("ALLOW", TRUE)], "require-application#-1"],
    ];
  test.each(rows)("row %#", (istio, policies, by) => {
    expect(said(decideBy(policies, { istio }))).toBe(`denied_by_policy ${by}`);
    expect(said(decideBy(policies.toReversed(), { istio: istio.toReversed() }))).toBe(`denied_by_policy ${by}`);
  });
});

describe("a layer that denies by default", () => {
  const closed = access("ALLOW", [], "platform", { defaultDeny: true, criterion: { by: "nothing" }, name: "closed" });
  const below = access("ALLOW", TRUE, "service");
  test.each<
    readonly [name: string, policies: readonly AccessPolicy[], istio: readonly AuthorizationPolicy[], wanted: string]
  >([
    ["nothing allows", [closed], [], "no_policy_allows closed#-1"],
    ["only a lower layer allows", [closed, below], [], "no_policy_allows closed#-1"],
    ["this layer allows too", [closed, below, access("ALLOW", TRUE, "platform")], [], "allow allow-platform#-1"],
    [
      "an AuthorizationPolicy of this layer allows",
      [closed],
      [policy("ALLOW", [{}], { namespace: "istio-system" })],
      "allow allow#0",
    ],
    ["in shadow it closes nothing", [{ ...closed, shadow: true }, below], [], "allow allow-service#-1"],
  ])("%s", (_, policies, istio, wanted) => expect(said(decideBy(policies, { istio }))).toBe(wanted));
});

describe("in shadow", () => {
  const shadow = (action: AccessAction, cel: string) => access(action, cel, "application", { shadow: true });
  test.each<readonly [action: AccessAction, cel: string, seen: readonly string[]]>([
    ["DENY", TRUE, ["DENY"]],
    ["DENY", FALSE, []],
    ["DENY", ERROR, ["DENY"]],
    ["REQUIRE", TRUE, []],
    ["REQUIRE", FALSE, ["DENY"]],
    ["REQUIRE", ERROR, ["DENY"]],
    ["ALLOW", TRUE, ["ALLOW"]],
    ["ALLOW", FALSE, []],
  ])("%s %s", (action, cel, seen) => {
    const verdict = decideBy([shadow(action, cel)], { istio: [allowAll] });
    expect(said(verdict)).toBe("allow allow#0");
    expect(verdict.shadow.map((one) => one.action)).toEqual(seen);
  });

  test("an ALLOW that would begin to refuse says so", () => {
    const verdict = decideBy([shadow("ALLOW", FALSE)]);
    expect([verdict.effect, verdict.shadow.map((one) => one.action)]).toEqual(["allow", ["DENY"]]);
  });
});

test("strict: without any ALLOW nothing is allowed, and a REQUIRE is no ALLOW", () => {
  expect(said(decideBy([access("REQUIRE", TRUE)], { strict: true }))).toBe("no_policy -");
  expect(said(decideBy([access("REQUIRE", TRUE)], { strict: false }))).toBe("allow -");
});
