/** What clients can make a server hold, and what one of them can take from the others. In: clients that hold on. Out: bounds, and room for who is new. */
import { afterEach, describe, expect, it } from "vitest";
import { INCOMING_BYTES, OWN_BYTES, STREAM_BYTES, UNSENT_BYTES } from "../../ext-authz/http2/bounds.ts";
import { BytePool, ByteShare } from "../../ext-authz/http2/byte-pool.ts";
import * as code from "../../ext-authz/http2/error-codes.ts";
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { frameBytes } from "../../ext-authz/transport/grpc-frame.ts";
import { createCallTaker } from "../../ext-authz/transport/take-call.ts";
import { type FakeServer, type FakeSocket, fakeServer } from "./fake-socket.ts";
import { plain } from "./plain-server.ts";
import { bytes, call, codeOfGoaway, endOf, field, HELLO, headers, isGoaway, resetOf } from "./raw-client.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const MEBIBYTE = 1024 * 1024;
const GRPC = Buffer.concat([bytes("8386"), field(":path", "/Echo"), field("content-type", "application/grpc")]);

function grpcServer(): FakeServer {
  const methods = new Map([
    ["/Echo", { kind: "unary" as const, answer: (message: Buffer) => frameBytes(message.subarray(0, 9)) }],
  ]);
  const server = fakeServer(createCallTaker(methods, 4 * MEBIBYTE), 1000);
  ends.push(() => server.stop(0));
  return server;
}

/** A message of 4 MiB but for its last byte; false when the call was ended meanwhile. */
function almost(socket: FakeSocket, stream: number): boolean {
  const before = socket.written().length;
  socket.feed(headers(stream, GRPC), layout.frame(layout.DATA, 0, stream, bytes("0000400000")));
  for (let n = 0; n < 256; n++) socket.feed(layout.frame(layout.DATA, 0, stream, Buffer.alloc(16_383)));
  const since = socket.written().subarray(before).toString("latin1");
  return !since.includes("too many unfinished messages");
}

describe("messages that are not whole", () => {
  it("one connection has its share, a second one too, and a third that is usual finds room", () => {
    const server = grpcServer();
    const [first, second, third] = [server.connect(), server.connect(), server.connect()];
    for (const socket of [first, second, third]) socket.feed(HELLO);
    const taken = (socket: FakeSocket): number => [1, 3, 5, 7, 9, 11].filter((stream) => almost(socket, stream)).length;
    // A quarter of what is free: three times 4 MiB of 64, then twice.
    expect([taken(first), taken(second)]).toEqual([3, 2]);
    third.feed(headers(1, GRPC), layout.frame(layout.DATA, 0, 1, bytes("00000000056869")));
    third.feed(layout.frame(layout.DATA, layout.END_STREAM, 1, Buffer.from("abc")));
    expect(third.written().toString("latin1")).toContain("hiabc");
    // What a client held is free again when it has gone.
    first.destroy();
    second.destroy();
    const fourth = server.connect();
    fourth.feed(HELLO);
    expect(taken(fourth)).toBe(3);
  });

  it("a refused call gives back what it held", () => {
    const server = grpcServer();
    const socket = server.connect();
    socket.feed(HELLO);
    for (let stream = 1; stream < 41; stream += 2) {
      expect(almost(socket, stream)).toBe(true);
      // One byte too many.
      socket.feed(layout.frame(layout.DATA, 0, stream, Buffer.alloc(16_384)));
      expect(socket.frames().some(endOf(stream))).toBe(true);
    }
  });
});

describe("what has only begun", () => {
  it("streams cost their own memory: many clients' together have an end, whoever is new finds room", () => {
    const server = fakeServer(plain().accept, 1000);
    ends.push(() => server.stop(0));
    let open = 0;
    let refused = 0;
    const sockets: FakeSocket[] = [];
    const ids = Array.from({ length: 1000 }, (_, n) => 2 * n + 1);
    const clients = 300;
    for (let client = 0; client < clients; client++) {
      const socket = server.connect();
      sockets.push(socket);
      socket.feed(HELLO);
      socket.feed(...ids.map((id) => headers(id)));
      const resets = socket.frames().filter(({ type }) => type === layout.RST_STREAM);
      expect(resets.every(({ payload }) => payload.readUInt32BE(0) === code.REFUSED_STREAM)).toBe(true);
      open += 1000 - resets.length;
      refused += resets.length;
    }
    expect(open * STREAM_BYTES).toBeLessThan(INCOMING_BYTES + clients * OWN_BYTES);
    expect(refused).toBeGreaterThan(0);
    const late = server.connect();
    late.feed(HELLO, call(1));
    expect(late.frames().some(resetOf(1))).toBe(false);
    // When they have gone, all of it is there again.
    for (const socket of sockets) socket.destroy();
    late.feed(...ids.slice(1).map((id) => headers(id)));
    expect(late.frames().some(({ type }) => type === layout.RST_STREAM)).toBe(false);
  });

  it("header blocks and frames that are not whole are counted", () => {
    const server = fakeServer(plain().accept, 1000);
    ends.push(() => server.stop(0));
    const ended: number[] = [];
    let held = 0;
    const clients = 3000;
    const part = Buffer.alloc(15_000, 0x82);
    for (let client = 0; client < clients; client++) {
      const socket = server.connect();
      const more = layout.frame(layout.CONTINUATION, 0, 1, part);
      socket.feed(HELLO, headers(1, part, 0), more, more.subarray(0, 10_000));
      const goaway = socket.frames().filter(isGoaway).map(codeOfGoaway);
      ended.push(...goaway);
      if (goaway.length === 0) held += 40_000;
    }
    expect(held).toBeLessThan(INCOMING_BYTES + clients * OWN_BYTES);
    expect(ended.length).toBeGreaterThan(0);
    expect(new Set(ended)).toEqual(new Set([code.ENHANCE_YOUR_CALM]));
  });
});

describe("answers that sockets do not take", () => {
  it("all together have an end: who has the most of it is cut", () => {
    const server = fakeServer(plain({ answer: "a".repeat(60_000) }).accept, 1000);
    ends.push(() => server.stop(0));
    const wide = [
      layout.settingsFrame([[layout.INITIAL_WINDOW_SIZE, 2 ** 30]]),
      layout.numbersFrame(layout.WINDOW_UPDATE, 0, 2 ** 30),
    ];
    let unsent = 0;
    let cut = 0;
    for (let client = 0; client < 200; client++) {
      const socket = server.connect();
      // Nothing leaves it: all that is written stays with it.
      socket.on("close", () => {
        unsent -= socket.writableLength;
        cut++;
      });
      const write = socket.write.bind(socket);
      socket.write = (chunk) => {
        socket.writableLength += chunk.length;
        unsent += chunk.length;
        return write(chunk);
      };
      socket.feed(HELLO, ...wide);
      for (let n = 0; n < 20; n++) socket.feed(call(2 * n + 1));
      expect(unsent).toBeLessThan(UNSENT_BYTES + 2 * MEBIBYTE);
    }
    expect(cut).toBeGreaterThan(0);
  });
});

it("a share: a quarter of what is free, for each that asks", () => {
  const pool = new BytePool(100, 0);
  const shares = Array.from({ length: 4 }, () => new ByteShare(pool));
  const most = shares.map((share) => {
    let bytes = 0;
    while (share.take(1)) bytes++;
    share.giveBack(1);
    return bytes;
  });
  expect(most).toEqual([20, 16, 12, 10]);
  for (const share of shares) share.set(0);
  expect(pool.total).toBe(0);
});
