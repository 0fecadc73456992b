/** When an internal token is given out again, and when a new one is minted. */
import { expect, test } from "vitest";
import { mintAll } from "../../ext-authz/mint/mint.ts";
import { compileMint } from "../../ext-authz/mint/plan.ts";
import { generateSigningKey } from "../../ext-authz/mint/signing-key.ts";
import type { JsonObject, VerifiedToken } from "../../ext-authz/model.ts";
import type { InternalToken } from "../../ext-authz/resources/resource.ts";

const NOW = 1_790_000_000;
const key = await generateSigningKey();
const resource: InternalToken = {
  ...{ kind: "InternalToken", namespace: "foo", name: "inner", shadow: false, file: "test.yaml", line: 1 },
  target: { matchLabels: new Map(), targetRefs: [] },
  ...{ audience: "orders", lifetimeSeconds: 60, header: "txn-token", claims: [], constants: {} },
};
const newPlan = () => compileMint(resource, "https://inner", key);
const claims: JsonObject = { sub: "alice" };
const alice: VerifiedToken = { raw: "a.b.c", issuer: "https://idp", subject: "alice", expiresAt: NOW + 600, claims };

let ids = 0;
function mint(plan: ReturnType<typeof newPlan>, token: VerifiedToken, now: number): string {
  const changes = { remove: [], set: [], removeQueryParameters: [] };
  const result = mintAll([plan], { token, payload: token.claims, changes }, now, () => `id-${ids++}`);
  if (!result.ok) throw new Error(result.error);
  return result.value.set[0]?.[1] ?? "";
}

const rows: readonly (readonly [string, Partial<VerifiedToken>, number, boolean])[] = [
  ["at once", {}, NOW, true],
  ["with 80% of its life left", {}, NOW + 12, true],
  ["with less", {}, NOW + 12.1, false],
  ["after its end", {}, NOW + 61, false],
  ["before it was issued: the clock was set back", {}, NOW - 1, false],
  ["for equal claims of another token", { claims: { sub: "alice" } }, NOW, false],
  ["for another subject", { subject: "bob" }, NOW, false],
  ["for another issuer", { issuer: "https://other" }, NOW, false],
  ["for a token that ends at another time", { expiresAt: NOW + 30 }, NOW, false],
];
test.each(rows)("%s", (_, other, at, same) => {
  const plan = newPlan();
  const first = mint(plan, alice, NOW);
  expect(mint(plan, { ...alice, ...other }, at) === first).toBe(same);
});

test("never beyond the incoming token, whose own end makes its life shorter", () => {
  const plan = newPlan();
  const short = { ...alice, expiresAt: NOW + 10 };
  const first = mint(plan, short, NOW);
  expect(mint(plan, short, NOW + 2)).toBe(first);
  expect(mint(plan, short, NOW + 2.1)).not.toBe(first);
});

test("another plan, and so another snapshot or key, mints anew", () => {
  expect(mint(newPlan(), alice, NOW)).not.toBe(mint(newPlan(), alice, NOW));
});

test("what is remembered is bounded in bytes, over all plans: what came first goes first", () => {
  const plans = [newPlan(), newPlan()];
  const [plan = newPlan()] = plans;
  const first = mint(plan, alice, NOW);
  // Of 16 kB each.
  const subject = (n: number): string => `${n}`.padEnd(12_000, "x");
  const others = Array.from({ length: 600 }, (_, n): VerifiedToken => {
    return { ...alice, subject: subject(n), claims: { sub: subject(n) } };
  });
  const minted = others.map((token, n) => mint(plans[n % 2] ?? plan, token, NOW));
  const again = others.map((token, n) => mint(plans[n % 2] ?? plan, token, NOW) === minted[n]);
  expect(mint(plan, alice, NOW)).not.toBe(first);
  // Looking at the first ones, which are gone, drives out the last ones.
  expect(again.filter(Boolean).length).toBe(0);
  const [last = alice] = others.slice(-1);
  expect(mint(plan, last, NOW)).toBe(mint(plan, last, NOW));
});

test("one token at many workloads is remembered for each, and for so many only", () => {
  const plans = Array.from({ length: 33 }, newPlan);
  const minted = plans.map((plan) => mint(plan, alice, NOW));
  const again = (at: number): boolean => mint(plans[at] ?? newPlan(), alice, NOW) === minted[at];
  expect([32, 31, 1].map(again)).toEqual([true, true, true]);
  expect(again(0)).toBe(false);
});
