/**
 * What is not gRPC, or not good gRPC, against the real server on a real socket. In: raw HTTP/2 calls. Out: how each ends; after
 * all of them the server still answers.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, test } from "vitest";
import type { Check } from "../../ext-authz/check.ts";
import { signalOf } from "../../ext-authz/deadline.ts";
import { failed } from "../../ext-authz/decision.ts";
import type { Decision } from "../../ext-authz/model.ts";
import { type GrpcServer, startGrpcServer } from "../../ext-authz/transport/grpc-server.ts";

const answer: Decision = failed({ id: "d", revision: "r" }, "not_ready");
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function started(check: Check = () => answer, address = "127.0.0.1:0"): Promise<GrpcServer> {
  const server = await startGrpcServer(address, {
    check,
    ...{ maxChecks: 10, newId: () => "d", revision: () => "r", observe: () => {}, clock: () => 0 },
  });
  ends.push(() => server.stop(0));
  return server;
}

function opened(server: GrpcServer): ClientHttp2Session {
  const session = connect(server.address.startsWith("unix") ? "http://unix" : `http://${server.address}`, {
    ...(server.address.startsWith("unix") && {
      createConnection: () => connectSocket(server.address.slice("unix://".length)),
    }),
  });
  session.on("error", () => {});
  ends.push(() => session.destroy());
  return session;
}

interface Ended {
  readonly status: number | undefined;
  readonly grpcStatus: string | undefined;
  readonly bytes: number;
  readonly reset: number;
}

const CHECK = "/envoy.service.auth.v3.Authorization/Check";
const GRPC: OutgoingHttpHeaders = {
  ":method": "POST",
  ":path": CHECK,
  "content-type": "application/grpc",
  te: "trailers",
};

function call(session: ClientHttp2Session, headers: OutgoingHttpHeaders, pieces: readonly Buffer[]): Promise<Ended> {
  return new Promise((resolve) => {
    const stream = session.request({ ...GRPC, ...headers });
    const seen: { status?: number | undefined; grpc?: string | undefined } = {};
    let bytes = 0;
    const note = (got: Record<string, unknown>): void => {
      if (typeof got[":status"] === "number") seen.status = got[":status"];
      if (typeof got["grpc-status"] === "string") seen.grpc = got["grpc-status"];
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on("error", () => {});
    stream.on("close", () => resolve({ status: seen.status, grpcStatus: seen.grpc, bytes, reset: stream.rstCode }));
    for (const piece of pieces) stream.write(piece, () => {});
    stream.end();
  });
}

function frame(message: Buffer, flags = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

const EMPTY = frame(Buffer.alloc(0));
/** An unknown field of a mebibyte. */
const LARGE = frame(Buffer.concat([Buffer.from([0x7a, 0x80, 0x80, 0x40]), Buffer.alloc(1 << 20)]));
const inBytes = (whole: Buffer): Buffer[] => [...whole].map((byte) => Buffer.from([byte]));

describe("what a call ends with", () => {
  const rows: readonly (readonly [string, OutgoingHttpHeaders, readonly Buffer[], string | number])[] = [
    ["a good call", {}, [EMPTY], "0"],
    ["a good call in single bytes", {}, inBytes(EMPTY), "0"],
    ["a good call of a mebibyte", {}, [LARGE], "0"],
    ["content type with a suffix", { "content-type": "application/grpc+proto" }, [EMPTY], "0"],
    ["a timeout that cannot be read", { "grpc-timeout": "soon" }, [EMPTY], "0"],
    ["no message", {}, [], "13"],
    ["half a head", {}, [EMPTY.subarray(0, 3)], "13"],
    ["half a message", {}, [frame(Buffer.alloc(10), 0, 20)], "13"],
    ["two messages", {}, [EMPTY, EMPTY], "13"],
    ["one byte too many", {}, [EMPTY, Buffer.alloc(1)], "13"],
    ["a compressed message", {}, [frame(Buffer.alloc(4), 1)], "12"],
    ["unknown flags", {}, [frame(Buffer.alloc(4), 0x80)], "13"],
    ["a length of four gigabytes", {}, [frame(Buffer.alloc(4), 0, 0xffffffff)], "8"],
    ["a length just above the bound", {}, [frame(Buffer.alloc(4), 0, 4 * 1024 * 1024 + 1)], "8"],
    ["bytes that are no CheckRequest", {}, [frame(Buffer.from([0x08, 0x01]))], "13"],
    ["a compression", { "grpc-encoding": "gzip" }, [EMPTY], "12"],
    ["another method", { ":path": `${CHECK}s` }, [EMPTY], "12"],
    ["a method's name in another case", { ":path": CHECK.toLowerCase() }, [EMPTY], "12"],
    ["a query", { ":path": `${CHECK}?x` }, [EMPTY], "12"],
    ["a prototype's name", { ":path": "/__proto__" }, [EMPTY], "12"],
    ["GET", { ":method": "GET" }, [], 405],
    ["JSON", { "content-type": "application/json" }, [EMPTY], 415],
    ["gRPC-Web", { "content-type": "application/grpc-web" }, [EMPTY], 415],
    ["JSON that has no end soon", { "content-type": "application/json" }, [Buffer.alloc(200_000)], 415],
  ];
  test.each(rows)("%s", async (_, headers, pieces, expected) => {
    const session = opened(await started());
    const ended = await call(session, headers, pieces);
    if (typeof expected === "number") expect(ended).toMatchObject({ status: expected, grpcStatus: undefined });
    else expect(ended).toMatchObject({ status: 200, grpcStatus: expected });
    // No answer but a good one has a message: nothing can be taken for a CheckResponse.
    expect(ended.bytes > 0).toBe(expected === "0");
    expect(await call(session, {}, [EMPTY])).toMatchObject({ grpcStatus: "0" });
  });

  it("a check that throws in the answer's making is INTERNAL, with no message", async () => {
    const broken = {
      get effect(): never {
        throw new Error("bug");
      },
    } as unknown as Decision;
    const session = opened(await started(() => broken));
    expect(await call(session, {}, [EMPTY])).toMatchObject({ grpcStatus: "13", bytes: 0 });
  });
});

describe("clients that leave", () => {
  it("the signal of a check that waits aborts when its client resets", async () => {
    let aborted = false;
    let asked = false;
    const server = await started(
      (_, deadline) =>
        new Promise((resolve) => {
          asked = true;
          signalOf(deadline).addEventListener("abort", () => {
            aborted = true;
            resolve(answer);
          });
        }),
    );
    const stream = opened(server).request(GRPC);
    stream.on("error", () => {});
    stream.end(EMPTY);
    await expect.poll(() => asked).toBe(true);
    stream.close(8);
    await expect.poll(() => aborted).toBe(true);
  });

  it("a flood of resets ends the connection, not the server", async () => {
    const server = await started();
    const session = opened(server);
    const closed = new Promise<void>((resolve) => session.once("close", () => resolve()));
    for (let n = 0; n < 5000 && !session.destroyed; n++) {
      const stream = session.request(GRPC);
      stream.on("error", () => {});
      stream.close(8);
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    session.close();
    await closed;
    expect(await call(opened(server), {}, [EMPTY])).toMatchObject({ grpcStatus: "0" });
  });

  it("many calls that never end hold no other client up", async () => {
    const server = await started();
    const slow = opened(server);
    for (let n = 0; n < 200; n++) {
      const stream = slow.request(GRPC);
      stream.on("error", () => {});
      stream.write(frame(Buffer.alloc(10), 0, 2_000_000));
    }
    expect(await call(opened(server), {}, [EMPTY])).toMatchObject({ grpcStatus: "0" });
  });

  test.each([
    ["HTTP/1.1", "POST / HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["noise", "\u0000\u0001\u0002".repeat(100)],
    [
      "a preface and a frame of 16 MB",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u00ff\u00ff\u00ff\u0000\u0000\u0000\u0000\u0000\u0001",
    ],
  ])("%s is no connection of ours", async (_, text) => {
    const server = await started();
    const [host = "", port] = server.address.split(":");
    const socket = connectSocket(Number(port), host, () => socket.write(Buffer.from(text, "latin1")));
    socket.on("error", () => {});
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(await call(opened(server), {}, [EMPTY])).toMatchObject({ grpcStatus: "0" });
  });
});

it("answers on a Unix socket", async () => {
  const folder = await mkdtemp(join(tmpdir(), "countersign-unix-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const server = await started(undefined, `unix://${folder}/check.sock`);
  expect(await call(opened(server), {}, [EMPTY])).toMatchObject({ grpcStatus: "0" });
});
