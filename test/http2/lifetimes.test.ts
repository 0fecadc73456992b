/** What is begun and not ended, by either side, and how connections end. In: time, given. Out: who is cut, when, and with what words. */
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { KEEPALIVE_ANSWER_MS, KEEPALIVE_MS, LINGER_MS, SWEEP_MS } from "../../ext-authz/http2/bounds.ts";
import * as code from "../../ext-authz/http2/error-codes.ts";
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { type FakeServer, type FakeSocket, fakeServer } from "./fake-socket.ts";
import { type PlainOptions, plain } from "./plain-server.ts";
import { call, codeOfGoaway, data, endOf, HELLO, headers, isGoaway, POST, ping, reset, resetOf } from "./raw-client.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function opened(options: PlainOptions = {}): { server: FakeServer; socket: FakeSocket } {
  const server = fakeServer(plain(options).accept, options.maxStreams);
  return { server, socket: server.connect() };
}

/** What is written outside of a read leaves at the end of the turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const goaways = (socket: FakeSocket): number[] => socket.frames().filter(isGoaway).map(codeOfGoaway);
const lastIds = (socket: FakeSocket): number[] =>
  socket
    .frames()
    .filter(isGoaway)
    .map(({ payload }) => payload.readUInt32BE(0));
const pings = (socket: FakeSocket): Buffer[] =>
  socket
    .frames()
    .filter(({ type, flags }) => type === layout.PING && flags === 0)
    .map(({ payload }) => payload);

describe("what has begun and does not end", () => {
  const silent: readonly (readonly [string, Buffer])[] = [
    ["a client that says nothing", Buffer.alloc(0)],
    ["half a preface", layout.PREFACE.subarray(0, 10)],
    ["a preface without SETTINGS", layout.PREFACE],
    ["a preface and half a SETTINGS frame", HELLO.subarray(0, HELLO.length - 1)],
  ];
  test.each(silent)("%s is cut", (_, sent) => {
    const { socket } = opened();
    socket.feed(sent);
    vi.advanceTimersByTime(SWEEP_MS);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(2 * SWEEP_MS);
    expect(socket.destroyed).toBe(true);
  });

  const begun: readonly (readonly [string, Buffer])[] = [
    ["a header block", headers(1, POST, 0)],
    ["a frame", call(1).subarray(0, 5)],
    ["a frame's payload", headers(1).subarray(0, 10)],
  ];
  test.each(begun)("%s ends its connection", async (_, sent) => {
    const { socket } = opened();
    socket.feed(HELLO, sent);
    vi.advanceTimersByTime(SWEEP_MS);
    await turn();
    expect(goaways(socket)).toEqual([]);
    vi.advanceTimersByTime(3 * SWEEP_MS);
    await turn();
    expect(goaways(socket)).toEqual([code.ENHANCE_YOUR_CALM]);
    expect(socket.destroyed).toBe(true);
  });

  it("a busy connection is within a frame at every sweep, another each time: it stays", async () => {
    const { socket } = opened();
    socket.feed(HELLO);
    for (let n = 0; n < 5; n++) {
      const whole = call(2 * n + 1);
      socket.feed(whole.subarray(0, -1));
      vi.advanceTimersByTime(SWEEP_MS);
      await turn();
      socket.feed(whole.subarray(-1));
    }
    expect([goaways(socket), socket.destroyed]).toEqual([[], false]);
    expect(socket.frames().filter(({ type }) => type === layout.DATA).length).toBe(5);
  });

  it("a request ends alone", async () => {
    const { socket } = opened();
    socket.feed(HELLO, headers(1), data(1, "x", 0));
    vi.advanceTimersByTime(SWEEP_MS);
    socket.feed(headers(3));
    vi.advanceTimersByTime(SWEEP_MS);
    await turn();
    expect(socket.frames().filter(resetOf(1)).length).toBe(1);
    expect(socket.frames().some(resetOf(3))).toBe(false);
    socket.feed(data(3, "x"));
    expect(socket.frames().some(endOf(3))).toBe(true);
  });

  it("an answer that its client never takes ends alone", async () => {
    const { socket } = opened();
    socket.feed(HELLO, layout.settingsFrame([[layout.INITIAL_WINDOW_SIZE, 0]]), call(1));
    vi.advanceTimersByTime(2 * SWEEP_MS);
    await turn();
    expect(socket.frames().some(resetOf(1))).toBe(false);
    vi.advanceTimersByTime(2 * SWEEP_MS);
    await turn();
    expect(socket.frames().find(resetOf(1))?.payload.readUInt32BE(0)).toBe(code.CANCEL);
    expect(goaways(socket)).toEqual([]);
  });
});

describe("keepalive", () => {
  it("who does not answer a ping is cut, who does is not", async () => {
    const { server, socket } = opened();
    const alive = server.connect();
    for (const one of [socket, alive]) one.feed(HELLO);
    vi.advanceTimersByTime(KEEPALIVE_MS);
    await turn();
    alive.feed(layout.frame(layout.PING, layout.ACK, 0, pings(alive)[0] ?? Buffer.alloc(8)));
    socket.feed(ping("another!", layout.ACK));
    vi.advanceTimersByTime(KEEPALIVE_ANSWER_MS);
    expect([socket.destroyed, alive.destroyed]).toEqual([true, false]);
    vi.advanceTimersByTime(KEEPALIVE_MS - KEEPALIVE_ANSWER_MS);
    await turn();
    expect(pings(alive).length).toBe(2);
  });
});

describe("the end", () => {
  it("after an error the connection lingers, then is cut; what comes meanwhile is not looked at", () => {
    const { socket } = opened();
    socket.feed(HELLO, data(1, "x"));
    expect([goaways(socket), socket.writable, socket.destroyed]).toEqual([[code.PROTOCOL_ERROR], false, false]);
    socket.feed(call(3), ping());
    expect(socket.frames().some(endOf(3))).toBe(false);
    vi.advanceTimersByTime(LINGER_MS);
    expect(socket.destroyed).toBe(true);
  });

  /** A server that stops: its connection has two calls, of which one is answered when the test says so. */
  async function leaving() {
    const { server, socket } = opened({ silent: true });
    socket.feed(HELLO, call(1));
    let isStopped = false;
    const stopped = server.stop(60_000).then(() => {
      isStopped = true;
    });
    await turn();
    return { socket, stopped, isStopped: () => isStopped };
  }
  const heard = (socket: FakeSocket): Buffer =>
    layout.frame(layout.PING, layout.ACK, 0, pings(socket)[0] ?? Buffer.alloc(8));

  it("in two steps: what comes before the client has heard is taken, what comes after is refused", async () => {
    const { socket, stopped, isStopped } = await leaving();
    expect(lastIds(socket)).toEqual([2 ** 31 - 1]);
    socket.feed(call(3), heard(socket), call(5));
    expect(lastIds(socket)).toEqual([2 ** 31 - 1, 3]);
    expect(goaways(socket)).toEqual([code.NO_ERROR, code.NO_ERROR]);
    expect(socket.frames().find(resetOf(5))?.payload.readUInt32BE(0)).toBe(code.REFUSED_STREAM);
    socket.feed(reset(1));
    expect(socket.writable).toBe(true);
    socket.feed(reset(3));
    expect([socket.writable, isStopped()]).toEqual([false, false]);
    vi.advanceTimersByTime(LINGER_MS);
    await stopped;
  });

  it("a client that does not say that it has heard has a second for it", async () => {
    const { socket, stopped } = await leaving();
    vi.advanceTimersByTime(LINGER_MS);
    await turn();
    expect(lastIds(socket)).toEqual([2 ** 31 - 1, 1]);
    socket.feed(reset(1));
    vi.advanceTimersByTime(LINGER_MS);
    await stopped;
  });

  it("after the grace it is cut", async () => {
    const { socket, stopped } = await leaving();
    socket.feed(heard(socket));
    vi.advanceTimersByTime(59_999);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
    await stopped;
  });
});
