/** Several zones: each adds its name to the chain that its guard verified, and only known chains are taken. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Config } from "../../envoy/model.ts";
import { send } from "../../examples/demo/client.ts";
import type { TestEnvoy } from "../support/envoy.ts";
import { EDGE, filterHost, type JsonFields, replaced, request, SECRET, STAMP, stand, values, ZONE } from "./stands.ts";
import { answer, stamping, stands, startZone } from "./two-zones.ts";

const keys = [{ id: "k1", secret: SECRET }];
const guarding = (zone: string, zones: string[], via: string[]): JsonFields => ({
  ...ZONE,
  zone,
  stamp: { zones, via, keys },
});

describe("a chain in the header", () => {
  const CASES: readonly (readonly [value: string, outcome: string])[] = [
    ["dmz", "passed"],
    ["edge, dmz", "passed"],
    ["edge, lab, dmz", "passed"],
    ["edge", "stamp_invalid"],
    ["dmz, edge", "stamp_invalid"],
    ["other, dmz", "stamp_invalid"],
    ["edge,dmz", "stamp_invalid"],
    ["edge,  dmz", "stamp_invalid"],
    ["edge, dmz,", "stamp_invalid"],
    ["edge, dmz, ", "stamp_invalid"],
    [", dmz", "stamp_invalid"],
    ["edge, edge, dmz", "stamp_invalid"],
    ["dmz, dmz", "stamp_invalid"],
    ["", "stamp_invalid"],
    [`${"edge, ".repeat(200)}dmz`, "stamp_invalid"],
    ["a, b, c, d, e, f, g, h, dmz", "stamp_invalid"],
  ];
  it.each(CASES)("%j: %s", async (value, outcome) => {
    const host = await filterHost();
    const guard = stand(host, guarding("inner", ["dmz"], ["edge", "lab", ..."abcdefgh"]));
    // Whatever zone text the stand was given, so that the signature is good and the chain alone decides.
    const plugin = host.startPlugin({
      rootId: "countersign.stamp",
      configuration: JSON.stringify({ ...STAMP, zone: value.split(", ").at(-1) || "dmz", chain: true }),
    });
    const before = value.split(", ").slice(0, -1).join(", ");
    const stream = plugin.stream(before === "" ? {} : { properties: { "countersign.chain": before } });
    const step = stream.requestHeaders(request(), { endOfStream: true });
    if (step.localReply) expect([step.localReply.status, outcome]).toEqual([503, "stamp_invalid"]);
    else {
      const [written = ""] = values(step.headers, "x-countersign-zone");
      const headers = written === value ? step.headers : replaced(step.headers, "x-countersign-zone", value);
      expect(guard(headers).outcome).toBe(outcome);
    }
  });
});

describe("through real Envoys", () => {
  const started: TestEnvoy[] = [];
  let edge: TestEnvoy;
  let dmz: TestEnvoy;
  const everywhere = (cluster: string): Config => ({ match: { prefix: "/" }, route: { cluster } });
  const signs = (zone: string) => stands("stamp", { ...STAMP, zone, chain: true });
  beforeAll(async () => {
    const inner = await startZone("inner", {
      filters: [stands("guard", guarding("inner", ["dmz"], ["edge"]))],
      routes: [answer],
    });
    started.push(inner);
    dmz = await startZone("dmz", {
      filters: [stands("guard", guarding("dmz", ["edge"], []))],
      routes: [everywhere("inner")],
      clusters: [stamping("inner", inner.port, [signs("dmz")])],
    });
    started.push(dmz);
    edge = await startZone("edge", {
      filters: [stands("guard", EDGE)],
      routes: [everywhere("dmz")],
      clusters: [stamping("dmz", dmz.port, [signs("edge")])],
    });
    started.push(edge);
  });
  afterAll(async () => {
    for (const envoy of started.reverse()) await envoy.stop();
  });

  it("the last zone sees all that the request came through", async () => {
    const got = await send(edge.port, { path: "/orders", headers: { "x-countersign-zone": "forged, dmz" } });
    expect([got.status, got.headers["x-seen-zone"]]).toEqual([200, "edge, dmz"]);
  });

  it("a zone cannot be left out", async () => {
    expect((await send(dmz.port, { path: "/orders" })).status).toBe(403);
  });
});
