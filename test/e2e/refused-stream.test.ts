/**
 * A check that was refused unread, as by a server that ends, is asked once more; and no more than once. In: a check server that
 * misbehaves in one way, in front of it the shipped edge. A retry is never a way past a decision.
 */
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { afterEach, expect, it } from "vitest";
import { bootstrap } from "../../envoy/bootstrap.ts";
import { edgeZone } from "../../envoy/samples.ts";
import { send } from "../../examples/demo/client.ts";
import { startEcho } from "../../examples/demo/echo.ts";
import { startEnvoy } from "../support/envoy.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
});

const REFUSED_STREAM = 7;
/** CheckResponse { status { } ok_response { } } in a gRPC frame: an allow. */
const ALLOW = Buffer.from([0, 0, 0, 0, 4, 0x0a, 0x00, 0x1a, 0x00]);
/** status { code: 7 } denied_response { status { code: 403 } } */
const DENY = Buffer.from([0, 0, 0, 0, 11, 0x0a, 0x02, 0x08, 0x07, 0x12, 0x05, 0x0a, 0x03, 0x08, 0x93, 0x03]);

type Behaviour = (stream: ServerHttp2Stream, call: number) => void;

function answer(stream: ServerHttp2Stream, frame: Buffer): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(frame);
}

async function edgeBefore(behaviour: Behaviour): Promise<{ readonly port: number; readonly calls: () => number }> {
  let calls = 0;
  const sessions = new Set<ServerHttp2Session>();
  const server: Http2Server = createServer();
  server.on("session", (session) => sessions.add(session));
  server.on("sessionError", () => {});
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.resume();
    stream.once("end", () => behaviour(stream, ++calls));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const service = await startEcho();
  stops.push(() => service.stop());
  const free = { host: "127.0.0.1", port: 0 };
  const sample = edgeZone([{ id: "k1", secret: "A".repeat(43) }]);
  const envoy = await startEnvoy(
    "edge",
    bootstrap({
      ...sample,
      listener: free,
      admin: free,
      filter: new URL("../../wasm-filter/build/countersign.wasm", import.meta.url).pathname,
      accessLog: "/dev/null",
      token: undefined,
      check: { address: { host: "127.0.0.1", port }, timeoutSeconds: 5 },
      upstreams: sample.upstreams.map((upstream) => ({ ...upstream, address: { ...free, port: service.port } })),
    }),
  );
  stops.push(() => envoy.stop());
  return { port: envoy.port, calls: () => calls };
}

it.each<[string, number, number, Behaviour]>([
  [
    "refused once, then allowed",
    200,
    2,
    (stream, call) => (call === 1 ? stream.close(REFUSED_STREAM) : answer(stream, ALLOW)),
  ],
  [
    "refused once, then denied",
    403,
    2,
    (stream, call) => (call === 1 ? stream.close(REFUSED_STREAM) : answer(stream, DENY)),
  ],
  ["refused for ever", 503, 2, (stream) => stream.close(REFUSED_STREAM)],
  [
    "cut off once, then allowed",
    200,
    2,
    (stream, call) => (call === 1 ? stream.session?.destroy() : answer(stream, ALLOW)),
  ],
  ["denied: not asked again", 403, 1, (stream) => answer(stream, DENY)],
])("%s", async (_, status, asked, behaviour) => {
  const { port, calls } = await edgeBefore(behaviour);
  expect((await send(port, { path: "/api/orders/7" })).status).toBe(status);
  expect(calls()).toBe(asked);
});
