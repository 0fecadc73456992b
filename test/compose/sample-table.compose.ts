/** The demo's table through the containers of `envoy/compose.yaml`. `npm run test:compose`; needs a Docker engine. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { gather, runSample } from "../../examples/demo/run-samples.ts";
import { samples } from "../../examples/demo/samples.ts";
import { type ComposedSample, startSample } from "./sample.ts";

let sample: ComposedSample;
beforeAll(async () => {
  sample = await startSample();
});
afterAll(() => sample?.stop());

it("every row of the demo is as it should be", async () => {
  const rows = [];
  for (const one of samples(await gather(sample))) rows.push(await runSample(sample, one));
  expect(rows.filter((row) => row.unexpected !== "")).toEqual([]);
  expect(rows).toHaveLength(12);
});

it("every service runs, the one that brings the filter is done", async () => {
  const lines = (await sample.status()).trim().split("\n").sort();
  expect(lines).toEqual([
    "countersign-edge running",
    "countersign-zone running",
    "edge running",
    "filter exited",
    "oidc running",
    "orders running",
    "recorder running",
    "zone running",
  ]);
});
