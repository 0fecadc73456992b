/** `responses` in both stands' configurations: each mistake is told by its field. */

import { describe, expect, it } from "vitest";
import { PluginRefused } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { filterHost, type JsonFields, SECRET, STAMP, ZONE } from "./stands.ts";

const R1 = { id: "r1", secret: SECRET };
const SIGNS = { sign: "r1", keys: [R1] };

describe("configuration", () => {
  const MISTAKES: readonly (readonly [problem: string, JsonFields])[] = [
    ["responses: must be an object", { ...ZONE, responses: true }],
    [
      "responses: needs stamp",
      { ...ZONE, inbound: "edge", stamp: { zones: ["edge"], keys: [R1], verify: false }, responses: SIGNS },
    ],
    ["responses.sign: must be the id", { ...ZONE, responses: { ...SIGNS, sign: "r2" } }],
    ["responses.token: is not known", { ...ZONE, responses: { ...SIGNS, token: "x" } }],
    ["responses.lifetimeSeconds: must be", { ...ZONE, responses: { ...SIGNS, lifetimeSeconds: 0 } }],
    ["responses.keys: is missing", { ...STAMP, responses: {} }],
    ["responses.sign: is not known", { ...STAMP, responses: SIGNS }],
    ["responses.keys[0].secret: must be", { ...STAMP, responses: { keys: [{ id: "r1", secret: SECRET.slice(3) }] } }],
    ["responses.maxAgeSeconds: must be", { ...STAMP, responses: { keys: [R1], maxAgeSeconds: 4000 } }],
  ];
  it.each(MISTAKES)("%s (%#)", async (problem, configuration) => {
    const host = await filterHost();
    const rootId = `countersign.${configuration["stand"]}`;
    const start = (given: JsonFields) => host.startPlugin({ rootId, configuration: JSON.stringify(given) });
    expect(() => start(configuration)).toThrow(PluginRefused);
    expect(host.logs.map(({ text }) => text).join("\n")).toContain(`configuration refused: ${problem}`);
  });
});
