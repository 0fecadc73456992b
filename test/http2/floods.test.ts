/**
 * What costs a client nothing and us something, over and over. In: a frame, or a few, again and again. Out: a GOAWAY before long, with
 * ENHANCE_YOUR_CALM, and a closed connection; what honest clients do as often is none of it.
 */
import { describe, expect, it, test } from "vitest";
import { CHORES, MAX_CONTINUATIONS, RESETS } from "../../ext-authz/http2/bounds.ts";
import * as code from "../../ext-authz/http2/error-codes.ts";
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { fakeServer } from "./fake-socket.ts";
import { type PlainOptions, plain } from "./plain-server.ts";
import {
  bytes,
  call,
  codeOfGoaway,
  data,
  field,
  HELLO,
  headers,
  isGoaway,
  POST,
  ping,
  reset,
  SETTINGS,
  windowUpdate,
} from "./raw-client.ts";

const { END_HEADERS, END_STREAM, CONTINUATION, frame } = layout;

function opened(options: PlainOptions = {}) {
  const { accept, open, bodies } = plain(options);
  const server = fakeServer(accept, options.maxStreams);
  const socket = server.connect();
  socket.feed(HELLO);
  return { socket, open, bodies, server, goaway: () => socket.frames().filter(isGoaway).map(codeOfGoaway) };
}

/** Odd ids, in their order. */
const id = (n: number): number => 2 * n + 1;
const NONE = bytes("");

interface Flood {
  readonly name: string;
  /** Sent once. */
  readonly first?: Buffer;
  readonly again: (n: number) => Buffer;
  /** Times after which it must have ended. */
  readonly most: number;
  readonly options?: PlainOptions;
}

const resets = RESETS.burst + 500;
const chores = CHORES.burst + 3000;

const FLOODS: readonly Flood[] = [
  { name: "rapid reset (CVE-2023-44487)", again: (n) => Buffer.concat([headers(id(n)), reset(id(n))]), most: resets },
  {
    name: "rapid reset of whole requests that are not answered yet",
    again: (n) => Buffer.concat([call(id(n)), reset(id(n))]),
    ...{ most: resets, options: { silent: true } },
  },
  {
    name: "streams that we are made to reset, by an increment of zero (CVE-2025-8671)",
    again: (n) => Buffer.concat([headers(id(n), POST, END_HEADERS | END_STREAM), windowUpdate(id(n), 0)]),
    ...{ most: resets, options: { silent: true } },
  },
  {
    name: "the same, by DATA after the end",
    again: (n) => Buffer.concat([call(id(n)), data(id(n), "x")]),
    ...{ most: resets, options: { silent: true } },
  },
  {
    name: "the same, by a window above 2^31-1",
    again: (n) => Buffer.concat([headers(id(n)), windowUpdate(id(n), 2 ** 31 - 1)]),
    most: resets,
  },
  {
    name: "the same, by trailers with a pseudo-header",
    again: (n) => Buffer.concat([headers(id(n)), headers(id(n), POST, END_HEADERS | END_STREAM)]),
    most: resets,
  },
  {
    name: "malformed heads",
    again: (n) => headers(id(n), Buffer.concat([POST, field("te", "x")]), END_HEADERS | END_STREAM),
    most: resets,
  },
  { name: "DATA for a stream that has ended", first: call(1), again: () => data(1, "x"), most: resets },
  { name: "SETTINGS", again: () => SETTINGS, most: chores },
  {
    name: "SETTINGS that acknowledge nothing",
    again: () => frame(layout.SETTINGS, layout.ACK, 0, NONE),
    most: chores,
  },
  { name: "PING", again: () => ping(), most: chores },
  { name: "PING answers", again: () => ping("alive???", layout.ACK), most: chores },
  { name: "PRIORITY", again: (n) => frame(layout.PRIORITY, 0, id(n), Buffer.alloc(5)), most: chores },
  { name: "unknown frames", again: () => frame(0x63, 0, 0, NONE), most: chores },
  { name: "GOAWAY", again: () => frame(layout.GOAWAY, 0, 0, Buffer.alloc(8)), most: chores },
  { name: "the connection's windows", again: () => windowUpdate(0, 1), most: chores },
  { name: "a stream's windows", first: headers(1), again: () => windowUpdate(1, 1), most: chores },
  { name: "windows of a stream that has ended", first: call(1), again: () => windowUpdate(1, 1), most: chores },
  { name: "resets of a stream that has ended", first: call(1), again: () => reset(1), most: chores },
  { name: "empty DATA", first: headers(1), again: () => data(1, "", 0), most: chores },
  {
    name: "DATA of nothing but padding",
    first: headers(1),
    again: () => frame(layout.DATA, layout.PADDED, 1, bytes("020000")),
    most: chores,
  },
  {
    name: "DATA for a stream that was reset",
    first: headers(1, Buffer.concat([POST, field("te", "x")])),
    ...{ again: () => data(1, "x", 0), most: chores },
  },
  {
    name: "trailers for a stream that was reset",
    first: headers(1, Buffer.concat([POST, field("te", "x")])),
    ...{ again: () => headers(1, NONE), most: chores },
  },
  {
    name: "streams above the maximum",
    first: headers(1),
    again: (n) => headers(id(n + 1)),
    ...{ most: chores, options: { maxStreams: 1 } },
  },
  {
    name: "CONTINUATION without end (CVE-2024-27316)",
    first: headers(1, POST, 0),
    ...{ again: () => frame(CONTINUATION, 0, 1, field("a", "b")), most: MAX_CONTINUATIONS + 1 },
  },
  {
    name: "empty CONTINUATION without end",
    first: headers(1, POST, 0),
    ...{ again: () => frame(CONTINUATION, 0, 1, NONE), most: MAX_CONTINUATIONS + 1 },
  },
  {
    name: "large CONTINUATION without end",
    first: headers(1, POST, 0),
    ...{ again: () => frame(CONTINUATION, 0, 1, Buffer.alloc(16_000, 0x82)), most: 3 },
  },
];

describe("floods", () => {
  test.each(FLOODS)("$name", ({ first = NONE, again, most, options }) => {
    const { socket, goaway, open } = opened(options);
    socket.feed(first);
    for (let n = 0; n < most && goaway().length === 0; n += 500) {
      const some = Array.from({ length: Math.min(500, most - n) }, (_, more) => again(n + more));
      socket.feed(...some);
    }
    expect(goaway()).toEqual([code.ENHANCE_YOUR_CALM]);
    // What was under way has been told, and nothing is looked at any more.
    expect(open.size).toBe(0);
    const before = socket.written().length;
    socket.feed(call(100_001));
    expect(socket.written().length).toBe(before);
  });
});

describe("what honest clients do", () => {
  it("a reset for each answered call, for ever", () => {
    const { socket, goaway, bodies } = opened();
    for (let n = 0; n < 10_000; n += 2) socket.feed(call(id(n)), headers(id(n + 1)), reset(id(n + 1)));
    expect(goaway()).toEqual([]);
    expect(bodies.length).toBe(5000);
  });

  it("a ping, a window and an empty frame with each call, for ever", () => {
    const { socket, goaway, bodies } = opened();
    for (let n = 0; n < 10_000; n++) {
      socket.feed(headers(id(n)), data(id(n), "", 0), data(id(n), "x"), ping(), windowUpdate(0, 1));
    }
    expect(goaway()).toEqual([]);
    expect(bodies.length).toBe(10_000);
  });

  it("an overload's worth of resets at once: all that one connection may have under way", () => {
    const { socket, goaway } = opened({ maxStreams: RESETS.burst, silent: true });
    const ids = Array.from({ length: RESETS.burst }, (_, n) => id(n));
    socket.feed(...ids.map((one) => call(one)));
    socket.feed(...ids.map((one) => reset(one)));
    expect(goaway()).toEqual([]);
  });
});

describe("blocks that are small and mean much", () => {
  it("a header list of fifty megabytes in fourteen thousand bytes is a 431", () => {
    const { socket, goaway } = opened();
    socket.feed(call(1, "x", Buffer.concat([POST, field("x", "y".repeat(4000), 0x40)])));
    for (let n = 1; n < 20; n++) socket.feed(call(id(n), "x", Buffer.concat([POST, Buffer.alloc(14_000, 0xbe)])));
    expect(goaway()).toEqual([]);
    expect(socket.written().toString("latin1").split("431").length).toBe(20);
  });

  it("thousands of table entries in one block leave the table as large as it may be", () => {
    const { socket, goaway, bodies } = opened();
    const entries = Buffer.concat(Array.from({ length: 3000 }, () => field("a", "", 0x40)));
    socket.feed(headers(1, Buffer.concat([POST, entries]), END_HEADERS | END_STREAM));
    // 4096 / 33 entries: the last one's index is 185.
    socket.feed(call(3, "last", Buffer.concat([POST, bytes("ff3a")])));
    expect([bodies, goaway()]).toEqual([["last"], []]);
    socket.feed(call(5, "none", Buffer.concat([POST, bytes("ff3b")])));
    expect(goaway()).toEqual([code.COMPRESSION_ERROR]);
  });
});
