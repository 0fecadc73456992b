/** Content-Digest in the Node host: the body that was stamped is the body that passes, however it comes in pieces. */

import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type Header,
  type HeaderInput,
  type Host,
  PluginRefused,
} from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { filterHost, type Json, type JsonFields, replaced, request, SECRET, STAMP, ZONE } from "./stands.ts";

const KEYS = [{ id: "k1", secret: SECRET }];
const STAMPS: JsonFields = { ...STAMP, contentDigest: { maxBytes: 1000 } };
const GUARD: JsonFields = { ...ZONE, stamp: { zones: ["edge"], keys: KEYS, contentDigest: { maxBytes: 1000 } } };
const POST = replaced(request("/orders"), ":method", "POST");

let host: Host;
beforeEach(async () => {
  host = await filterHost();
});

interface Sent {
  readonly headers: HeaderInput[];
  readonly body: string;
  readonly status: number | undefined;
  /** What the stand did with the headers and with each piece. */
  readonly actions: string;
}

/** A request with a body in pieces, to its end; `trailers` = it ends with some. */
function send(configuration: JsonFields, headers: HeaderInput[], pieces: readonly string[], trailers = false): Sent {
  const name = String(configuration["stand"]);
  const plugin = host.startPlugin({ rootId: `countersign.${name}`, configuration: JSON.stringify(configuration) });
  const stream = plugin.stream();
  const steps: { action: string }[] = [
    stream.requestHeaders(headers, { endOfStream: pieces.length === 0 && !trailers }),
  ];
  const passed: Uint8Array[] = [];
  pieces.forEach((piece, i) => {
    const step = stream.requestBody(piece, { endOfStream: !trailers && i === pieces.length - 1 });
    steps.push(step);
    passed.push(step.body);
  });
  if (trailers) steps.push(stream.requestTrailers([["x-end", "1"]]));
  const after = stream.headers("request").map(([n, value]: Header): HeaderInput => [String(n), String(value)]);
  const status = stream.localReply?.status;
  const body = Buffer.concat(passed).toString();
  stream.done();
  return { headers: after, body, status, actions: steps.map(({ action }) => action).join(" ") };
}
const digest = (headers: readonly HeaderInput[]) =>
  headers.filter(([name]) => name === "content-digest").map(([, value]) => value);
const input = (headers: readonly HeaderInput[]) => String(headers.find(([name]) => name === "signature-input")?.[1]);

describe("the stamp", () => {
  // RFC 9530 §2 and appendix D, and RFC 9421 appendix B.2.
  it.each([
    ['{"hello": "world"}\n', "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"],
    ['{"hello": "world"}', "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"],
    ["", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"],
  ])("sends and covers the digest of %j", (body, value) => {
    const sent = send(STAMPS, POST, [body]);
    expect([sent.actions, sent.body, digest(sent.headers)]).toEqual(["stop continue", body, [value]]);
    expect(input(sent.headers)).toContain('"@query" "content-digest" "x-countersign-zone")');
    expect(send(GUARD, sent.headers, [body])).toMatchObject({ actions: "stop continue", body });
  });

  it("overwrites what a client says of it", () => {
    const sent = send(STAMPS, [...POST, ["content-digest", "sha-256=:AAAA:"], ["content-digest", "x=:AAAA:"]], ["a"]);
    expect(digest(sent.headers)).toEqual([`sha-256=:${createHash("sha256").update("a").digest("base64")}:`]);
  });

  it("leaves a request without a body as it was", () => {
    const sent = send(STAMPS, POST, []);
    expect([sent.actions, digest(sent.headers)]).toEqual(["continue", []]);
    expect(send(GUARD, sent.headers, []).actions).toBe("continue");
  });

  it("refuses what is larger, once, and sends nothing of it", () => {
    expect(send(STAMPS, POST, ["a".repeat(1000)]).status).toBeUndefined();
    expect(send(STAMPS, POST, ["a".repeat(600), "a".repeat(401)])).toMatchObject({ status: 413, body: "" });
    expect(host.metric("countersign.stamp.refused.body_too_large")).toBe(1n);
  });

  it("holds nothing back where it is not asked for", () => {
    expect(send(STAMP, POST, ["a", "b"])).toMatchObject({ actions: "continue continue continue", body: "ab" });
  });
});

it("every body passes, in any pieces, with trailers or without", () => {
  const pieces = fc.array(fc.string({ maxLength: 90 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(pieces, pieces, fc.boolean(), fc.boolean(), (sent, other, before, after) => {
      const stamped = send(STAMPS, POST, sent, before);
      const got = send(GUARD, stamped.headers, sent, after);
      expect([stamped.status, got.status, got.actions.startsWith("stop")]).toEqual([undefined, undefined, true]);
      const same = sent.join("") === other.join("");
      expect(send(GUARD, stamped.headers, other, after).status).toBe(same ? undefined : 403);
    }),
    { numRuns: 60 },
  );
});

describe("the guard refuses", () => {
  const stamped = () => send(STAMPS, POST, ["body"]).headers;
  const bodiless = () => send(STAMPS, POST, []).headers;
  const other = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
  const REFUSALS: readonly (readonly [string, () => HeaderInput[], readonly string[], number])[] = [
    ["another body", stamped, ["bodY"], 403],
    ["a longer body", stamped, ["body", "!"], 403],
    ["a shorter body", stamped, ["bod"], 403],
    ["no body", stamped, [], 403],
    ["an empty body", stamped, [""], 403],
    ["a body that nobody stamped", bodiless, ["body"], 403],
    ["a body under a stamp without digest", () => send(STAMP, POST, ["body"]).headers, ["body"], 403],
    ["a digest that nobody stamped", () => [...bodiless(), ["content-digest", other]], [""], 403],
    ["another digest", () => replaced(stamped(), "content-digest", other), [""], 403],
    ["two digests", () => [...stamped(), ["content-digest", other]], ["body"], 403],
    ["no digest", () => replaced(stamped(), "content-digest"), ["body"], 403],
    ["too large a body", stamped, ["body", "a".repeat(1000)], 413],
  ];
  it.each(REFUSALS)("%s", (_, headers, pieces, status) => {
    expect(send(GUARD, headers(), pieces)).toMatchObject({ status, body: "" });
    if (pieces.length > 0) expect(send(GUARD, headers(), pieces, true)).toMatchObject({ status });
  });

  it("nothing of it where it does not look at bodies, but takes the stamp", () => {
    expect(send(ZONE, stamped(), ["body"])).toMatchObject({ actions: "continue continue", body: "body" });
    expect(send(ZONE, replaced(stamped(), "content-digest", other), ["body"]).status).toBe(403);
  });

  it("what is over its other limit for bodies", () => {
    const guard = { ...GUARD, request: { maxBodyBytes: 7 } };
    expect(send(guard, stamped(), ["bo", "dy"]).status).toBeUndefined();
    expect(send(guard, stamped(), ["body", "body"]).status).toBe(413);
  });
});

it.each<[string, JsonFields]>([
  ["contentDigest: must be an object", { ...STAMP, contentDigest: true }],
  [
    "contentDigest.maxBytes: must be a whole number from 0 to 1048576",
    { ...STAMP, contentDigest: { maxBytes: 1048577 } },
  ],
  [
    "stamp.contentDigest.max: is not known",
    { ...ZONE, stamp: { zones: ["edge"], keys: KEYS, contentDigest: { max: 1 } } },
  ],
  ["sign.contentDigest: is not known", { ...ZONE, sign: { sign: "k1", keys: KEYS, contentDigest: {} } as Json }],
])("%s", (problem, configuration) => {
  expect(() => send(configuration, POST, [])).toThrow(PluginRefused);
  expect(host.logs.map(({ text }) => text).join("\n")).toContain(`configuration refused: ${problem}`);
});
