/** The last decisions in one block of bytes: what is found is what the decision was, and old ones make room. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decision, JsonObject, RequestModel } from "../../ext-authz/model.ts";
import { recordOf, remember } from "../../ext-authz/observe/decision-record.ts";
import { createRecentDecisions } from "../../ext-authz/observe/recent-decisions.ts";
import { parseIp } from "../../ext-authz/request/ip-address.ts";
import { aDeny, aFailure, anAllow, ref, rules, seen } from "./fixtures.ts";

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.constantFrom("", "\0", "3:abc", "\ud800", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln", "x".repeat(3000)),
);
const peer = fc.record({
  address: fc.constantFrom(undefined, parseIp("10.1.2.3"), parseIp("2001:db8::1")),
  port: fc.nat(65_535),
});
const requests: fc.Arbitrary<Partial<RequestModel>> = fc.record({
  protocol: fc.constantFrom("http", "tcp"),
  ...{ method: text, path: text, query: text, scheme: text, sni: text, requestId: text },
  host: fc.option(text, { nil: undefined }),
  sourcePrincipal: fc.option(text, { nil: undefined }),
  ...{ source: peer, destination: peer },
  remoteAddress: fc.constantFrom(undefined, parseIp("1.2.3.4")),
  headers: fc
    .dictionary(fc.constantFrom("x-role", "x-email", "x-unread", "authorization"), fc.array(text, { maxLength: 3 }))
    .map((headers) => new Map(Object.entries(headers))),
});
const payloads: fc.Arbitrary<JsonObject | undefined> = fc.constantFrom(
  undefined,
  {},
  { iss: "i", sub: "s", mail: "m" },
);
const kept = fc.constantFrom(undefined, rules([]), rules(["x-role", ":path", "authorization"], ["mail"], ["x-email"]));

interface Made {
  readonly decision: Decision;
  readonly ms: number;
  readonly at: number;
  readonly by: ReturnType<typeof rules> | undefined;
}

const decisions: fc.Arbitrary<Made> = fc
  .record({
    ...{ request: requests, payload: payloads, by: kept, kind: fc.nat(4) },
    at: fc.nat(2_000_000_000_000),
    ms: fc.double({ min: 0, max: 5000, noNaN: true }),
  })
  .map(({ request, payload, by, kind, at, ms }) => {
    const evidence = seen(request, payload);
    const early = { ...evidence, judged: undefined };
    const shadow = [{ policy: ref("s"), action: "DENY" as const }];
    const decision = [
      anAllow(ref("a"), [], evidence),
      anAllow(undefined, shadow, evidence),
      aDeny("no_policy", undefined, [], early),
      aDeny("denied_by_policy", ref("d"), shadow, evidence),
      aFailure,
    ][kind];
    if (decision === undefined) throw new Error("no such kind");
    return { decision, at, ms, by };
  });

describe("a decision that was kept", () => {
  it("is found with the record that it had", () => {
    fc.assert(
      fc.property(fc.array(decisions, { minLength: 1, maxLength: 12 }), (all) => {
        const recent = createRecentDecisions(4, 1 << 20);
        for (const [n, { decision, ms, at, by }] of all.entries()) recent.add({ ...decision, id: `d${n}` }, ms, at, by);
        all.forEach(({ decision, ms, at, by }, n) => {
          const found = recent.find(`d${n}`);
          if (n < all.length - 4) expect(found).toBeUndefined();
          else expect(found).toEqual(recordOf(remember({ ...decision, id: `d${n}` }, ms, new Date(at), by)));
        });
      }),
      { numRuns: 300 },
    );
  });

  it("is the newest of its name, and gets what the candidate said", () => {
    const recent = createRecentDecisions(10);
    const words = { effect: "deny", reason: "no_policy", policy: "", revision: "r2" };
    recent.add(anAllow(), 1, 0, rules([]));
    recent.add(aDeny("no_policy"), 1, 0, rules([]));
    recent.compared("d1", words);
    recent.compared("nobody", words);
    expect(recent.find("d1")).toMatchObject({ effect: "deny", candidate: words });
    expect(recent.find("nobody")).toBeUndefined();
  });
});

describe("the block", () => {
  it("never holds more than its bytes: old ones make room, in their order", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 6000 }), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(sizes, (all) => {
        const recent = createRecentDecisions(1000, 16 * 1024);
        const path = (n: number): string => `/${n}/`.padEnd(all[n] ?? 0, "x");
        all.forEach((_, n) => {
          recent.add({ ...anAllow(undefined, [], seen({ path: path(n) })), id: `d${n}` }, n, n, rules([]));
          let gone = true;
          for (let earlier = 0; earlier <= n; earlier++) {
            const found = recent.find(`d${earlier}`);
            // What was kept before another is never kept longer.
            expect(gone || found !== undefined).toBe(true);
            gone = found === undefined;
            if (found === undefined) continue;
            expect(found.milliseconds).toBe(earlier);
            expect(found.request?.path.startsWith(`/${earlier}/`)).toBe(true);
          }
          expect(gone).toBe(false);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("cuts what is too long to keep, without a piece of a token", () => {
    const token = `eyJ${"a".repeat(40)}.eyJ${"b".repeat(40_000)}.${"c".repeat(40)}`;
    const recent = createRecentDecisions(10);
    recent.add(anAllow(undefined, [], seen({ path: `/${"x".repeat(2000)}${token}` })), 1, 0, rules([]));
    const path = recent.find("d1")?.request?.path ?? "";
    expect(path.length).toBeLessThan(2100);
    expect(path).not.toContain("bbb");
  });

  it("keeps nothing where nothing is to be kept", () => {
    const recent = createRecentDecisions(0);
    recent.add(anAllow(), 1, 0, rules([]));
    expect(recent.find("d1")).toBeUndefined();
  });
});
