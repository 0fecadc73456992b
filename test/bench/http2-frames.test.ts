import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openConnection, type Verdict } from "../../bench/load/connection.ts";
import { exchange, type HeaderLine, saysOk } from "../../bench/load/http2-frames.ts";

const seen: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
let answer: (stream: ServerHttp2Stream) => void = () => {};
const server = createServer();
server.on("stream", (stream, headers) => {
  const parts: Buffer[] = [];
  stream.on("error", () => {});
  stream.on("data", (part: Buffer) => parts.push(part));
  stream.on("end", () => {
    seen.push({ headers, body: Buffer.concat(parts) });
    answer(stream);
  });
});
const sessions = new Set<{ destroy(): void }>();
server.on("session", (session) => sessions.add(session));
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  port = typeof bound === "object" && bound !== null ? bound.port : 0;
});
afterAll(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  for (const session of sessions) session.destroy();
  await closed;
});

const lines: readonly HeaderLine[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/some/path?x=1"],
  [":authority", "a.example"],
  ["content-type", "application/grpc"],
  ["x-long", "v".repeat(3000)],
  ["x-126", "v".repeat(126)],
  ["x-127", "v".repeat(127)],
  ["x-empty", ""],
];

/** Sends so many and waits for all verdicts. */
async function verdicts(grpc: boolean, count: number, body: Buffer | undefined): Promise<readonly Verdict[]> {
  const got: Verdict[] = [];
  let all: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  const connection = await openConnection("127.0.0.1", port, grpc, (verdict) => {
    got.push(verdict);
    if (got.length === count) all();
  });
  for (let n = 0; n < count; n++) connection.send(exchange(lines, body), n);
  connection.flush();
  await done;
  expect(connection.underWay()).toBe(0);
  connection.close();
  return got;
}

const grpcAnswer = (message: readonly number[]) => (stream: ServerHttp2Stream) => {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
};
const status = (code: number) => (stream: ServerHttp2Stream) =>
  stream.respond({ ":status": code }, { endStream: true });

describe("requests", () => {
  test("arrive as they were made, at an HTTP/2 server that is not ours", async () => {
    answer = status(200);
    seen.length = 0;
    expect(await verdicts(false, 1, Buffer.from("body"))).toEqual(["allowed"]);
    for (const [name, value] of lines) expect(seen[0]?.headers[name], name).toBe(value);
    expect(seen[0]?.body.toString()).toBe("body");
  });

  test("wait for the connection's window and then all go", async () => {
    answer = status(200);
    seen.length = 0;
    const body = Buffer.alloc(15_000, 7);
    expect(new Set(await verdicts(false, 40, body))).toEqual(new Set(["allowed"]));
    expect(seen.map((one) => one.body.length)).toEqual(Array.from({ length: 40 }, () => 15_000));
  });
});

describe("verdicts", () => {
  const cases: readonly (readonly [string, boolean, (stream: ServerHttp2Stream) => void, Verdict])[] = [
    ["a 200", false, status(200), "allowed"],
    ["a 204", false, status(204), "denied"],
    ["a 403", false, status(403), "denied"],
    ["a 503", false, status(503), "denied"],
    ["OK without a code", true, grpcAnswer([0x0a, 0, 0x1a, 0]), "allowed"],
    ["no status at all", true, grpcAnswer([0x1a, 0]), "allowed"],
    ["PERMISSION_DENIED", true, grpcAnswer([0x0a, 2, 0x08, 7]), "denied"],
    ["UNAVAILABLE", true, grpcAnswer([0x0a, 2, 0x08, 14]), "denied"],
    ["no message", true, status(200), "failed"],
    ["a reset", true, (stream) => stream.close(2), "failed"],
    ["a connection that ends", true, (stream) => stream.session?.destroy(), "failed"],
  ];
  test.each(cases)("%s", async (_, grpc, how, verdict) => {
    answer = how;
    expect(await verdicts(grpc, 1, Buffer.from("x"))).toEqual([verdict]);
  });

  test.each([
    ["indexed 200", [0x88], true],
    ["after a change of the table's size", [0x20, 0x88], true],
    ["after a large one", [0x3f, 0xe1, 0x1f, 0x88], true],
    ["indexed 204", [0x89], false],
    ["a literal", [0x08, 3, 0x34, 0x30, 0x33], false],
    ["nothing", [], false],
    ["only a change of size", [0x3f, 0xe1], false],
  ])("a header block: %s", (_, bytes, ok) => {
    expect(saysOk(Buffer.from(bytes), 0, bytes.length)).toBe(ok);
  });
});
