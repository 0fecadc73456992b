/** Whatever a client sends, neither stand traps, and nothing owned comes through: random and mutated requests. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { HeaderInput, Host } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { EDGE, filterHost, NOW, request, STAMP, type Stand, stand, TOKEN, token, ZONE } from "./stands.ts";

let host: Host;
let edge: Stand;
let stamp: Stand;
let zone: Stand;
beforeAll(async () => {
  host = await filterHost();
  edge = stand(host, { ...EDGE, token: TOKEN });
  stamp = stand(host, STAMP);
  zone = stand(host, { ...ZONE, token: { check: true } });
});

const anyBytes = fc.uint8Array({ maxLength: 60 });
const names = fc.constantFrom(
  ":method",
  ":path",
  ":authority",
  ":scheme",
  "authorization",
  "connection",
  "signature",
  "signature-input",
  "Signature_Input",
  "txn-token",
  "Txn_Token",
  "x-user-id",
  "x-countersign-zone",
  "x_countersign_anything",
  "origin",
);
const words = fc
  .array(
    fc.constantFrom(
      "Bearer ",
      "countersign=",
      "(",
      ")",
      '"@path"',
      ";",
      "=",
      ",",
      ":",
      "AAAA",
      "e30",
      ".",
      "/",
      "%2e",
      "?",
      "\0",
      "\xff",
      "txn-token",
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
const line: fc.Arbitrary<HeaderInput> = fc.tuple(fc.oneof(names, names, anyBytes), fc.oneof(anyBytes, words));
const OWNED = /^(x[-_]countersign[-_].*|txn[-_]token|x[-_]user[-_]id)$/i;

describe("hostile requests", () => {
  it("never trap, and bring nothing owned through the edge", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.boolean(), (lines, whole) => {
        const headers = whole ? request("/healthz", ...lines) : lines;
        const step = edge(headers);
        if (step.action === "continue") {
          expect(step.outcome).toBe("");
          expect(step.headers.map(([name]) => String(name)).filter((name) => OWNED.test(name))).toEqual([]);
        } else {
          expect(step.localReply?.status).toBeGreaterThanOrEqual(401);
        }
        stamp(headers);
      }),
      { numRuns: 1500 },
    );
  });

  it("hold no stamp after any change of one byte of what it covers", () => {
    const headers = stamp(request("/orders?id=1", ["txn-token", "a.b.c"])).headers;
    expect(zone(headers).outcome).toBe("");
    const at = fc.tuple(fc.nat(headers.length - 1), fc.nat(400), fc.integer({ min: 1, max: 127 }));
    fc.assert(
      fc.property(at, ([index, position, bits]) => {
        const [name, value] = headers[index] ?? ["", ""];
        const bytes = new Uint8Array(Buffer.from(value, "latin1"));
        // The scheme is not covered, the authority's case is no part of it.
        if (name === ":scheme" || bytes.length === 0) return;
        const place = position % bytes.length;
        const before = bytes[place] ?? 0;
        const after = before ^ bits;
        if (name === ":authority" && (before | 0x20) === (after | 0x20)) return;
        bytes[place] = after;
        const changed = headers.map((entry, i): HeaderInput => (i === index ? [name, bytes] : entry));
        expect(zone(changed).action).toBe("stop");
      }),
      { numRuns: 1500 },
    );
  });

  it("never refuse a token that time and algorithm allow", () => {
    const claims = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 });
    fc.assert(
      fc.property(claims, fc.integer({ min: NOW, max: NOW + 1000 }), (more, exp) => {
        const payload = JSON.parse(JSON.stringify(more));
        const bearer = token({ ...payload, nbf: NOW, exp });
        expect(edge(request("/", ["authorization", `Bearer ${bearer}`])).outcome).toBe("");
      }),
    );
  });

  it("in a configuration never trap", () => {
    const text = fc.oneof(fc.json(), fc.string(), fc.constant(JSON.stringify(ZONE)));
    fc.assert(
      fc.property(text, fc.nat(600), fc.integer({ min: 1, max: 255 }), (json, place, bits) => {
        const bytes = new TextEncoder().encode(json);
        if (bytes.length > 0) bytes[place % bytes.length] = (bytes[place % bytes.length] ?? 0) ^ bits;
        try {
          host.startPlugin({ rootId: "countersign.guard", configuration: bytes }).stop();
        } catch (error) {
          expect(error).toMatchObject({ name: "PluginRefused" });
        }
      }),
      { numRuns: 500 },
    );
  });
});
