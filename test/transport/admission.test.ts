import { describe, expect, it } from "vitest";
import { createAdmission, WINDOW_MS } from "../../ext-authz/transport/admission.ts";

const limits = { maxChecks: 2, maxLagMs: 5 * WINDOW_MS, random: () => 0.25 };
const times = (count: number, busy: number): number[] => Array.from({ length: count }, () => busy);

/** Ten checks are asked in each window, or as many as are said. */
function pressed(random = 0.25, asked = 10) {
  const { admit, done, window } = createAdmission({ ...limits, maxChecks: 1000, random: () => random });
  return {
    admit,
    window(busy: number, milliseconds: number) {
      for (let n = 0; n < asked; n++) if (admit()) done();
      window(busy, milliseconds);
    },
  };
}

describe("which checks are taken on", () => {
  it("no more at once than the bound", () => {
    const { admit, done } = createAdmission(limits);
    expect([admit(), admit(), admit()]).toEqual([true, true, false]);
    done();
    expect([admit(), admit()]).toEqual([true, false]);
  });

  it("a refused one holds no place", () => {
    const { admit, done } = createAdmission({ ...limits, maxChecks: 1 });
    admit();
    for (let n = 0; n < 5; n++) admit();
    done();
    expect(admit()).toBe(true);
  });

  it.each([
    ["idle", times(100, 0), true],
    ["busy, with idle moments", times(100, 0.97), true],
    ["no idle moment within the bound", times(5, 1), true],
    ["none for longer", times(8, 1), false],
    ["now and then one", [...times(5, 1), 0.5, ...times(5, 1), 0.5, ...times(5, 1)], true],
    ["over, but not for long", [...times(8, 1), 0.5], false],
    ["over for long", [...times(8, 1), ...times(60, 0.5)], true],
  ])("%s", (_, windows, admitted) => {
    const { admit, window } = pressed();
    for (const busy of windows) window(busy, WINDOW_MS);
    expect(admit()).toBe(admitted);
  });

  it.each([
    ["two long turns are a reload", 2, true],
    ["many are an overload", 5, false],
  ])("%s", (_, count, admitted) => {
    const { admit, window } = pressed();
    for (const busy of times(count, 1)) window(busy, 1000);
    expect(admit()).toBe(admitted);
  });

  it("a loop that is busy with something else is no overload", () => {
    const { admit, window } = pressed(0.25, 9);
    for (const busy of times(100, 1)) window(busy, 1000);
    expect(admit()).toBe(true);
  });

  it("at worst nothing at all is taken on", () => {
    const { admit, window } = pressed(0.999_999);
    for (const busy of times(100, 1)) window(busy, WINDOW_MS);
    expect(admit()).toBe(false);
  });
});
