/**
 * The quick form of `bench/steady.ts`, through the demo's Envoys: policies, a broken set, a roll of both workers and a new
 * certificate, and no request notices. COUNTERSIGN_LONG=1: the whole form.
 */
import { expect, it } from "vitest";
import { steady } from "../../bench/steady/run.ts";
import { CA, first, second } from "../transport/certificates.ts";

const long = process.env["COUNTERSIGN_LONG"] !== undefined;

it("an even load through real Envoys while everything changes: nothing fails, no decision is made by a mix", async () => {
  const result = await steady({
    rate: long ? 200 : 60,
    reloads: long ? 20 : 4,
    rolls: long ? 3 : 1,
    ca: CA,
    certificates: [first, second],
    say: () => {},
  });
  expect(result.failures).toEqual([]);
  expect(result.mixed).toEqual([]);
  expect(result.unlogged).toBe(0);
  expect(new Set(result.revisions.values())).toEqual(new Set(["/api/recorded/a", "/api/recorded/b"]));
  expect(result.revisions.size).toBe(2);
  // Each of the two workers says so; one that was replaced meanwhile, too.
  expect(result.refused).toBeGreaterThanOrEqual(1);
  expect(result.answers).toBeGreaterThan(100);
}, 300_000);
