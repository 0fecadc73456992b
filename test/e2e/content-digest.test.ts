/** Content-Digest through real Envoys: the stamp holds the body back until its digest is signed, the guard until it fits. */
import { createServer, request as httpRequest, type Server } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "../../examples/demo/client.ts";
import type { TestEnvoy } from "../support/envoy.ts";
import { type JsonFields, SECRET, STAMP, ZONE } from "../wasm-filter/stands.ts";
import { stamping, stands, startZone } from "../wasm-filter/two-zones.ts";

const KEYS = [{ id: "k1", secret: SECRET }];
const contentDigest = { maxBytes: 100_000 };
const GUARD: JsonFields = { ...ZONE, stamp: { zones: ["edge"], keys: KEYS, contentDigest } };

let service: Server;
let inner: TestEnvoy;
let meddler: Server;
let outer: TestEnvoy;

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
};

beforeAll(async () => {
  let failures = 0;
  service = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => {
      body += data;
    });
    request.on("end", () => {
      // The first two of each three attempts fail, for what asks for it.
      response.writeHead(request.url === "/retried" && ++failures % 3 ? 503 : 200);
      response.end(`${body.length} ${body.slice(0, 10)} ${request.trailers["x-end"] ?? ""}`);
    });
  });
  const port = await listen(service);
  inner = await startZone("inner", {
    filters: [stands("guard", GUARD)],
    routes: [{ match: { prefix: "/" }, route: { cluster: "service" } }],
    clusters: [stamping("service", port, [])],
  });
  // Between the zones: sends on what it gets with another body.
  meddler = createServer((request, response) => {
    request.resume();
    const { "content-length": _, "transfer-encoding": __, ...headers } = request.headers;
    const { port, method, path } = { port: inner.port, method: request.method ?? "", path: request.url ?? "" };
    const on = httpRequest({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0);
      answer.pipe(response);
    });
    on.end("another body");
  });
  const stamp = stands("stamp", { ...STAMP, contentDigest });
  outer = await startZone("outer", {
    routes: [
      { match: { prefix: "/meddled" }, route: { cluster: "meddler" } },
      { match: { prefix: "/" }, route: { cluster: "inner", retry_policy: { retry_on: "5xx", num_retries: 3 } } },
    ],
    clusters: [stamping("inner", inner.port, [stamp]), stamping("meddler", await listen(meddler), [stamp])],
  });
}, 180_000);
afterAll(async () => {
  await outer?.stop();
  await inner?.stop();
  meddler?.close();
  service?.close();
});

/** A POST in chunks. */
function post(
  path: string,
  chunks: readonly string[],
  trailers: Record<string, string> = {},
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const headers = Object.keys(trailers).length > 0 ? { trailer: "x-end" } : {};
    const call = httpRequest({ host: "127.0.0.1", port: outer.port, method: "POST", path, headers }, (response) => {
      let body = "";
      response.on("data", (data) => {
        body += data;
      });
      response.on("end", () => resolve([response.statusCode ?? 0, body]));
    });
    call.on("error", reject);
    for (const chunk of chunks) call.write(chunk);
    call.addTrailers(trailers);
    call.end();
  });
}

it.each<[string, string, string[], number, string]>([
  ["a small body", "/a", ["0123456789ab"], 200, "12 0123456789 "],
  ["pieces", "/a?b", ["012", "345", "6789ab"], 200, "12 0123456789 "],
  ["a body over many reads", "/a", Array.from({ length: 20 }, () => "x".repeat(5000)), 200, "100000 xxxxxxxxxx "],
  ["an attempt after another", "/retried", ["0123456789ab"], 200, "12 0123456789 "],
])("%s comes through", async (_, path, chunks, status, body) => {
  expect(await post(path, chunks)).toEqual([status, body]);
});

it("no body comes through too", async () => {
  expect((await send(outer.port, { path: "/a" })).status).toBe(200);
});

it("a body that is too large does not", async () => {
  const [status] = await post(
    "/a",
    Array.from({ length: 21 }, () => "x".repeat(5000)),
  );
  expect(status).toBe(413);
});

it("a body that was changed on the way does not", async () => {
  const [status, body] = await post("/meddled", ["the body"]);
  expect([status, body]).toEqual([403, expect.stringContaining("did not come through the gateway")]);
});
