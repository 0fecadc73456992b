import { describe, expect, it, test } from "vitest";
import type { Log } from "../../ext-authz/observe/log.ts";
import { createPolicyLoads } from "../../ext-authz/process/policy-loads.ts";
import { unsharedMemory } from "../../ext-authz/process/unshared-memory.ts";
import { err, ok } from "../../ext-authz/result.ts";
import { read, resource } from "../resources/read-one.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const none = { resources: [], candidates: [] };

describe("loads of policies", () => {
  const rows: readonly [string, () => Promise<never> | Promise<ReturnType<typeof ok<typeof none>>>, boolean][] = [
    ["unreadable", () => Promise.reject(new Error("EIO")), true],
    ["cannot be put in force", async () => ok(none), true],
    ["fine", async () => ok(none), false],
  ];
  test.each(rows)("%s", async (name, read, refused) => {
    const events: string[] = [];
    const loads = createPolicyLoads(Promise.resolve(), {
      read,
      apply: async () => {
        if (name !== "fine") throw new Error("no issuer");
        events.push("applied");
      },
      refuse: () => void events.push("refused"),
      log: silent,
    });
    await loads.again();
    expect(events).toEqual([refused ? "refused" : "applied"]);
  });

  it("problems are counted", async () => {
    let problems = 0;
    const effects = { read: async () => err(["a", "b"]), apply: async () => {}, log: silent };
    await createPolicyLoads(Promise.resolve(), { ...effects, refuse: (count) => (problems = count) }).again();
    expect(problems).toBe(2);
  });

  it("one at a time, and many requests during a load are one load after it", async () => {
    const open: (() => void)[] = [];
    let reads = 0;
    const loads = createPolicyLoads(Promise.reject(new Error("the first may fail")), {
      read: async () => {
        reads++;
        await new Promise<void>((resolve) => open.push(resolve));
        return ok(none);
      },
      ...{ apply: async () => {}, refuse: () => {}, log: silent },
    });
    const first = loads.again();
    await expect.poll(() => open.length).toBe(1);
    const more = [loads.again(), loads.again(), loads.again()];
    expect(reads).toBe(1);
    open[0]?.();
    await first;
    await expect.poll(() => open.length).toBe(2);
    open[1]?.();
    await Promise.all(more);
    expect(reads).toBe(2);
  });
});

describe("what one process alone may remember", () => {
  const apiVersion = "countersign.dev/v1alpha1";
  test.each([
    ["dpop", { method: "dpop" }, true],
    ["any", { method: "any" }, true],
    ["mtls", { method: "mtls" }, false],
    ["shadow", { method: "dpop", mode: "shadow" }, false],
  ])("%s", (_, spec, alone) => {
    const { resources, problems } = read(resource("ProofOfPossession", spec, { apiVersion }));
    expect(problems).toEqual([]);
    expect(unsharedMemory(resources)?.includes("p.yaml:1: ProofOfPossession foo/p") ?? false).toBe(alone);
  });
});
