/** The configuration that the demo's Envoys really run has no hazards; with one made, it has. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Topology } from "../../examples/demo/topology.ts";
import { examine } from "../../ext-authz/doctor/envoy/examine.ts";
import { readConfig } from "../../ext-authz/doctor/envoy/read-config.ts";
import { run } from "../cli/run-command.ts";
import { startTopology } from "../support/topology.ts";

let topology: Topology;

beforeAll(async () => {
  topology = await startTopology({ grants: true });
});
afterAll(() => topology?.stop());

test("of edge and zone", async () => {
  const { code, out } = await run("doctor", "envoy", "--json", topology.edge.admin, topology.zone.admin);
  expect(JSON.parse(out)).toMatchObject({ managers: 2, hazards: [], problems: [] });
  expect(code).toBe(0);
});

test("a hazard in a real dump is found", async () => {
  const dump = await (await fetch(`${topology.edge.admin}/config_dump`)).text();
  const open = dump.replaceAll('"ServiceUnavailable"', '"Forbidden"');
  expect(open).not.toBe(dump);
  expect(examine(readConfig("dump", open).documents).hazards.map(({ id }) => id)).toEqual(["status_on_error"]);
});
