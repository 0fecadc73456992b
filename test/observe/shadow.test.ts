import { describe, expect, test } from "vitest";
import type { Check } from "../../ext-authz/check.ts";
import { incomingOf } from "../../ext-authz/cli/check-request.ts";
import type { Decision, ShadowVerdict } from "../../ext-authz/model.ts";
import { withCandidate } from "../../ext-authz/observe/candidate-check.ts";
import { changeOfCandidate, changesOfPolicies } from "../../ext-authz/observe/shadow-changes.ts";
import { aDeny, aFailure, anAllow, ref } from "./fixtures.ts";

const says = (action: ShadowVerdict["action"], name = "s"): ShadowVerdict => ({ policy: ref(name), action });
const change = (name: "allow_to_deny" | "deny_to_allow") => [{ change: name, source: "policy", policy: "foo/s" }];

describe("what a shadow policy would have changed", () => {
  test.each<readonly [string, Decision, readonly object[]]>([
    ["a DENY turns an allow", anAllow(ref("a"), [says("DENY")]), change("allow_to_deny")],
    ["an ALLOW turns the want of one", aDeny("no_policy_allows", undefined, [says("ALLOW")]), change("deny_to_allow")],
    ["and of any policy", aDeny("no_policy", undefined, [says("ALLOW")]), change("deny_to_allow")],
    ["an ALLOW does not turn a DENY", aDeny("denied_by_policy", ref("d"), [says("ALLOW")]), []],
    ["a DENY does not turn a deny", aDeny("no_policy", undefined, [says("DENY")]), []],
    ["an ALLOW does not turn an allow", anAllow(ref("a"), [says("ALLOW")]), []],
    ["AUDIT never turns anything", anAllow(ref("a"), [says("AUDIT")]), []],
    ["two rules of one policy count once", anAllow(ref("a"), [says("DENY"), says("DENY")]), change("allow_to_deny")],
  ])("%s", (_, decision, expected) => {
    expect(changesOfPolicies(decision)).toEqual(expected);
  });
});

describe("what a candidate set would have changed", () => {
  test.each<readonly [string, Decision, Decision, string | undefined]>([
    ["its DENY", anAllow(ref("a")), aDeny("denied_by_policy", ref("c")), "allow_to_deny foo/c"],
    ["the loss of an ALLOW", anAllow(ref("a")), aDeny("no_policy_allows"), "allow_to_deny foo/a"],
    ["its ALLOW", aDeny("no_policy_allows"), anAllow(ref("c")), "deny_to_allow foo/c"],
    ["the loss of a DENY", aDeny("denied_by_policy", ref("d")), anAllow(), "deny_to_allow foo/d"],
    ["no policy on either side", anAllow(), aDeny("no_policy"), "allow_to_deny no_policy"],
    ["the same effect", anAllow(ref("a")), anAllow(ref("b")), undefined],
    ["its failure", anAllow(ref("a")), aFailure, undefined],
    ["our failure", aFailure, anAllow(ref("a")), undefined],
  ])("%s", (_, decision, candidate, expected) => {
    const found = changeOfCandidate(decision, candidate);
    expect(found && `${found.change} ${found.policy}`).toBe(expected);
  });
});

describe("the candidate beside the active set", () => {
  const incoming = incomingOf({}, undefined);
  const answer = anAllow(ref("a"));
  const live: Check = () => Promise.resolve(answer);

  interface Compared {
    readonly decision: Decision;
    readonly compared: Decision[];
    readonly failures: unknown[];
  }

  /** Answers first; then everything that was put off is run to its end. */
  async function evaluate(candidate: Check | undefined): Promise<Compared> {
    const later: (() => void)[] = [];
    const compared: Decision[] = [];
    const failures: unknown[] = [];
    let settled = (): void => {};
    const end = new Promise<void>((resolve) => {
      settled = resolve;
    });
    const check = withCandidate(live, {
      candidate: () => candidate,
      defer: (run) => later.push(run),
      compared: (_, other) => {
        compared.push(other);
        settled();
      },
      failed: (cause) => {
        failures.push(cause);
        settled();
      },
    });
    const decision = await check(incoming, new AbortController().signal);
    expect(compared).toEqual([]);
    for (const run of later) run();
    if (later.length > 0) await end;
    return { decision, compared, failures };
  }

  test("is compared after the answer, which is the same object", async () => {
    const other = aDeny("no_policy");
    const { decision, compared } = await evaluate(() => Promise.resolve(other));
    expect(decision).toBe(answer);
    expect(compared).toEqual([other]);
  });

  test.each<readonly [string, Check]>([
    ["rejects", () => Promise.reject(new Error("broken"))],
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
  ])("one that %s changes nothing", async (_, candidate) => {
    const { decision, failures } = await evaluate(candidate);
    expect(decision).toBe(answer);
    expect(failures).toEqual([new Error("broken")]);
  });

  test("one that never ends holds nothing up, and only so many wait", async () => {
    let failures = 0;
    const check = withCandidate(live, {
      candidate: () => () => new Promise(() => {}),
      defer: (run) => run(),
      compared: () => {},
      failed: () => failures++,
    });
    for (let i = 0; i < 300; i++) expect(await check(incoming, new AbortController().signal)).toBe(answer);
    expect(failures).toBe(300 - 256);
  });

  test("without a candidate nothing is put off", async () => {
    expect(await evaluate(undefined)).toEqual({ decision: answer, compared: [], failures: [] });
  });
});
