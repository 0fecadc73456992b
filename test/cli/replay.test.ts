import { describe, expect, test } from "vitest";
import type { Decision, JsonObject, RequestModel } from "../../ext-authz/model.ts";
import { createDecisionLog } from "../../ext-authz/observe/decision-log.ts";
import { recordOf, remember } from "../../ext-authz/observe/decision-record.ts";
import { readsOf } from "../../ext-authz/observe/policy-reads.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import { aDeny, aFailure, anAllow, ref, seen } from "../observe/fixtures.ts";
import { run, SHOP, withFiles } from "./run-command.ts";

const orders = { namespace: "shop", name: "", labels: new Map([["app", "orders"]]) };
const reader: JsonObject = { iss: "https://idp.example", sub: "alice", role: "reader" };

function asked(path: string, claims: JsonObject | undefined, changes: Partial<RequestModel> = {}) {
  return seen({ path, workload: orders, ...changes }, claims);
}

/** What `serve` would have written for these decisions. */
function logOf(decisions: readonly Decision[], mask: readonly string[] = []): string {
  const lines: string[] = [];
  const sink = { write: (line: string) => lines.push(line), again: () => {} };
  const log = createDecisionLog({ sample: 1 }, { sink, random: () => 0, now: () => 0 });
  const { resources } = readResources([{ file: "shop.yaml", text: SHOP }]);
  const rules = { reads: readsOf(resources), maskHeaders: new Set<string>(), maskClaims: new Set(mask) };
  log.snapshot("r1", rules);
  for (const decision of decisions) {
    const record = recordOf(remember(decision, 1, new Date(0), rules));
    log.decided(() => record);
    log.changed(record, { change: "allow_to_deny", source: "policy", policy: "x/y" }, undefined);
  }
  return lines.join("");
}

const decisions = [
  anAllow(ref("readers"), [], asked("/orders/1", reader)),
  aDeny("no_policy_allows", undefined, [], asked("/orders/1", undefined)),
  aFailure,
];

const at = withFiles({
  "shop.yaml": SHOP,
  "closed.yaml": SHOP.replace("values: [reader]", "values: [writer]"),
  "open.yaml": `${SHOP}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: open, namespace: shop }
spec: { rules: [{}] }
`,
  "other-claim.yaml": SHOP.replace("claims[role]", "claims[group]"),
  "elsewhere.yaml": SHOP.replace("claims[role]", "claims[group]").replace("app: orders", "app: pay"),
  "log.jsonl": logOf(decisions),
  "masked.jsonl": logOf(decisions, ["role"]),
  "cut.jsonl": logOf([anAllow(ref("readers"), [], asked(`/orders/${"x".repeat(3000)}`, reader))]),
  "no-head.jsonl": logOf(decisions).split("\n").slice(1).join("\n"),
  "garbage.jsonl": "not json\n[]\n{}\n",
});

const replay = (policies: string, log = "log.jsonl", ...more: string[]) =>
  run("replay", at(log), "--policies", at(policies), ...more);

describe("replay", () => {
  test("the same policies change nothing: exit code 0", async () => {
    const { code, out } = await replay("shop.yaml");
    expect(code).toBe(0);
    expect(out).toContain("2 decisions: 2 the same, 0 ALLOW→DENY, 0 DENY→ALLOW, 0 unknown");
    expect(out).toContain("1 skipped");
  });

  test.each([
    ["closed.yaml", "ALLOW→DENY", "--allow-new-denials", "would be no_policy_allows"],
    ["open.yaml", "DENY→ALLOW", "--allow-new-allows", "would be allowed by shop/open[0]"],
  ])("%s: lists what changed, exit code 1 unless %s is fine", async (policies, change, flag, after) => {
    const { code, out } = await replay(policies);
    expect(code).toBe(1);
    expect(out).toContain(`${change}  "GET /orders/1 to shop/app=orders"`);
    expect(out).toContain(after);
    expect(out).toContain(`1 ${change}`);
    expect((await replay(policies, "log.jsonl", flag)).code).toBe(0);
  });

  test("--json has counts and changes", async () => {
    const { out } = await replay("closed.yaml", "log.jsonl", "--json");
    expect(JSON.parse(out)).toMatchObject({
      decisions: 2,
      newDenials: 1,
      newAllows: 0,
      unknown: 0,
      skipped: 1,
      broken: 0,
      changed: [{ change: "ALLOW→DENY", id: "d1", before: "allowed by foo/readers[0]" }],
    });
  });

  test("--limit lists fewer and counts all", async () => {
    const { out } = await replay("closed.yaml", "log.jsonl", "--json", "--limit", "0");
    expect(JSON.parse(out)).toMatchObject({ newDenials: 1, changed: [] });
  });
});

describe("a decision that cannot be told is unknown, never the same", () => {
  test.each([
    ["the policies read a claim that was not kept", "other-claim.yaml", "log.jsonl", "request.auth.claims[group]"],
    ["a claim that they read was masked", "shop.yaml", "masked.jsonl", "request.auth.claims[role]"],
    ["the log does not say what it shows", "shop.yaml", "no-head.jsonl", "request.auth.claims[role]"],
    ["the path was cut", "shop.yaml", "cut.jsonl", "the whole of a long path or host"],
  ])("%s", async (_, policies, log, missing) => {
    const { code, out } = await replay(policies, log, "--json");
    const { unknown, same, notInLog } = JSON.parse(out);
    expect(code).toBe(1);
    expect(unknown).toBeGreaterThan(0);
    expect(same).toBe(0);
    expect(notInLog).toContain(missing);
    expect((await replay(policies, log, "--allow-unknown")).code).toBe(0);
  });

  test("but not when the policy that reads it does not apply to the workload", async () => {
    const { out } = await replay("elsewhere.yaml", "log.jsonl", "--json");
    expect(JSON.parse(out)).toMatchObject({ unknown: 0, newDenials: 1 });
  });
});

describe("exit code 2", () => {
  test.each([
    ["no log", []],
    ["a log that is not there", ["/nowhere.jsonl"]],
    ["a limit that is no number", ["/dev/null", "--limit", "x"]],
  ])("%s", async (_, args) => {
    expect((await run("replay", ...args, "--policies", at("shop.yaml"))).code).toBe(2);
  });

  test("a file that is no decision log", async () => {
    const { code, out } = await replay("shop.yaml", "garbage.jsonl");
    expect([code, out]).toEqual([2, expect.stringContaining("3 lines are not from a decision log")]);
  });
});
