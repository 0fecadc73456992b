/** What clients could still take from a server, or lose by its stop. In: clients that hold on, sockets that are slow. Out: what is held, who is cut. */
import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HELD_BYTES, INCOMING_BYTES, LINGER_MS, OWN_BYTES, UNSENT_BYTES } from "../../ext-authz/http2/bounds.ts";
import { BytePool } from "../../ext-authz/http2/byte-pool.ts";
import { Connection } from "../../ext-authz/http2/connection.ts";
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { Outputs } from "../../ext-authz/http2/output.ts";
import { frameBytes } from "../../ext-authz/transport/grpc-frame.ts";
import type { Methods } from "../../ext-authz/transport/grpc-methods.ts";
import { createCallTaker } from "../../ext-authz/transport/take-call.ts";
import { type FakeServer, FakeSocket, fakeServer } from "./fake-socket.ts";
import { plain } from "./plain-server.ts";
import { bytes, call, endOf, field, HELLO, headers, isGoaway } from "./raw-client.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const end of ends.splice(0).reverse()) await end();
});

const GRPC = Buffer.concat([bytes("8386"), field(":path", "/Echo"), field("content-type", "application/grpc")]);

function grpcServer(maxStreams: number): FakeServer {
  const methods: Methods = new Map([
    ["/Echo", { kind: "unary", answer: (message: Buffer) => frameBytes(message.subarray(0, 9)) }],
  ]);
  const server = fakeServer(createCallTaker(methods, 4 * 1024 * 1024), maxStreams);
  ends.push(() => server.stop(0));
  return server;
}

/** A reference that was looked at lives until its turn of the loop is over. */
async function collect(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (typeof gc === "function") gc();
  }
}

describe("calls whose answers their client does not take", () => {
  it("do not keep what was read of them: only the answers are held, and counted", async () => {
    const server = grpcServer(1000);
    const socket = server.connect();
    socket.feed(HELLO, layout.settingsFrame([[layout.INITIAL_WINDOW_SIZE, 0]]));
    const calls = 500;
    const chunks = Array.from({ length: calls }, (_, n) => {
      const message = frameBytes(Buffer.alloc(16_000));
      const stream = 2 * n + 1;
      const whole = layout.frame(layout.DATA, layout.END_STREAM, stream, message);
      const chunk = Buffer.concat([headers(stream, GRPC), whole]);
      socket.emit("data", chunk);
      // Views of it hold this.
      return new WeakRef(chunk.buffer);
    });
    await collect();
    // All of them are answered: headers are out, 14 bytes of each wait for a window.
    expect(socket.frames().filter(({ type }) => type === layout.HEADERS).length).toBe(calls);
    expect(socket.frames().some(({ type }) => type === layout.RST_STREAM || type === layout.GOAWAY)).toBe(false);
    expect(chunks.filter((chunk) => chunk.deref() !== undefined).length).toBeLessThan(calls / 10);
  });
});

describe("streams that are open", () => {
  it("are counted with their heads, which are as long as a client likes", () => {
    const server = grpcServer(1000);
    const long = 15_000;
    const block = Buffer.concat([GRPC.subarray(0, 2), field(":path", "/Echo"), field(":authority", "a".repeat(long))]);
    const whole = Buffer.concat([block, field("content-type", "application/grpc")]);
    const clients = 6;
    let open = 0;
    for (let client = 0; client < clients; client++) {
      const socket = server.connect();
      socket.feed(HELLO);
      for (let stream = 1; stream < 2000; stream += 2) socket.feed(headers(stream, whole));
      open += 1000 - socket.frames().filter(({ type }) => type === layout.RST_STREAM).length;
    }
    expect(open * long).toBeLessThan(INCOMING_BYTES + clients * OWN_BYTES);
  });
});

describe("a graceful stop", () => {
  it("is not kept waiting by a connection that comes meanwhile, its TLS handshake being over only now", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    const server = fakeServer(plain().accept);
    const first = server.connect();
    first.feed(HELLO, headers(1));
    let isStopped = false;
    const stopped = server.stop(30_000).then(() => {
      isStopped = true;
    });
    const late = server.connect();
    late.feed(HELLO, call(1));
    first.feed(layout.frame(layout.DATA, layout.END_STREAM, 1, Buffer.from("x")));
    await vi.advanceTimersByTimeAsync(5 * LINGER_MS);
    const before = {
      isStopped,
      isFirstClosed: first.destroyed,
      isLateTold: late.frames().some(isGoaway) || late.destroyed,
    };
    await vi.advanceTimersByTimeAsync(30_000);
    await stopped;
    expect(before).toEqual({ isStopped: true, isFirstClosed: true, isLateTold: true });
  });

  it("is over for connections that come after it", async () => {
    const server = fakeServer(plain().accept);
    await server.stop(0);
    const socket = server.connect();
    ends.push(() => socket.destroy());
    socket.feed(HELLO, call(1));
    expect(socket.destroyed || socket.frames().some(isGoaway)).toBe(true);
  });

  it("is not kept waiting by a client that has used the highest stream there is", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    const server = fakeServer(plain().accept);
    const socket = server.connect();
    socket.feed(HELLO, call(0x7fff_ffff));
    const stopped = server.stop(30_000);
    await vi.advanceTimersByTimeAsync(5 * LINGER_MS);
    const isClosed = socket.destroyed;
    await vi.advanceTimersByTimeAsync(30_000);
    await stopped;
    expect(isClosed).toBe(true);
  });

  it("takes or refuses with a word what a new connection's client has sent already", () => {
    const server = fakeServer(plain().accept);
    const socket = server.connect();
    // Accepted; its first bytes are in the system's buffers, or on their way.
    ends.push(() => server.stop(0));
    void server.stop(1000);
    socket.feed(HELLO, call(1));
    expect(socket.frames().some((frame) => isGoaway(frame) || endOf(1)(frame))).toBe(true);
  });
});

describe("what is counted of sockets", () => {
  it("bytes that have left are free again by the next sweep, though too few waited for a `drain`", async () => {
    const unsent = new BytePool(UNSENT_BYTES, OWN_BYTES);
    const pools = {
      incoming: new BytePool(INCOMING_BYTES, OWN_BYTES),
      held: new BytePool(HELD_BYTES, OWN_BYTES),
      unsent,
    };
    const socket = new FakeSocket();
    const { accept } = plain({ answer: "a".repeat(15_000) });
    const effects = { clock: () => 0, sweeps: () => 0, closed: () => {} };
    const deps = { accept, maxStreams: 100, outputs: new Outputs(), ...pools, ...effects };
    const connection = new Connection(socket as unknown as Socket, deps);
    // As with each write of TLS: taken, below the mark at which `drain` is told, gone a moment later.
    socket.write = (chunk: Uint8Array, done?: () => void) => {
      socket.writableLength += chunk.length;
      queueMicrotask(() => {
        socket.writableLength = 0;
        done?.();
      });
      return true;
    };
    socket.feed(HELLO, call(1));
    expect(unsent.total).toBeGreaterThan(15_000);
    await new Promise((resolve) => setImmediate(resolve));
    connection.sweep(1);
    expect(unsent.total).toBe(0);
    connection.destroy();
  });
});
