/** Clients that others wrote: grpc-js, node:http2 (nghttp2), h2load, In: calls. Out: the right answer to each. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { frameBytes } from "../../ext-authz/transport/grpc-frame.ts";
import type { Methods } from "../../ext-authz/transport/grpc-methods.ts";
import { createHealth } from "../../ext-authz/transport/health.ts";
import { healthService } from "../../ext-authz/transport/protos.ts";
import { createUnaryServer, type UnaryServer } from "../../ext-authz/transport/unary-server.ts";
import { makeFolder } from "../support/folder.ts";
import { CA, first } from "../transport/certificates.ts";
import { plainServer } from "./plain-server.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A busy machine is no failure. */
const PATIENT = { timeout: 30_000 };
const ECHO = "/test.Echo/Echo";
const LATER = "/test.Echo/Later";
const echoes: Methods = new Map([
  [ECHO, { kind: "unary", answer: (message) => frameBytes(message) }],
  [
    LATER,
    {
      kind: "unary",
      // The message is a view into what was read, which nobody writes to again: it may be waited with.
      answer: (message) => new Promise((resolve) => setTimeout(() => resolve(frameBytes(message)), 2)),
    },
  ],
]);

async function started(methods: Methods = echoes): Promise<{ server: UnaryServer; port: number }> {
  const server = createUnaryServer(methods, { message: 4 * 1024 * 1024, streams: 100 });
  ends.push(() => server.stop(0));
  return { server, port: await server.listen({ host: "127.0.0.1", port: 0 }) };
}

/** The same behind TLS: its sockets never take all at once. */
async function startedWithTls(): Promise<number> {
  const { server } = await started();
  const secure = createTlsServer({ cert: first.cert, key: first.key, ALPNProtocols: ["h2"] }, server.take);
  ends.push(() => secure.close());
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  const bound = secure.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

const plaintext = grpc.credentials.createInsecure();

function grpcClient(port: number, credentials = plaintext): grpc.Client {
  const client = new grpc.Client(`localhost:${port}`, credentials, {
    "grpc.max_receive_message_length": 8 * 1024 * 1024,
  });
  ends.push(() => client.close());
  return client;
}

const same = (bytes: Buffer): Buffer => bytes;

function echo(client: grpc.Client, path: string, message: Buffer, metadata = new grpc.Metadata()): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, message, metadata, (error, reply) => {
      if (error === null && reply !== undefined) resolve(reply);
      else reject(error);
    });
  });
}

const filled = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, n) => (n * seed) & 0xff));

describe("grpc-js", () => {
  it.each(["plaintext", "TLS"])(
    "hundreds of calls at once, of every size, answered at once or later: %s",
    async (kind) => {
      const client =
        kind === "TLS"
          ? grpcClient(await startedWithTls(), grpc.credentials.createSsl(Buffer.from(CA)))
          : grpcClient((await started()).port);
      const sizes = [0, 1, 5, 100, 1400, 16_379, 16_380, 16_384, 65_535, 70_000, 300_000];
      await Promise.all(
        Array.from({ length: 300 }, async (_, n) => {
          const message = filled(sizes[n % sizes.length] ?? 0, n + 1);
          expect((await echo(client, n % 2 === 0 ? ECHO : LATER, message)).equals(message)).toBe(true);
        }),
      );
    },
  );

  it("the largest message, through windows that are smaller both ways", async () => {
    const client = grpcClient((await started()).port);
    const message = Buffer.alloc(4 * 1024 * 1024, "large");
    expect((await echo(client, ECHO, message)).equals(message)).toBe(true);
  });

  it("metadata that enters the header table, the same and another each time", async () => {
    const client = grpcClient((await started()).port);
    for (let n = 0; n < 200; n++) {
      const metadata = new grpc.Metadata();
      metadata.set("x-same", "always");
      metadata.set("x-other", `value ${n} `.repeat(1 + (n % 20)).trim());
      expect((await echo(client, ECHO, Buffer.of(n), metadata)).equals(Buffer.of(n))).toBe(true);
    }
  });

  it("watches health: told of each change, and of the end", async () => {
    const health = createHealth();
    const { server, port } = await started(new Map(health.methods));
    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    ends.push(() => client.close());
    const definition = healthService["Check"];
    if (definition === undefined) throw new Error("no health service");
    const seen: unknown[] = [];
    const call = client.makeServerStreamRequest(
      "/grpc.health.v1.Health/Watch",
      definition.requestSerialize,
      definition.responseDeserialize,
      { service: "" },
    );
    const ended = new Promise<grpc.StatusObject>((resolve) => call.on("status", resolve));
    call.on("error", () => {});
    call.on("data", (status) => seen.push(status));
    await expect.poll(() => seen, PATIENT).toEqual([{ status: 2 }]);
    health.set(true);
    health.set(false);
    await expect.poll(() => seen, PATIENT).toEqual([{ status: 2 }, { status: 1 }, { status: 2 }]);
    // Nobody waits for who only watches.
    await server.stop(30_000);
    expect((await ended).code).toBe(grpc.status.UNAVAILABLE);
  });
});

describe("node:http2", () => {
  it("any header that HPACK can carry comes through as it was sent", async () => {
    const server = await plainServer();
    ends.push(() => server.stop(0));
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    ends.push(() => session.destroy());
    const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const header = fc.record({
      name: fc.constantFrom("x-a", "x-b", "authorization", "cookie", "x-c"),
      value: fc.string({ unit: visible, minLength: 1, maxLength: 300 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: visible, maxLength: 200 }),
        fc.array(header, { maxLength: 5 }),
        async (path, some) => {
          const headers = Object.fromEntries(some.map(({ name, value }) => [name, value]));
          const stream = session.request({ ":method": "POST", ":path": `/${path}`, ...headers });
          stream.end("body");
          let text = "";
          for await (const chunk of stream.setEncoding("latin1")) text += chunk;
          expect(text).toBe(`/${path}=body`);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("answers and whose they are", () => {
  it("calls that end, calls that are cut, at once and later, on many connections: each gets its own or nothing", async () => {
    const { port } = await started();
    const sessions = Array.from({ length: 4 }, () => connectHttp2(`http://127.0.0.1:${port}`));
    for (const session of sessions) ends.push(() => session.destroy());
    const one = (n: number): Promise<string> =>
      new Promise((resolve) => {
        const message = Buffer.from(`call ${n} `.repeat(1 + (n % 200)));
        const stream = sessions[n % 4]?.request({
          ":method": "POST",
          ":path": n % 3 === 0 ? LATER : ECHO,
          "content-type": "application/grpc",
          ...(n % 7 === 0 && { "x-entry": `value ${n}` }),
        });
        const pieces: Buffer[] = [];
        stream?.on("error", () => {});
        stream?.on("data", (piece: Buffer) => pieces.push(piece));
        stream?.on("close", () => {
          const whole = Buffer.concat(pieces);
          const isOwn = whole.equals(frameBytes(message));
          resolve(isOwn ? "own" : whole.length === 0 && n % 5 === 0 ? "none" : `another: ${whole.subarray(0, 40)}`);
        });
        const frame = frameBytes(message);
        if (n % 2 === 0) stream?.end(frame);
        else {
          stream?.write(frame.subarray(0, n % frame.length));
          stream?.end(frame.subarray(n % frame.length));
        }
        if (n % 5 === 0) setTimeout(() => stream?.close(8), n % 4);
      });
    const seen = new Map<string, number>();
    for (let round = 0; round < 40; round++) {
      const outcomes = await Promise.all(Array.from({ length: 100 }, (_, n) => one(round * 100 + n)));
      for (const outcome of outcomes) seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    expect([...seen.keys()].filter((outcome) => outcome !== "own" && outcome !== "none")).toEqual([]);
    expect(seen.get("own")).toBeGreaterThanOrEqual(3200);
  });
});

const h2load = "/usr/bin/h2load";

describe.skipIf(!existsSync(h2load))("h2load (skipped without it: Debian's nghttp2-client)", () => {
  it("ten thousand calls over many streams, every one answered", async () => {
    const { port } = await started();
    const folder = await makeFolder();
    ends.push(folder.remove);
    const body = join(folder.path, "body");
    await writeFile(body, frameBytes(filled(1400, 7)));
    const args = ["-n", "10000", "-c", "4", "-m", "50", "-t", "1", "-d", body];
    const headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
    const out = await new Promise<string>((resolve) =>
      execFile(h2load, [...args, ...headers, `http://127.0.0.1:${port}${ECHO}`], (_, stdout) => resolve(stdout)),
    );
    expect(out).toContain("10000 succeeded, 0 failed, 0 errored, 0 timeout");
    // The message and its frame come back whole.
    expect(out).toMatch(new RegExp(`\\(${10_000 * 1405}\\) data`));
  });
});
