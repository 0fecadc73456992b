/** Windows of clients that take little, late or nothing. In: windows. Out: exactly the bytes that fit, in order; a bound on what is held. */
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HELD_BYTES, RECEIVE_WINDOW } from "../../ext-authz/http2/bounds.ts";
import * as code from "../../ext-authz/http2/error-codes.ts";
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { type FakeSocket, fakeServer } from "./fake-socket.ts";
import { type PlainOptions, plain, plainServer } from "./plain-server.ts";
import {
  call,
  codeOfGoaway,
  data,
  endOf,
  HELLO,
  headers,
  isGoaway,
  rawClient,
  reset,
  windowUpdate,
} from "./raw-client.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function opened(options: PlainOptions = {}): FakeSocket {
  const socket = fakeServer(plain(options).accept, options.maxStreams).connect();
  socket.feed(HELLO);
  return socket;
}

const initial = (window: number): Buffer => layout.settingsFrame([[layout.INITIAL_WINDOW_SIZE, window]]);
/** What came of one stream's body, frame by frame. */
const pieces = (socket: FakeSocket, stream: number): string[] =>
  socket
    .frames()
    .filter((seen) => seen.type === layout.DATA && seen.stream === stream)
    .map(({ payload }) => payload.toString("latin1"));
const isEnded = (socket: FakeSocket, stream: number): boolean => socket.frames().some(endOf(stream));

/** Flushed soon, not at once, when nothing is read. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a stream's window", () => {
  it("byte by byte, then wide", () => {
    const socket = opened({ answer: "0123456789" });
    socket.feed(initial(0), call(1));
    expect([pieces(socket, 1), isEnded(socket, 1)]).toEqual([[], false]);
    socket.feed(windowUpdate(1, 1), windowUpdate(1, 2));
    expect(pieces(socket, 1)).toEqual(["0", "12"]);
    socket.feed(windowUpdate(1, 100));
    expect([pieces(socket, 1), isEnded(socket, 1)]).toEqual([["0", "12", "3456789"], true]);
  });

  it("below zero: nothing leaves until it is above", () => {
    const socket = opened({ answer: "0123456789abcdef" });
    socket.feed(initial(10), call(1), initial(0));
    expect(pieces(socket, 1)).toEqual(["0123456789"]);
    socket.feed(windowUpdate(1, 10));
    expect(pieces(socket, 1).length).toBe(1);
    socket.feed(windowUpdate(1, 2), initial(1));
    expect(pieces(socket, 1)).toEqual(["0123456789", "ab", "c"]);
    socket.feed(initial(100));
    expect(pieces(socket, 1).join("")).toBe("0123456789abcdef");
    expect(isEnded(socket, 1)).toBe(true);
  });

  it("no frame is longer than the least that everybody takes", () => {
    const socket = opened({ answer: "x".repeat(60_000) });
    socket.feed(call(1));
    expect(pieces(socket, 1).map(({ length }) => length)).toEqual([16_384, 16_384, 16_384, 10_848]);
  });

  it("windows that together go above 2^31-1 are an error for what waits for them", () => {
    const socket = opened({ answer: "0123456789" });
    socket.feed(initial(0), call(1), windowUpdate(1, 1), initial(2 ** 31 - 1));
    expect(isEnded(socket, 1)).toBe(true);
    const other = opened({ answer: "0123456789" });
    other.feed(windowUpdate(0, 0x7fff_0000 - 65_535), initial(0), call(1), initial(2 ** 31 - 1), call(3));
    expect(other.frames().some(isGoaway)).toBe(false);
  });
});

describe("the connection's window", () => {
  it("shut: answers leave in their order as it opens", () => {
    const socket = opened({ answer: "y".repeat(40_000) });
    socket.feed(call(1), call(3), call(5));
    expect([1, 3, 5].map((stream) => pieces(socket, stream).join("").length)).toEqual([40_000, 25_535, 0]);
    socket.feed(windowUpdate(0, 20_000));
    expect([1, 3, 5].map((stream) => pieces(socket, stream).join("").length)).toEqual([40_000, 40_000, 5535]);
    expect([3, 5].map((stream) => isEnded(socket, stream))).toEqual([true, false]);
    socket.feed(windowUpdate(0, 100_000));
    expect(isEnded(socket, 5)).toBe(true);
  });

  it("answers that fit at once use it up too", () => {
    const socket = opened({ answer: "y".repeat(10_000) });
    const ids = [1, 3, 5, 7, 9, 11, 13];
    socket.feed(...ids.map((id) => call(id)));
    const lengths = ids.map((stream) => pieces(socket, stream).join("").length);
    expect(lengths).toEqual([...Array.from({ length: 6 }, () => 10_000), 5535]);
  });

  it("what waits for its own window keeps nobody up, and what was reset takes no part", () => {
    const socket = opened({ answer: "z".repeat(30_000) });
    socket.feed(initial(0), call(1), call(3), call(5), windowUpdate(5, 30_000));
    expect(isEnded(socket, 5)).toBe(true);
    socket.feed(reset(3), windowUpdate(1, 30_000), windowUpdate(3, 30_000));
    expect([1, 3].map((stream) => pieces(socket, stream).join("").length)).toEqual([30_000, 0]);
  });
});

describe("what is held is bounded", () => {
  it("a client that takes nothing loses its connection, others do not", () => {
    const size = 1024 * 1024;
    const server = fakeServer(plain({ answer: "a".repeat(size) }).accept, 1000);
    const [greedy, honest] = [server.connect(), server.connect()];
    greedy.feed(HELLO, initial(0));
    let asked = 0;
    for (; asked < 1000 && !greedy.frames().some(isGoaway); asked++) greedy.feed(call(2 * asked + 1));
    expect(asked * size).toBeLessThan(HELD_BYTES / 4);
    expect(greedy.frames().filter(isGoaway).map(codeOfGoaway)).toEqual([code.ENHANCE_YOUR_CALM]);
    greedy.destroy();
    honest.feed(HELLO, windowUpdate(0, 2 * size), initial(2 * size), call(1));
    expect(isEnded(honest, 1)).toBe(true);
  });
});

describe("what comes in", () => {
  it("windows are widened in large steps, of the connection and of a long request", async () => {
    const socket = opened();
    socket.feed(headers(1));
    const piece = "p".repeat(16_000);
    for (let n = 0; n < 100; n++) socket.feed(data(1, piece, 0));
    await turn();
    const updates = socket.frames().filter(({ type }) => type === layout.WINDOW_UPDATE);
    // The first is the greeting's.
    const sum = (stream: number): number =>
      updates.slice(1).reduce((all, seen) => all + (seen.stream === stream ? seen.payload.readUInt32BE(0) : 0), 0);
    for (const stream of [0, 1]) {
      expect(sum(stream)).toBeGreaterThan(100 * piece.length - RECEIVE_WINDOW / 2 - 1);
      expect(sum(stream)).toBeLessThanOrEqual(100 * piece.length);
    }
    expect(updates.length).toBeLessThan(10);
  });
});

/** A busy machine is no failure. */
const PATIENT = { timeout: 30_000 };

describe("who does not read", () => {
  it("is not read either, and misses nothing when it goes on", async () => {
    const server = await plainServer();
    ends.push(() => server.stop(0));
    const client = rawClient(server.port, connect(server.port, "127.0.0.1"));
    ends.push(client.end);
    client.send(HELLO, initial(2 ** 31 - 1), windowUpdate(0, 2 ** 31 - 1 - 65_535));
    await client.until(({ type, flags }) => type === layout.SETTINGS && flags === layout.ACK);
    client.socket.pause();
    const body = (n: number): string => `${n}:`.repeat(2000);
    const all = 4000;
    for (let n = 0; n < all; n++) client.send(headers(2 * n + 1), data(2 * n + 1, body(n)));
    await expect.poll(() => server.bodies.length, PATIENT).toBeGreaterThan(0);
    let last = -1;
    // It stops being read: no more bodies come in while turns go by.
    await expect
      .poll(async () => {
        const same = last === server.bodies.length;
        last = server.bodies.length;
        for (let n = 0; n < 50; n++) await turn();
        return same;
      }, PATIENT)
      .toBe(true);
    expect(last).toBeLessThan(all);
    client.socket.resume();
    await client.until(endOf(2 * all - 1));
    const text = new Map<number, string>();
    for (const { type, stream, payload } of client.seen) {
      if (type === layout.DATA) text.set(stream, (text.get(stream) ?? "") + payload.toString("latin1"));
    }
    for (let n = 0; n < all; n++) expect(text.get(2 * n + 1)).toBe(`/=${body(n)}`);
  });
});
