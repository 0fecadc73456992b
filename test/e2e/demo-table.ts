/**
 * The end-to-end table: the demo's own rows, then hostile requests and forged stamps on raw sockets. In: how to start the
 * parts; the plain Envoys and those of a mesh answer to the same table. Effects: registers the tests.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Incoming, send } from "../../examples/demo/client.ts";
import { gather, runSample } from "../../examples/demo/run-samples.ts";
import { echoed, type Ingredients, samples } from "../../examples/demo/samples.ts";
import { restamp } from "../../examples/demo/stamp.ts";
import type { Topology } from "../../examples/demo/topology.ts";
import { sendRaw } from "../support/raw-http.ts";

const forged = "forged-by-client";
const host = "host: edge.example";

/** @param start is called once; what it gives is stopped after the last row. */
export function demoTable(start: () => Promise<Topology>): void {
  let topology: Topology;
  let ingredients: Ingredients;
  beforeAll(async () => {
    topology = await start();
    ingredients = await gather(topology);
  });
  afterAll(() => topology?.stop());

  it("every row of the demo is as it should be", async () => {
    const rows = [];
    for (const sample of samples(ingredients)) rows.push(await runSample(topology, sample));
    expect(rows.filter((row) => row.unexpected !== "")).toEqual([]);
    expect(rows).toHaveLength(12);
  });

  describe("hostile requests at the edge: refused", () => {
    /** `TOKEN` becomes a good token: nothing but the oddity is wrong. */
    const cases: readonly [string, readonly string[], number][] = [
      ["an encoded slash", ["GET /api/orders%2f7 HTTP/1.1", host], 400],
      ["an encoded backslash", ["GET /api/orders%5c7 HTTP/1.1", host], 400],
      ["an encoded NUL", ["GET /api/orders/7%00 HTTP/1.1", host], 400],
      ["a dot segment with an encoded parameter", ["GET /api/x/..%3b/orders HTTP/1.1", host], 403],
      ["a fragment", ["GET /api/orders/7#/x HTTP/1.1", host], 400],
      ["dots that lead out", ["GET /api/../../etc/passwd HTTP/1.1", host], 404],
      ["a header name with an underscore", ["GET /api/orders/7 HTTP/1.1", host, "x_client_id: root"], 400],
      ["two lengths", ["POST /api/orders HTTP/1.1", host, "content-length: 1", "content-length: 2"], 400],
      [
        "a length and chunks",
        ["POST /api/orders HTTP/1.1", host, "content-length: 3", "transfer-encoding: chunked"],
        400,
      ],
      ["no host", ["GET /api/orders/7 HTTP/1.1"], 400],
      ["a header too long", ["GET /api/orders/7 HTTP/1.1", host, `x: ${"a".repeat(40_000)}`], 431],
      [
        "too many headers",
        ["GET /api/orders/7 HTTP/1.1", host, ...Array.from({ length: 120 }, (_, i) => `x-${i}: 1`)],
        431,
      ],
      ["a path too long", [`GET /api/orders/${"a".repeat(9000)} HTTP/1.1`, host], 403],
    ];
    it.each(cases)("%s", async (_, [line = "", ...lines], status) => {
      const answer = await sendRaw(topology.edge.port, [line, `authorization: Bearer ${ingredients.buyer}`, ...lines]);
      expect(answer.statuses).toEqual([status]);
    });
  });

  describe("bearer tokens that the guard refuses before any check", () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const cases: readonly [string, readonly string[]][] = [
      ["alg none", [`Bearer ${part({ alg: "none" })}.${part({ iss: "x", exp: 9_999_999_999 })}.`]],
      ["no JWS", ["Bearer not-a-token"]],
      ["no token after the scheme", ["Bearer "]],
      ["another scheme only", ["Basic dXNlcjpwYXNz"]],
      ["longer than allowed", [`Bearer ${"a".repeat(17_000)}`]],
    ];
    it.each(cases)("%s", async (_, values) => {
      const lines = values.map((value) => `authorization: ${value}`);
      const answer = await sendRaw(topology.edge.port, ["GET /api/orders/7 HTTP/1.1", host, ...lines]);
      expect(answer.statuses).toEqual([401]);
    });
  });

  describe("headers that only we may set never reach the service", () => {
    const cases: readonly [string, readonly string[]][] = [
      ["an identity header", [`x-client-id: ${forged}`]],
      ["one that nothing sets again", [`x-client-role: ${forged}`]],
      ["the same twice", [`x-client-id: ${forged}`, `x-client-id: ${forged}`]],
      ["in other case", [`X-CLIENT-ID: ${forged}`]],
      ["the internal token", [`txn-token: ${forged}`, `Txn-Token: ${forged}`]],
      ["our own prefix", [`x-countersign-zone: ${forged}`, `x-countersign-anything: ${forged}`]],
      ["a stamp", [`signature-input: countersign=();keyid="${forged}"`, "signature: countersign=:AAAA:"]],
      ["after a bare line feed", [`x: a\nx-client-id: ${forged}`]],
      ["named by connection", [`x-client-id: ${forged}`, "connection: x-client-id, txn-token, signature"]],
    ];
    it.each(cases)("%s", async (_, lines) => {
      const head = ["GET /api/orders/7 HTTP/1.1", host, `authorization: Bearer ${ingredients.buyer}`, ...lines];
      const answer = await sendRaw(topology.edge.port, head);
      expect(answer.statuses).toEqual([200]);
      expect(answer.text).not.toContain(forged);
      expect(answer.text).toContain('"x-client-id":["buyer"]');
    });
  });

  describe("stamps at the zone", () => {
    const direct = (change: Readonly<Record<string, string>>, more: { path?: string; method?: string } = {}) => {
      const { recorded } = ingredients;
      const headers = { ...recorded.headers, host: recorded.authority, ...change };
      return send(topology.zone.port, { path: more.path ?? recorded.target, method: more.method ?? "GET", headers });
    };
    const restamped = (shift: number) => restamp(ingredients.recorded, ingredients.secret, shift);
    const changed = (name: string, from: RegExp, to: string) => ({
      [name]: (ingredients.recorded.headers[name] ?? "").replace(from, to),
    });

    it("one that is made anew in the same way passes: what the other rows change is what is wrong", async () => {
      const answer = await direct(restamped(0));
      expect(answer.status).toBe(200);
      expect(echoed(answer).headers["x-client-id"]).toEqual(["buyer"]);
    });

    const cases: readonly [string, () => Promise<Incoming>, string][] = [
      ["another method", () => direct({}, { method: "DELETE" }), "stamp_invalid"],
      ["another query", () => direct({}, { path: "/orders/7?all=1" }), "stamp_invalid"],
      ["another host", () => direct({ host: "other.example" }), "stamp_invalid"],
      ["another zone", () => direct({ "x-countersign-zone": "dmz" }), "stamp_invalid"],
      ["another token", () => direct(changed("txn-token", /.$/, "")), "stamp_invalid"],
      ["a longer life", () => direct(changed("signature-input", /expires=\d+/, "expires=9999999999")), "stamp_invalid"],
      ["another key", () => direct(changed("signature-input", /keyid="k1"/, 'keyid="k2"')), "stamp_invalid"],
      ["another tag", () => direct(changed("signature-input", /tag="countersign"/, 'tag="x"')), "stamp_invalid"],
      ["less covered", () => direct(changed("signature-input", / "@query"/, "")), "stamp_invalid"],
      ["of the future", () => direct(restamped(600)), "stamp_invalid"],
      ["of the past", () => direct(restamped(-60)), "stamp_expired"],
    ];
    it.each(cases)("%s does not pass", async (_, attempt, reason) => {
      const counter = `countersign.guard.refused.${reason}`;
      const before = await count(topology.zone.admin, counter);
      const answer = await attempt();
      expect(answer.status).toBe(403);
      expect(await count(topology.zone.admin, counter)).toBe(before + 1);
    });
  });
}

async function count(admin: string, name: string): Promise<number> {
  const answer = await fetch(`${admin}/stats?filter=${name.replaceAll(".", "\\.")}`);
  return Number((await answer.text()).split(": ").at(-1) ?? 0);
}
