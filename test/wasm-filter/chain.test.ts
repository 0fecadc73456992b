/** Several zones: each adds its name to the chain that its guard verified, and only known chains are taken. */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Config } from "../../envoy/model.ts";
import { send } from "../../examples/demo/client.ts";
import type { HeaderInput } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import type { TestEnvoy } from "../support/envoy.ts";
import { EDGE, filterHost, type JsonFields, NOW, request, SECRET, STAMP, stand, values, ZONE } from "./stands.ts";
import { answer, stamping, stands, startZone } from "./two-zones.ts";

const keys = [{ id: "k1", secret: SECRET }];
const guarding = (zone: string, zones: string[], via: string[]): JsonFields => ({
  ...ZONE,
  zone,
  stamp: { zones, via, keys },
});

/** A stamp made here, so that the signature is good whatever the header says. */
function signed(zones: string): HeaderInput[] {
  const covered = '("@method" "@authority" "@path" "@query" "x-countersign-zone")';
  const times = `created=${NOW};expires=${NOW + 30}`;
  const parameters = `${covered};${times};nonce="bm9uY2U=";keyid="k1";alg="hmac-sha256";tag="countersign"`;
  const lines = ['"@method": GET', '"@authority": shop.example', '"@path": /orders', '"@query": ?id=1'];
  const base = [...lines, `"x-countersign-zone": ${zones}`, `"@signature-params": ${parameters}`].join("\n");
  const code = createHmac("sha256", Buffer.from(SECRET, "base64url")).update(base).digest("base64");
  return request(
    "/orders?id=1",
    ["x-countersign-zone", zones],
    ["signature-input", `countersign=${parameters}`],
    ["signature", `countersign=:${code}:`],
  );
}

describe("a chain in the header", () => {
  const CASES: readonly (readonly [value: string, outcome: string])[] = [
    ["dmz", ""],
    ["edge, dmz", ""],
    ["edge, lab, dmz", ""],
    ["edge", "stamp_invalid"],
    ["dmz, edge", "stamp_invalid"],
    ["other, dmz", "stamp_invalid"],
    ["edge,dmz", "stamp_invalid"],
    ["edge,  dmz", "stamp_invalid"],
    ["edge, dmz,", "stamp_invalid"],
    ["edge, dmz, x", "stamp_invalid"],
    [", dmz", "stamp_invalid"],
    ["edge, edge, dmz", "stamp_invalid"],
    ["dmz, dmz", "stamp_invalid"],
    ["", "stamp_invalid"],
    [`${"edge, ".repeat(200)}dmz`, "stamp_invalid"],
    ["a, b, c, d, e, f, g, h, dmz", "stamp_invalid"],
  ];
  it.each(CASES)("%j: %s", async (value, outcome) => {
    const guard = stand(await filterHost(), guarding("inner", ["dmz"], ["edge", "lab", ..."abcdefgh"]));
    expect(guard(signed(value)).outcome).toBe(outcome);
  });
});

describe("the stamp", () => {
  const CASES: readonly (readonly [before: string | undefined, written: string | undefined])[] = [
    [undefined, "dmz"],
    ["edge", "edge, dmz"],
    ["edge, lab", "edge, lab, dmz"],
    ["edge, dmz", undefined],
    ["a, b, c, d, e, f, g, h", undefined],
    ["edge,lab", undefined],
  ];
  it.each(CASES)("after %j writes %j", async (before, written) => {
    const configuration = JSON.stringify({ ...STAMP, zone: "dmz", chain: true });
    const plugin = (await filterHost()).startPlugin({ rootId: "countersign.stamp", configuration });
    const stream = plugin.stream(before === undefined ? {} : { properties: { "countersign.chain": before } });
    const { headers, localReply } = stream.requestHeaders(request("/", ["x-countersign-zone", "forged"]), {
      endOfStream: true,
    });
    if (written === undefined) expect(localReply?.status).toBe(503);
    else expect(values(headers, "x-countersign-zone")).toEqual([written]);
  });

  it("names itself alone unless the chain was asked for", async () => {
    const plugin = (await filterHost()).startPlugin({
      rootId: "countersign.stamp",
      configuration: JSON.stringify(STAMP),
    });
    const step = plugin.stream({ properties: { "countersign.chain": "lab" } }).requestHeaders(request());
    expect(values(step.headers, "x-countersign-zone")).toEqual(["edge"]);
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
