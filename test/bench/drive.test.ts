import { createServer } from "node:http2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drive, type Load } from "../../bench/load/drive.ts";
import { exchange } from "../../bench/load/http2-frames.ts";

/** Streams that the server takes at once on one connection. */
const STREAMS = 10;
const server = createServer({ settings: { maxConcurrentStreams: STREAMS } });
const sessions = new Set<{ destroy(): void }>();
const paths: string[] = [];
/** Most under way at once. */
let most = 0;
let port = 0;
beforeAll(async () => {
  let now = 0;
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    most = Math.max(most, ++now);
    paths.push(headers[":path"] ?? "");
    stream.on("error", () => {});
    stream.on("close", () => now--);
    setImmediate(() => {
      if (stream.destroyed) return;
      if (headers[":path"] === "/end") stream.session?.destroy();
      else stream.respond({ ":status": headers[":path"] === "/no" ? 403 : 200 }, { endStream: true });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  port = typeof bound === "object" && bound !== null ? bound.port : 0;
});
afterAll(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  for (const session of sessions) session.destroy();
  await closed;
});

const get = (path: string) =>
  exchange(
    [
      [":method", "GET"],
      [":scheme", "http"],
      [":path", path],
      [":authority", "a"],
    ],
    undefined,
  );
function load(targets: readonly string[], way: Load["way"], connections = 2): Load {
  return { host: "127.0.0.1", port, grpc: false, connections, exchanges: targets.map(get), way };
}
function reset(): void {
  paths.length = 0;
  most = 0;
}

test("each exchange once", async () => {
  reset();
  const targets = Array.from({ length: 50 }, (_, n) => (n % 5 === 0 ? "/no" : `/${n}`));
  const outcome = await drive(load(targets, { kind: "each", underWay: 8 }));
  expect(outcome).toMatchObject({ allowed: 40, denied: 10, failed: 0, unsent: 0 });
  expect(paths.toSorted()).toEqual(targets.toSorted());
  expect(most).toBeLessThanOrEqual(8);
  expect(outcome.buckets.reduce((sum, [, answers]) => sum + answers, 0)).toBe(50);
});

test("closed load keeps its number under way and takes turns", async () => {
  reset();
  const outcome = await drive(load(["/a", "/b"], { kind: "closed", underWay: 6, seconds: 0.1 }));
  expect(outcome).toMatchObject({ denied: 0, failed: 0 });
  expect(outcome.allowed).toBe(paths.length);
  expect(most).toBeLessThanOrEqual(6);
  expect(Math.abs(paths.filter((path) => path === "/a").length * 2 - paths.length)).toBeLessThanOrEqual(1);
});

test.each([true, false])("open load sends what is due (spin %s)", async (spin) => {
  reset();
  const outcome = await drive(load(["/a"], { kind: "open", rate: 1000, seconds: 0.2, spin }));
  expect(outcome).toMatchObject({ allowed: 200, denied: 0, failed: 0, unsent: 0 });
});

test("what is beyond the streams that a server takes waits here", async () => {
  reset();
  const targets = Array.from({ length: 60 }, (_, n) => `/${n}`);
  const outcome = await drive(load(targets, { kind: "each", underWay: 40 }, 1));
  expect(outcome).toMatchObject({ allowed: 60, denied: 0, failed: 0 });
  expect(most).toBe(STREAMS);
});

test("a connection that ends is counted, not tried again for ever", async () => {
  const outcome = await drive(load(["/end"], { kind: "closed", underWay: 4, seconds: 0.2 }, 1));
  expect(outcome).toMatchObject({ allowed: 0, denied: 0, failed: 4 });
});

test("nobody there is an error", async () => {
  await expect(drive({ ...load(["/a"], { kind: "each", underWay: 1 }), port: 1 })).rejects.toThrow("ECONNREFUSED");
});
