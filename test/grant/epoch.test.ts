/** The epoch: the same name for the same state, another for another, and a name that is no grant's after the clock was set. */
import { describe, expect, it } from "vitest";
import { createEpoch, type Epoch } from "../../ext-authz/grant/epoch.ts";

interface Hand {
  revisions: readonly string[] | undefined;
  /** Seconds. */
  wall: number;
  /** Milliseconds. */
  elapsed: number;
  hashed: number;
}

function inHand(revisions: readonly string[] | undefined): { readonly hand: Hand; readonly epoch: Epoch } {
  const hand: Hand = { revisions, wall: 1_790_000_000, elapsed: 0, hashed: 0 };
  const epoch = createEpoch({
    revisions: () => hand.revisions,
    hash: (text) => {
      hand.hashed++;
      return text;
    },
    now: () => hand.wall + hand.elapsed / 1000,
    clock: () => hand.elapsed,
  });
  return { hand, epoch };
}

describe("the epoch", () => {
  it("is the same for the same contents in any order", () => {
    expect(inHand(["a 1", "b 2"]).epoch.current()).toBe(inHand(["b 2", "a 1"]).epoch.current());
  });

  it("is another one as soon as one content is", () => {
    const { hand, epoch } = inHand(["a 1", "b 2"]);
    const before = epoch.current();
    hand.revisions = ["a 1", "b 3"];
    hand.elapsed += 100;
    expect(epoch.current()).not.toBe(before);
    expect(epoch.forGrants()).toBe(epoch.current());
  });

  it("comes back with the contents", () => {
    const { hand, epoch } = inHand(["a 1"]);
    const before = epoch.current();
    hand.revisions = ["a 2"];
    epoch.changed();
    expect(epoch.current()).not.toBe(before);
    hand.revisions = ["a 1"];
    epoch.changed();
    expect(epoch.current()).toBe(before);
  });

  it("is hashed when something changed and not when it is read", () => {
    const { hand, epoch } = inHand(["a 1"]);
    for (let at = 0; at < 50; at++) {
      hand.elapsed += 60;
      epoch.forGrants();
    }
    expect(hand.hashed).toBe(2);
  });

  it("is none while nothing is in force", () => {
    const { hand, epoch } = inHand(undefined);
    expect([epoch.current(), epoch.forGrants()]).toEqual([undefined, undefined]);
    hand.revisions = ["a 1"];
    epoch.changed();
    expect(epoch.current()).toBe('["a 1"]');
  });
});

describe("a clock that is set", () => {
  it.each([3600, -3600, 1.5, -1.5])(
    "by %d seconds ends all grants, and none is given until the last is gone",
    (step) => {
      const { hand, epoch } = inHand(["a 1"]);
      const before = epoch.current();
      hand.elapsed += 500;
      hand.wall += step;
      expect(epoch.forGrants()).toBe(undefined);
      expect(epoch.current()).not.toBe(before);
      hand.elapsed += 61_000;
      expect(epoch.forGrants()).toBe(undefined);
      hand.elapsed += 1000;
      expect([epoch.forGrants(), epoch.current()]).toEqual([before, before]);
    },
  );

  it("in small steps, as clocks are disciplined, ends none", () => {
    const { hand, epoch } = inHand(["a 1"]);
    const before = epoch.forGrants();
    for (let at = 0; at < 100; at++) {
      hand.elapsed += 500;
      hand.wall += 0.02;
      expect(epoch.forGrants()).toBe(before);
    }
  });

  it("is the same state in two processes", () => {
    const [one, two] = [inHand(["a 1"]), inHand(["a 1"])];
    for (const { hand, epoch } of [one, two]) {
      epoch.current();
      hand.wall += 10;
      hand.elapsed += 200;
    }
    expect(one.epoch.current()).toBe(two.epoch.current());
  });
});
