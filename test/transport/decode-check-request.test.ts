/** Bytes of CheckRequests: what the fast reader makes of them, held against two libraries, and what it refuses. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Incoming } from "../../ext-authz/request/incoming.ts";
import { createCheckRequestDecoder } from "../../ext-authz/transport/decode-check-request.ts";
import { fromCheckRequest } from "../../ext-authz/transport/from-check-request.ts";
import { authorizationService } from "../../ext-authz/transport/protos.ts";
import { checkRequests, mutate, mutations } from "./check-request-messages.ts";
import { readConformantly } from "./conformant-reader.ts";

const method = authorizationService["Check"];
if (method === undefined) throw new Error("no Check in the protos");
const { requestSerialize, requestDeserialize } = method;
const decode = createCheckRequestDecoder();

function decoded(bytes: Buffer) {
  const result = decode(bytes);
  if (!result.ok) throw new Error(result.error);
  return read(result.value);
}

/** With its headers in a map, each as it is found by its name: texts are made when they are asked for. */
function read(incoming: Incoming): Incoming {
  const { http } = incoming;
  if (http === undefined) return incoming;
  const headers = new Map([...http.headers.keys()].map((name) => [name, http.headers.get(name) ?? []]));
  expect(headers).toEqual(new Map(http.headers));
  return { ...incoming, http: { ...http, headers } };
}

const RUNS = { numRuns: 400 };

describe("the fast reader agrees", () => {
  it("with proto-loader on what proto-loader wrote", () => {
    fc.assert(
      fc.property(checkRequests, (request) => {
        const bytes = requestSerialize(request);
        expect(decoded(bytes)).toEqual(fromCheckRequest(requestDeserialize(bytes) as object));
      }),
      RUNS,
    );
  });

  it("with a conformant library on what was damaged, or refuses it", () => {
    let accepted = 0;
    fc.assert(
      fc.property(checkRequests, mutations, (request, all) => {
        const bytes = mutate(requestSerialize(request), all);
        const ours = decode(bytes);
        const theirs = readConformantly(bytes);
        if (!ours.ok || theirs === undefined) return;
        accepted++;
        expect({ ...read(ours.value), metadata: new Map() }).toEqual(fromCheckRequest(theirs));
      }),
      { numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it("with itself, whether texts are slices of the whole or not", () => {
    fc.assert(
      fc.property(checkRequests, (request) => {
        const bytes = requestSerialize(request);
        // An unknown field of 20 kB: 0x7a is field 15, delimited.
        const large = Buffer.concat([bytes, Buffer.from([0x7a, 0xa0, 0x9c, 0x01]), Buffer.alloc(20_000)]);
        expect(decoded(large)).toEqual(decoded(bytes));
      }),
      { numRuns: 100 },
    );
  });
});

const field = (tag: number, ...content: number[]): number[] => [tag, content.length, ...content];
const ascii = (value: string): number[] => [...Buffer.from(value)];
/** attributes { request { http { … } } } */
const http = (...content: number[]): number[] => field(0x0a, ...field(0x22, ...field(0x12, ...content)));
const metadata = (...value: number[]): number[] =>
  field(
    0x0a,
    ...field(
      0x5a,
      ...field(
        0x0a,
        ...field(0x0a, 0x66),
        ...field(0x12, ...field(0x0a, ...field(0x0a, 0x6b), ...field(0x12, ...value))),
      ),
    ),
  );

describe("what comes twice", () => {
  test("submessages merge, the last scalar counts, lines add up", () => {
    const line = (key: string, value: string) =>
      field(0x6a, ...field(0x0a, ...field(0x0a, ...ascii(key)), ...field(0x1a, ...ascii(value))));
    const first = http(...field(0x12, ...ascii("GET")), ...field(0x22, ...ascii("/a")), ...line("x-a", "1"));
    const second = http(...field(0x22, ...ascii("/b")), ...line("x-a", "2"));
    expect(decoded(Buffer.from([...first, ...second])).http).toMatchObject({
      method: "GET",
      target: "/b",
      headers: new Map([["x-a", ["1", "2"]]]),
    });
  });

  test("of a oneof the last one counts", () => {
    const socket = field(0x0a, ...field(0x12, ...ascii("10.0.0.1")), 0x18, 80);
    const pipe = field(0x12, ...field(0x0a, ...ascii("/x")));
    const source = (...address: number[]) => Buffer.from(field(0x0a, ...field(0x0a, ...field(0x0a, ...address))));
    expect(decoded(source(...socket, ...pipe)).source).toMatchObject({ address: "", port: 0 });
    expect(decoded(source(...pipe, ...socket)).source).toMatchObject({ address: "10.0.0.1", port: 80 });
  });

  test.each([
    ["a text, then a truth", [...field(0x1a, 0x61), 0x20, 1], true],
    [
      "two structs merge",
      [...field(0x2a, ...field(0x0a, ...field(0x0a, 0x61))), ...field(0x2a, ...field(0x0a, ...field(0x0a, 0x62)))],
      { a: null, b: null },
    ],
    [
      "two lists add up",
      [...field(0x32, ...field(0x0a, 0x20, 1)), ...field(0x32, ...field(0x0a, 0x20, 0))],
      [true, false],
    ],
    ["a list after a struct", [...field(0x2a, ...field(0x0a, ...field(0x0a, 0x61))), ...field(0x32)], []],
  ])("a metadata value: %s", (_, value, expected) => {
    const fields = decoded(Buffer.from(metadata(...value))).metadata.get("f");
    expect(fields?.["k"]).toEqual(expected);
  });
});

describe("hostile bytes are refused", () => {
  const deepGroup = (depth: number): number[] => [...Array(depth).fill(0x7b), ...Array(depth).fill(0x7c)];
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ["a length beyond the end", [0x0a, 0x05, 0x00]],
    ["a length of four gigabytes", [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ["a length beyond its parent's end", [0x0a, 0x02, 0x22, 0x02, 0x12, 0x00]],
    ["a length of more than 32 bits", [0x0a, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ["a tag that does not end", [0x8a, 0x80, 0x80]],
    ["a tag of six bytes", [0x8a, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00]],
    ["a field without a number", [0x00, 0x00]],
    ["a varint of eleven bytes", [0x78, ...Array(10).fill(0xff), 0x01]],
    ["no such wire type", [0x7e]],
    ["a group that does not end", [0x7b, 0x08, 0x01]],
    ["the end of a group that did not begin", [0x7c]],
    ["the end of another group", [0x7b, 0x74]],
    ["groups in groups", deepGroup(40)],
    ["attributes as a number", [0x08, 0x01]],
    ["a method as a number", http(0x10, 0x01)],
    ["headers as fixed64", http(0x69, 0, 0, 0, 0, 0, 0, 0, 0)],
    ["half a double", metadata(0x11, 0, 0, 0)],
  ];
  test.each(rows)("%s", (_, bytes) => {
    expect(decode(Buffer.from(bytes))).toMatchObject({ ok: false });
  });

  test("groups that end, unknown fields and overlong but whole varints are stepped over", () => {
    const bytes = [
      ...deepGroup(10),
      0x7b,
      ...field(0x0a, 1, 2),
      0x7c,
      0x78,
      0x80,
      0x80,
      0x00,
      0x7d,
      1,
      2,
      3,
      4,
      ...http(),
    ];
    expect(decoded(Buffer.from(bytes)).http).toBeDefined();
  });

  test("metadata of any depth is cut, not followed", () => {
    let value = field(0x1a, 0x61);
    const long = (tag: number, content: number[]): number[] =>
      content.length < 0x80
        ? field(tag, ...content)
        : [tag, (content.length & 0x7f) | 0x80, content.length >> 7, ...content];
    for (let depth = 0; depth < 100; depth++) value = long(0x32, long(0x0a, value));
    const wrapped = [value].reduce((inner) => {
      const entry = long(0x0a, [...field(0x0a, 0x6b), ...long(0x12, inner)]);
      const filter = long(0x0a, [...field(0x0a, 0x66), ...long(0x12, entry)]);
      return long(0x0a, long(0x5a, filter));
    }, value);
    const fields = decoded(Buffer.from(wrapped)).metadata.get("f");
    expect(JSON.stringify(fields).length).toBeLessThan(60);
  });

  test("names that a prototype has are names like others", () => {
    const bytes = requestSerialize({
      attributes: { request: { http: { header_map: { headers: [{ key: "constructor", value: "1" }] } } } },
    });
    const entry = field(0x1a, ...field(0x0a, ...ascii("__proto__")), ...field(0x12, ...ascii("x")));
    expect(decoded(bytes).http?.headers.get("constructor")).toEqual(["1"]);
    expect(decoded(Buffer.from(http(...entry))).http?.headers.get("__proto__")).toEqual(["x"]);
  });
});

describe("context_extensions", () => {
  const bytes = (extensions: object): Buffer => requestSerialize({ attributes: { context_extensions: extensions } });

  test("the same are the same object, others are not", () => {
    const one = decoded(bytes({ namespace: "shop", workload: "orders" })).contextExtensions;
    expect(decoded(bytes({ namespace: "shop", workload: "orders" })).contextExtensions).toBe(one);
    expect(decoded(bytes({ namespace: "shop", workload: "order" })).contextExtensions).not.toBe(one);
  });

  test("more of them than are remembered are still read", () => {
    for (let n = 0; n < 3000; n++) {
      expect(decoded(bytes({ namespace: `n${n}` })).contextExtensions.get("namespace")).toBe(`n${n}`);
    }
  });
});
