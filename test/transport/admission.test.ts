import { describe, expect, it } from "vitest";
import { createAdmission } from "../../ext-authz/transport/admission.ts";

const limits = { maxChecks: 2, maxLagMs: 50, random: () => 0.5 };

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
    ["no lag", [0, 0], true],
    ["lag within the bound", [50, 50, 50, 50, 50], true],
    ["a moment of lag", [60], true],
    ["lag that stays", [60, 60, 60], false],
    ["lag without hope", [201], false],
    ["over, but not for long", [201, 0], false],
    ["over for long", [201, ...Array.from({ length: 30 }, () => 0)], true],
  ])("%s", (_, lags, admitted) => {
    const { admit, lagged } = createAdmission(limits);
    for (const lag of lags) lagged(lag);
    expect(admit()).toBe(admitted);
  });

  it("without hope nothing at all is taken on", () => {
    const { admit, lagged } = createAdmission({ ...limits, random: () => 0.999_999 });
    lagged(10_000);
    expect(admit()).toBe(false);
  });
});
