/**
 * Whatever an edge's route makes of a request, the next zone verifies what really arrived: every kind of rewrite, retries and
 * redirects followed inside, through two real Envoys. The zone's guard accepts nothing but a stamp for what it sees.
 */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusters } from "../../envoy/cluster.ts";
import { guard } from "../../envoy/guard.ts";
import { connectionManager, listener, router } from "../../envoy/listener.ts";
import { type Config, type Route, socketAddress, typed, type Zone } from "../../envoy/model.ts";
import { edgeZone, innerZone } from "../../envoy/samples.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { sendRaw } from "../support/raw-http.ts";

const filter = new URL("../../wasm-filter/build/countersign.wasm", import.meta.url).pathname;
const keys = [{ id: "k1", secret: Buffer.alloc(32, 5).toString("base64url") }];
const local = (port: number) => ({ host: "127.0.0.1", port });
const workload = { namespace: "shop", name: "orders", labels: {} };
const template = (path: string) => ({
  path_match_policy: {
    name: "envoy.path.match.uri_template.uri_template_matcher",
    typed_config: typed("envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig", { path_template: path }),
  },
});
const templateRewrite = (path: string): Config => ({
  path_rewrite_policy: {
    name: "envoy.path.rewrite.uri_template.uri_template_rewriter",
    typed_config: typed("envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig", {
      path_template_rewrite: path,
    }),
  },
});
const regex = (pattern: string, substitution: string): Config => ({ pattern: { regex: pattern }, substitution });

interface Row {
  readonly name: string;
  readonly route: Pick<Route, "prefix" | "rewrite" | "match" | "action">;
  readonly path: string;
  readonly more?: readonly string[];
  readonly url: string;
  readonly host?: string;
}

const none = { rewrite: undefined };
const rows: readonly Row[] = [
  { name: "no rewrite", route: { prefix: "/plain", ...none }, path: "/plain/7?a=1", url: "/plain/7?a=1" },
  { name: "prefix_rewrite", route: { prefix: "/prefix/", rewrite: "/" }, path: "/prefix/o?a=1", url: "/o?a=1" },
  { name: "prefix_rewrite to nothing", route: { prefix: "/gone", rewrite: "/" }, path: "/gone?a=%20", url: "/?a=%20" },
  {
    name: "regex_rewrite",
    route: { prefix: "/regex/", ...none, action: { regex_rewrite: regex("^/regex/([^/]+)/(.*)$", "/\\2/by/\\1") } },
    path: "/regex/ann/orders?x=/regex/1/2",
    url: "/orders/by/ann?x=/regex/1/2",
  },
  {
    name: "path template rewrite",
    route: {
      prefix: "",
      ...none,
      match: template("/template/{user}/o/{rest=**}"),
      action: templateRewrite("/{rest}/of/{user}"),
    },
    path: "/template/ann/o/1/2?q",
    url: "/1/2/of/ann?q",
  },
  {
    name: "host_rewrite_literal",
    route: { prefix: "/literal", ...none, action: { host_rewrite_literal: "Inner.Example:8443" } },
    path: "/literal",
    url: "/literal",
    host: "Inner.Example:8443",
  },
  {
    name: "host_rewrite_header",
    route: { prefix: "/header", ...none, action: { host_rewrite_header: "x-target" } },
    path: "/header",
    more: ["x-target: by-header.example"],
    url: "/header",
    host: "by-header.example",
  },
  {
    name: "host_rewrite_path_regex",
    route: {
      prefix: "/host/",
      ...none,
      action: { host_rewrite_path_regex: regex("^/host/([^/?]+).*$", "\\1.example") },
    },
    path: "/host/blue/1?q=1",
    url: "/host/blue/1?q=1",
    host: "blue.example",
  },
  {
    name: "auto_host_rewrite",
    route: { prefix: "/auto", ...none, action: { auto_host_rewrite: true } },
    path: "/auto",
    url: "/auto",
    host: "localhost",
  },
  {
    name: "path and host together",
    route: { prefix: "/both/", rewrite: "/b/", action: { host_rewrite_literal: "both.example" } },
    path: "/both/1",
    url: "/b/1",
    host: "both.example",
  },
  {
    name: "a retry: each attempt is signed anew",
    route: {
      prefix: "/retry/",
      rewrite: "/fail-once/",
      action: { retry_policy: { retry_on: "5xx", num_retries: 2 } },
    },
    path: "/retry/1?r=1",
    url: "/fail-once/1?r=1",
  },
  {
    name: "a redirect followed inside, to another path",
    route: {
      prefix: "/redirect/",
      rewrite: "/moved/",
      action: { internal_redirect_policy: { max_internal_redirects: 1, redirect_response_codes: [302] } },
    },
    path: "/redirect/1",
    url: "/plain/moved",
  },
];

interface Arrived {
  readonly url: string;
  readonly host: string;
  readonly nonce: string;
}

let arrived: Arrived[] = [];
let service: Server;
let inner: TestEnvoy;
let outer: TestEnvoy;
let failed = false;

beforeAll(async () => {
  service = createServer((request, response) => {
    const { url = "", headers } = request;
    const nonce = /nonce="([^"]+)"/.exec(String(headers["signature-input"]))?.[1] ?? "";
    arrived.push({ url, host: headers.host ?? "", nonce });
    if (url.startsWith("/moved/")) response.writeHead(302, { location: "http://edge.example/plain/moved" });
    else if (url.startsWith("/fail-once/") && !failed) {
      failed = true;
      response.writeHead(503);
    }
    response.end("SERVED");
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const bound = service.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const here = { listener: local(0), admin: local(0), accessLog: "/dev/null", filter };
  const through = { prefix: "/", rewrite: undefined, upstream: "orders", workload };
  inner = await startEnvoy(
    "zone",
    checkless({
      ...innerZone(keys),
      ...here,
      routes: [through],
      upstreams: [{ name: "orders", address: local(port), stamp: false }],
    }),
  );
  outer = await startEnvoy(
    "edge",
    checkless({
      ...edgeZone(keys),
      ...here,
      token: undefined,
      routes: rows.map(({ route }) => ({ ...route, upstream: "zone", workload })),
      upstreams: [{ name: "zone", address: { host: "localhost", port: inner.port }, stamp: true }],
    }),
  );
});
afterAll(async () => {
  await outer?.stop();
  await inner?.stop();
  service?.closeAllConnections();
  service?.close();
});

/** The guard and the stamp alone: what is shown here needs no decision. */
function checkless(zone: Zone): Config {
  return {
    admin: { address: socketAddress(zone.admin) },
    static_resources: {
      listeners: [listener(zone, connectionManager(zone, [guard(zone), router]))],
      clusters: clusters(zone).slice(0, -1),
    },
  };
}

describe("the next zone verifies what really arrived", () => {
  it.each(rows.map((row) => [row.name, row] as const))("%s", async (_, { path, more = [], url, host }) => {
    arrived = [];
    failed = false;
    const answer = await sendRaw(outer.port, [`GET ${path} HTTP/1.1`, "host: edge.example", ...more]);
    expect(answer.text).toContain("SERVED");
    expect(answer.statuses).toEqual([200]);
    expect(arrived.at(-1)).toMatchObject({ url, host: host ?? "edge.example" });
    expect(arrived.every(({ nonce }) => nonce !== "")).toBe(true);
  });

  it("two attempts carry two stamps", async () => {
    arrived = [];
    failed = false;
    await sendRaw(outer.port, ["GET /retry/1 HTTP/1.1", "host: edge.example"]);
    expect(arrived).toHaveLength(2);
    expect(new Set(arrived.map(({ nonce }) => nonce)).size).toBe(2);
  });

  it("a redirect is two requests with two stamps", async () => {
    arrived = [];
    await sendRaw(outer.port, ["GET /redirect/1 HTTP/1.1", "host: edge.example"]);
    expect(arrived.map(({ url }) => url)).toEqual(["/moved/1", "/plain/moved"]);
    expect(new Set(arrived.map(({ nonce }) => nonce)).size).toBe(2);
  });
});
