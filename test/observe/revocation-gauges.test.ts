import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { registerRevocationGauges } from "../../ext-authz/observe/revocation-gauges.ts";

test.each([
  [[], 0, 0, 0],
  [[7, 90, undefined], 2, 1, 90],
  [[undefined], 0, 1, 0],
])("lists of ages %j", async (ages, read, missing, oldest) => {
  const registry = new Registry();
  registerRevocationGauges(registry, () => ages.map((ageSeconds) => ({ ageSeconds })));
  const text = await registry.metrics();
  expect(text).toContain(`countersign_revocation_lists{state="read"} ${read}\n`);
  expect(text).toContain(`countersign_revocation_lists{state="missing"} ${missing}\n`);
  expect(text).toContain(`countersign_revocation_age_seconds ${oldest}\n`);
});
