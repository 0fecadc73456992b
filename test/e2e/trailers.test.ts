/**
 * Requests that end with trailers, through real Envoys, over HTTP/1.1 (chunked) and HTTP/2: the body's digest is made and checked
 * before anything goes on, what trailers say of us is taken off, and what does not fit gets neither in nor half in.
 */
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Config, socketAddress, typed } from "../../envoy/model.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { sendRaw } from "../support/raw-http.ts";
import { type JsonFields, SECRET, STAMP, ZONE } from "../wasm-filter/stands.ts";
import { stands } from "../wasm-filter/two-zones.ts";
import { sendHttp2 } from "./raw-http2.ts";

const HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const KEYS = [{ id: "k1", secret: SECRET }];
const contentDigest = { maxBytes: 1000 };
const GUARD: JsonFields = { ...ZONE, stamp: { zones: ["edge"], keys: KEYS, contentDigest } };
const BODY = "0123456789ab";
const HOST = "orders.example";

let service: Server;
let port = 0;
let inner: TestEnvoy;
let outer: TestEnvoy;
/** Bodies that came to the service, and the trailers of the last one. */
let served: string[] = [];

/** Says what it got: the body, its trailers, and its headers as they stand. */
function startService(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => {
      body += data;
    });
    request.on("end", () => {
      served.push(body);
      response.end(JSON.stringify({ body, trailers: request.trailers, headers: request.headers }));
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

type Protocol = "http1" | "http2";

function cluster(name: string, to: number, protocol: Protocol, filters: readonly Config[] = []): Config {
  const options =
    protocol === "http1" ? { http_protocol_options: { enable_trailers: true } } : { http2_protocol_options: {} };
  const codec = typed("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", {});
  const address = socketAddress({ host: "127.0.0.1", port: to });
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    typed_extension_protocol_options: {
      [HTTP]: typed(HTTP, {
        explicit_http_config: options,
        ...(filters.length > 0 && {
          http_filters: [...filters, { name: "envoy.filters.http.upstream_codec", typed_config: codec }],
        }),
      }),
    },
  };
}

function start(name: string, filters: readonly Config[], routes: readonly Config[], clusters: readonly Config[]) {
  const free = socketAddress({ host: "127.0.0.1", port: 0 });
  const router = typed("envoy.extensions.filters.http.router.v3.Router", {});
  const manager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: name,
    // Without, Envoy drops the trailers of HTTP/1.1 by itself.
    http_protocol_options: { enable_trailers: true },
    http_filters: [...filters, { name: "envoy.filters.http.router", typed_config: router }],
    route_config: { name, virtual_hosts: [{ name, domains: ["*"], routes }] },
  });
  const chain = { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] };
  return startEnvoy(name, {
    node: { id: name, cluster: "test" },
    admin: { address: free },
    static_resources: { listeners: [{ name, address: free, filter_chains: [chain] }], clusters },
  });
}

beforeAll(async () => {
  service = await startService();
  const bound = service.address();
  port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const all = { match: { prefix: "/" }, route: { cluster: "service" } };
  inner = await start("inner", [stands("guard", GUARD)], [all], [cluster("service", port, "http1")]);
  const stamp = stands("stamp", { ...STAMP, contentDigest });
  const to = (name: string): Config => ({ match: { prefix: `/${name}` }, route: { cluster: name } });
  outer = await start("outer", [], ["recorded", "http1", "http2"].map(to), [
    cluster("recorded", port, "http1", [stamp]),
    cluster("http1", inner.port, "http1", [stamp]),
    cluster("http2", inner.port, "http2", [stamp]),
  ]);
}, 180_000);
afterAll(async () => {
  await outer?.stop();
  await inner?.stop();
  service?.close();
});
beforeEach(() => {
  served = [];
});

interface Got {
  readonly status: number;
  readonly body: string;
  readonly trailers: Record<string, string>;
  readonly headers: IncomingHttpHeaders;
}
const read = (status: number, text: string): Got => {
  const said = status === 200 ? JSON.parse(text) : { body: text, trailers: {}, headers: {} };
  return { status, ...said };
};
const TRAILERS = { "x-end": "1", "x-user-id": "root", "x-countersign-zone": "edge" };

/** A POST in two pieces and trailers, through the outer Envoy. */
function post(protocol: Protocol, path: string, body = BODY): Promise<Got> {
  return protocol === "http1" ? postHttp1(path, body) : postHttp2(path, body);
}

function postHttp1(path: string, body: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = { host: HOST, trailer: Object.keys(TRAILERS).join(", ") };
    const call = httpRequest({ host: "127.0.0.1", port: outer.port, method: "POST", path, headers }, (response) => {
      let text = "";
      response.on("data", (data) => {
        text += data;
      });
      response.on("end", () => resolve(read(response.statusCode ?? 0, text)));
    });
    call.on("error", reject);
    call.write(body.slice(0, 3));
    call.write(body.slice(3));
    call.addTrailers(TRAILERS);
    call.end();
  });
}

function postHttp2(path: string, body: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${outer.port}`);
    session.on("error", reject);
    const head = { ":method": "POST", ":path": path, ":authority": HOST };
    const stream = session.request(head, { waitForTrailers: true, endStream: false });
    let [status, text] = [0, ""];
    stream.on("wantTrailers", () => stream.sendTrailers(TRAILERS));
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
    });
    stream.on("data", (data) => {
      text += data;
    });
    stream.on("error", reject);
    stream.on("end", () => {
      session.close();
      resolve(read(status, text));
    });
    stream.write(body.slice(0, 3));
    stream.end(body.slice(3));
  });
}

describe.each<[from: Protocol, between: Protocol]>([
  ["http1", "http1"],
  ["http1", "http2"],
  ["http2", "http1"],
  ["http2", "http2"],
])("%s to the edge, %s to the zone", (from, between) => {
  it("comes through whole, with the trailers that are nobody's", async () => {
    const got = await post(from, `/${between}/a`);
    expect([got.status, got.body, got.trailers]).toEqual([200, BODY, { "x-end": "1" }]);
    expect(got.headers["signature-input"]).toContain('"content-digest"');
    expect(served).toEqual([BODY]);
  });

  it("comes through with trailers and nothing before them", async () => {
    const got = await post(from, `/${between}/a`, "");
    expect([got.status, got.body, got.trailers]).toEqual([200, "", { "x-end": "1" }]);
  });

  it("does not come through where the body is too large", async () => {
    expect((await post(from, `/${between}/a`, "b".repeat(1001))).status).toBe(413);
    expect(served).toEqual([]);
  });
});

/** What the outer Envoy stamped, to be sent to the zone by somebody else. */
async function recorded(body = BODY): Promise<readonly (readonly [string, string])[]> {
  const { headers } = await post("http1", "/recorded/a", body);
  served = [];
  const ours = ["signature-input", "signature", "content-digest", "x-countersign-zone"];
  return ours.map((name) => [name, String(headers[name])] as const);
}

const trailers = Object.entries(TRAILERS);
const CASES: readonly (readonly [string, stamped: string, sent: string, status: number])[] = [
  ["the body that was stamped", BODY, BODY, 200],
  ["another body", BODY, "0123456789aX", 403],
  ["a shorter body", BODY, BODY.slice(1), 403],
  ["a longer body", BODY, `${BODY}c`, 403],
  ["no body", BODY, "", 403],
  ["a body where none was", "", "a", 403],
  ["none where none was", "", "", 200],
];

it.each(CASES)("somebody else's HTTP/1.1 request with trailers: %s", async (_, stamped, sent, status) => {
  const lines = (await recorded(stamped)).map(([name, value]) => `${name}: ${value}`);
  const head = ["POST /recorded/a HTTP/1.1", `host: ${HOST}`, ...lines, "transfer-encoding: chunked", "trailer: x-end"];
  const chunk = sent === "" ? "" : `${sent.length.toString(16)}\r\n${sent}\r\n`;
  const end = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const { statuses } = await sendRaw(inner.port, head, `${chunk}0\r\n${end}\r\n`);
  expect(statuses).toEqual([status]);
  expect(served).toEqual(status === 200 ? [sent] : []);
});

it.each(CASES)("somebody else's HTTP/2 request with trailers: %s", async (_, stamped, sent, status) => {
  const headers: readonly (readonly [string, string])[] = [
    ...[[":method", "POST"] as const, [":scheme", "http"] as const, [":path", "/recorded/a"] as const],
    ...[[":authority", HOST] as const, ...(await recorded(stamped))],
  ];
  const text = await sendHttp2(inner.port, { headers, body: sent, trailers });
  expect(text).toContain(status === 200 ? '"trailers":{"x-end":"1"}' : '"status":403');
  expect(served).toEqual(status === 200 ? [sent] : []);
});
