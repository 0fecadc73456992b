import { describe, expect, it } from "vitest";
import type { Log } from "../../ext-authz/observe/log.ts";
import type { Member } from "../../ext-authz/process/member.ts";
import type { Policies } from "../../ext-authz/process/message.ts";
import { createWorkers } from "../../ext-authz/process/workers.ts";

interface FakeMember extends Member {
  readonly given: Policies[];
  readonly events: string[];
  die(why: string): void;
  takes: string;
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const policies = (): Policies => ({ resources: [], candidates: [] });

function setting(serving: (fork: number) => Promise<string> = () => Promise.resolve("127.0.0.1:1")) {
  const forked: FakeMember[] = [];
  const timers: { readonly run: () => void; readonly milliseconds: number }[] = [];
  const fork = (slot: number, first: Policies): FakeMember => {
    let die = (_: string): void => {};
    const gone = new Promise<string>((resolve) => {
      die = resolve;
    });
    const events: string[] = [];
    const given = [first];
    const member: FakeMember = {
      slot,
      pid: forked.length + 1,
      serving: serving(forked.length + 1),
      gone,
      given,
      events,
      takes: "",
      die: (why) => die(why),
      async apply(next) {
        if (member.takes === "") given.push(next);
        return member.takes;
      },
      refuse: () => void events.push("refuse"),
      ask: async () => undefined,
      async retire(quietly) {
        events.push(quietly ? "retired quietly" : "retired");
        die("exit code 0");
      },
      kill() {
        events.push("killed");
        die("SIGKILL");
      },
    };
    forked.push(member);
    return member;
  };
  const workers = createWorkers({
    ...{ slots: 2, fork, clock: () => 0, log: silent, killMs: 1 },
    setTimer(run, milliseconds) {
      timers.push({ run, milliseconds });
      return () => {};
    },
  });
  return { workers, forked, timers };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("workers", () => {
  it("all slots come up with the first policies", async () => {
    const { workers, forked } = setting();
    const first = policies();
    await workers.apply(first);
    expect(forked.map(({ slot, given }) => [slot, given[0] === first])).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(workers.members()).toEqual(forked);
  });

  it("a start that fails is the caller's to know", async () => {
    const { workers } = setting(() => Promise.reject(new Error("cannot listen")));
    await expect(workers.apply(policies())).rejects.toThrow("cannot listen");
  });

  it("one that dies is replaced with the last good policies, later each time", async () => {
    const { workers, forked, timers } = setting();
    await workers.apply(policies());
    const good = policies();
    await workers.apply(good);
    for (const expected of [100, 200, 400]) {
      forked.findLast(({ slot }) => slot === 1)?.die("SIGKILL");
      await settle();
      expect(workers.members().map(({ slot }) => slot)).toEqual([2]);
      const timer = timers.at(-1);
      expect(timer?.milliseconds).toBe(expected);
      timer?.run();
      await settle();
      expect(workers.members().map(({ slot }) => slot)).toEqual([1, 2]);
      expect(forked.at(-1)?.given[0]).toBe(good);
    }
  });

  it("policies that nobody takes change nothing", async () => {
    const { workers, forked, timers } = setting();
    const good = policies();
    await workers.apply(good);
    for (const member of forked) member.takes = "mint.issuer is missing";
    await expect(workers.apply(policies())).rejects.toThrow("mint.issuer is missing");
    forked[0]?.die("SIGKILL");
    await settle();
    timers[0]?.run();
    await settle();
    expect(forked[2]?.given).toEqual([good]);
  });

  it("who does not follow the others is ended and replaced", async () => {
    const { workers, forked, timers } = setting();
    await workers.apply(policies());
    if (forked[0] !== undefined) forked[0].takes = "out of memory";
    const next = policies();
    await workers.apply(next);
    await settle();
    expect(forked[0]?.events).toEqual(["killed"]);
    timers[0]?.run();
    await settle();
    expect(forked[2]?.given[0]).toBe(next);
  });

  it("one that starts while policies change serves only with the new ones", async () => {
    let serve = (_: string): void => {};
    const late = new Promise<string>((resolve) => {
      serve = resolve;
    });
    const { workers, forked, timers } = setting((fork) => (fork === 3 ? late : Promise.resolve("")));
    await workers.apply(policies());
    forked[0]?.die("SIGKILL");
    await settle();
    timers[0]?.run();
    const next = policies();
    await workers.apply(next);
    serve("");
    await settle();
    expect(forked[2]?.given.at(-1)).toBe(next);
    expect(workers.members()).toContain(forked[2]);
  });

  it("a roll brings the new one up before the old one goes, and nobody says NOT_SERVING", async () => {
    const { workers, forked } = setting();
    await workers.apply(policies());
    await workers.roll();
    expect(forked.map(({ slot, events }) => [slot, events])).toEqual([
      [1, ["retired quietly"]],
      [2, ["retired quietly"]],
      [1, []],
      [2, []],
    ]);
    expect(workers.members()).toEqual(forked.slice(2));
  });

  it("a roll whose new one does not come up leaves the old one", async () => {
    const { workers, forked } = setting((fork) => (fork > 2 ? Promise.reject(new Error("no")) : Promise.resolve("")));
    await workers.apply(policies());
    await expect(workers.roll()).rejects.toThrow("no");
    expect(workers.members()).toEqual(forked.slice(0, 2));
  });

  it("a stop drains all, and nobody is replaced", async () => {
    const { workers, forked, timers } = setting();
    await workers.apply(policies());
    await workers.stop();
    expect(forked.map(({ events }) => events)).toEqual([["retired"], ["retired"]]);
    expect(timers).toEqual([]);
  });
});
