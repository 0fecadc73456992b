/** The fuzzer's quick form: no exception, nothing accepted but what was signed. Times are looked at in the long form only. */
import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";

test("twenty thousand inputs", () => {
  const report = fuzz(20_000, 1, () => 0);
  expect(report.findings).toEqual([]);
  // It got everywhere: past the signature, into the signature, into each segment, and nowhere at all.
  expect(report.accepted).toBeGreaterThan(100);
  const reasons = ["token_malformed", "token_signature", "token_algorithm", "token_issuer", "token_too_large"];
  for (const said of ["no token", ...reasons])
    expect([said, (report.refused.get(said) ?? 0) > 5]).toEqual([said, true]);
});
