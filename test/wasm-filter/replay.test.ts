/** The replay shield: a stamp passes once, in whichever worker, and what the store cannot hold is refused. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { type Clock, filterHost, NOW, request, SECRET, STAMP, type Stand, stand, ZONE } from "./stands.ts";

const keys = [{ id: "k1", secret: SECRET }];
const shielded = (entries: number, zone = "inner") => ({
  ...ZONE,
  zone,
  stamp: { zones: ["edge"], keys, replay: { entries } },
});

let clock: Clock;
let host: Awaited<ReturnType<typeof filterHost>>;
let stamp: Stand;
beforeEach(async () => {
  clock = { now: NOW };
  host = await filterHost(clock);
  stamp = stand(host, STAMP);
});
const stamped = () => stamp(request()).headers;

describe("replay shield", () => {
  it("lets each stamp pass once", () => {
    const guard = stand(host, shielded(64));
    const [first, second] = [stamped(), stamped()];
    expect([first, second, first, second].map((headers) => guard(headers).outcome)).toEqual([
      "",
      "",
      "stamp_replayed",
      "stamp_replayed",
    ]);
    const again = guard(first);
    expect(again.localReply?.status).toBe(403);
    expect(host.metric("countersign.guard.refused.stamp_replayed")).toBe(3n);
  });

  it("is shared by all workers", () => {
    const guards = [1, 2, 3].map(() => stand(host.vm(), shielded(64)));
    const headers = stamped();
    expect(guards.map((guard) => guard(headers).outcome)).toEqual(["", "stamp_replayed", "stamp_replayed"]);
  });

  it("stands through a push of the same configuration", () => {
    const headers = stamped();
    expect(stand(host, shielded(64))(headers).outcome).toBe("");
    expect(stand(host, shielded(64))(headers).outcome).toBe("stamp_replayed");
  });

  it("is one for each zone: a request may pass the guards of several in one proxy", () => {
    const headers = stamped();
    expect(stand(host, shielded(64))(headers).outcome).toBe("");
    expect(stand(host, shielded(64, "dmz"))(headers).outcome).toBe("");
  });

  it("is not filled by stamps that do not hold", () => {
    const guard = stand(host, shielded(64));
    const headers = stamped();
    for (let i = 0; i < 300; i++) {
      const forged = headers.map(([name, value]) => [name, name === ":path" ? `/${i}` : value] as const);
      expect(guard(forged).outcome).toBe("stamp_invalid");
    }
    expect(guard(headers).outcome).toBe("");
  });

  it("when full refuses with 503, and takes on again when stamps have ended", () => {
    const guard = stand(host, shielded(64));
    const outcomes = Array.from({ length: 140 }, () => guard(stamped()).outcome);
    expect(outcomes.indexOf("stamp_store_full")).toBe(128);
    const last = guard(stamped());
    expect([last.outcome, last.localReply?.status]).toEqual(["stamp_store_full", 503]);
    clock.now += 31;
    expect(guard(stamped()).outcome).toBe("");
    expect(host.sharedData("countersign.replay.inner.1.0")?.length).toBe(16);
  });

  it("holds at least as many as it was told, and no more than twice", () => {
    const guard = stand(host, shielded(1024));
    const outcomes = Array.from({ length: 1024 }, () => guard(stamped()).outcome);
    expect(new Set(outcomes)).toEqual(new Set([""]));
    const sizes = Array.from({ length: 16 }, (_, shard) => host.sharedData(`countersign.replay.inner.16.${shard}`));
    expect(sizes.every((size) => size !== undefined && size.length <= 128 * 16)).toBe(true);
  });

  it("keeps a stamp until its last second and never lets one pass twice", () => {
    const guard = stand(host, shielded(256));
    const pool = Array.from({ length: 40 }, stamped);
    const passed = new Set<number>();
    const steps = fc.array(fc.tuple(fc.nat(pool.length - 1), fc.nat(1)), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (list) => {
        for (const [index, later] of list) {
          clock.now = Math.min(clock.now + later, NOW + 30);
          const { outcome } = guard(pool[index] ?? []);
          expect(outcome).toBe(passed.has(index) ? "stamp_replayed" : "");
          passed.add(index);
        }
      }),
    );
  });
});
