/**
 * The digests that RFC 9530 itself gives, held against what the compiled stamp sends and the compiled guard takes. Source: the
 * working group's text of the RFC, httpwg/http-extensions, archive/draft-ietf-httpbis-digest-headers.md (21c63fd955b5),
 * appendices B and D: every body there with a sha-256 of it. `Repr-Digest` and `Content-Digest` are the same over a whole body.
 * Where the text slips: B.4 prints the start of other bytes (8B 08) beside a digest of the bytes that stand here, which are what
 * Brotli makes of the object and its LF; B.5, B.6, B.11 and C.1 pad one digest twice. §2 has the digest of B.4.
 */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { filterHost, type JsonFields, replaced, request, SECRET, STAMP, ZONE } from "./stands.ts";

/** `{"hello": "world"}` and LF, by Brotli at window 22. */
const BROTLI = "0B 09 80 7B 22 68 65 6C 6C 6F 22 3A 20 22 77 6F 72 6C 64 22 7D 0A 03";
const VECTORS: readonly (readonly [where: string, body: string | Buffer, digest: string])[] = [
  ["B.1", '{"hello": "world"}\n', "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="],
  ["B.2", "", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="],
  ["B.3", '"world"}\n', "jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ="],
  ["B.4", Buffer.from(BROTLI.replaceAll(" ", ""), "hex"), "d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk="],
  ["B.7, asked", '{"title": "New Title"}\n', "mEkdbO7Srd9LIOegftO0aBX+VPTVz7/CSHes2Z27gc4="],
  ["B.7, answered", '{\n  "id": "123",\n  "title": "New Title"\n}\n', "uVSlinTTdQUwm2On4k8TJUikGN1bf/Ds8WPX4oe0h9I="],
  [
    "B.8",
    '{\n  "status": "created",\n  "id": "123",\n  "ts": 1569327729,\n  "instance": "/books/123"\n}\n',
    "yXIGDTN5VrfoyisKlXgRKUHHMs35SNtyC3szSz1dbO8=",
  ],
  [
    "B.10",
    '{\n  "title": "Not Found",\n  "detail": "Cannot PATCH a non-existent resource",\n  "status": 404\n}\n',
    "EXB0S2VF2H7ijkAVJkH1Sm0pBho0iDZcvVUHHXTTZSA=",
  ],
  ["D", '{"hello": "world"}', "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="],
];

const contentDigest = { maxBytes: 1000 };
const POST = replaced(request("/items/123"), ":method", "POST");

it.each(VECTORS)("RFC 9530 %s", async (_, body, value) => {
  const digest = `sha-256=:${value}:`;
  expect(createHash("sha256").update(body).digest("base64")).toBe(value);
  const host = await filterHost();
  const start = (configuration: JsonFields) => {
    const stand = String(configuration["stand"]);
    return host.startPlugin({ rootId: `countersign.${stand}`, configuration: JSON.stringify(configuration) }).stream();
  };
  const stamp = start({ ...STAMP, contentDigest });
  stamp.requestHeaders(POST, { endOfStream: false });
  stamp.requestBody(body, { endOfStream: true });
  const sent = stamp.headers("request").map(([name, line]) => [String(name), String(line)] as const);
  expect(sent.filter(([name]) => name === "content-digest")).toEqual([["content-digest", digest]]);
  const keys = [{ id: "k1", secret: SECRET }];
  const guard = start({ ...ZONE, stamp: { zones: ["edge"], keys, contentDigest } });
  guard.requestHeaders(
    sent.map(([name, line]) => [name, line]),
    { endOfStream: false },
  );
  const step = guard.requestBody(body, { endOfStream: true });
  expect([step.action, guard.localReply]).toEqual(["continue", undefined]);
});
