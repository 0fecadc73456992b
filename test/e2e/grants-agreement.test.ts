/**
 * granted ≡ asked through a real Envoy: generated requests under generated policies go to a listener that repeats grants and to
 * one that asks for each, and what the client and the service see is the same. `GRANT_REQUESTS` sets how many.
 */
import { Agent, request as httpRequest } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusters } from "../../envoy/cluster.ts";
import { extAuthz } from "../../envoy/ext-authz.ts";
import { guard } from "../../envoy/guard.ts";
import { connectionManager, listener, router } from "../../envoy/listener.ts";
import { type Config, socketAddress, type Zone } from "../../envoy/model.ts";
import { edgeZone } from "../../envoy/samples.ts";
import { type Echo, startEcho } from "../../examples/demo/echo.ts";
import { listenerPorts } from "../conformance/envoy-listeners.ts";
import type { ProxyRequest } from "../grant/guard-model.ts";
import { EPOCH, type Judge, judgeOf, worldWithRequests } from "../grant/world.ts";
import { ROUTES } from "../grant/world-requests.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { type FakeAnswer, type FakeAsked, type FakeAuthz, startFakeAuthz } from "../support/fake-authz.ts";
import { filterPath } from "../wasm-filter/build-filter.ts";

const REQUESTS = Number(process.env["GRANT_REQUESTS"] ?? 2000);
const WORLDS = Math.ceil(REQUESTS / 50);
const CLIENTS = 8;
const seed = Number(process.env["GRANT_SEED"] ?? 7);
const worlds = fc.sample(worldWithRequests, { numRuns: WORLDS, seed });
const judges = new Map<number, Judge>();
const free = { host: "127.0.0.1", port: 0 };

let authz: FakeAuthz;
let echo: Echo;
let envoy: TestEnvoy;
let ports: ReadonlyMap<string, number>;

beforeAll(async () => {
  [authz, echo] = [await startFakeAuthz(answer), await startEcho()];
  authz.epoch = EPOCH;
  envoy = await startEnvoy("granting", bootstrap());
  ports = await listenerPorts(envoy.admin);
});
afterAll(async () => {
  await envoy?.stop();
  await Promise.all([authz?.stop(), echo?.stop()]);
});

async function answer({ headers, context }: FakeAsked): Promise<FakeAnswer> {
  const index = Number(context["world"]);
  const world = worlds[index];
  if (world === undefined) throw new Error("no world");
  const judge = judges.get(index) ?? judgeOf(world[0]);
  judges.set(index, judge);
  const first = (name: string): string => headers.get(name)?.[0] ?? "";
  const decision = await judge.decide({
    route: context["route"] ?? "",
    mtls: false,
    connection: "c1",
    method: first(":method"),
    authority: first(":authority"),
    scheme: first(":scheme"),
    target: first(":path"),
    headers: [...headers].flatMap(([name, lines]) =>
      name.startsWith(":") || name === "x-world" ? [] : lines.map((line) => [name, line] as const),
    ),
  });
  if (decision.effect !== "allow") return { id: decision.id, deny: true };
  const { grant, changes } = decision;
  return { id: decision.id, ...changes, ...(grant !== undefined && { grant }) };
}

function bootstrap(): Config {
  const { stamps: _, grants: __, ...sample } = edgeZone([{ id: "k1", secret: "A".repeat(43) }]);
  const zone: Zone = {
    ...sample,
    stamps: undefined,
    token: undefined,
    ownedHeaders: [],
    accessLog: "/dev/null",
    filter: filterPath(),
    check: { address: { ...free, port: authz.grpcPort }, timeoutSeconds: 10 },
    upstreams: [{ name: "service", address: { ...free, port: echo.port }, stamp: false }],
  };
  const match = { prefix: "/", headers: [{ name: "x-world" }] };
  const routes = sample.routes.flatMap((route) => [route, { ...route, match }]);
  const workloads = routes.map((route, i) => ({ ...route, workload: { ...route.workload, name: `w${i}` } }));
  const granting = {
    ...zone,
    name: "granting",
    grants: { address: { ...free, port: authz.httpPort } },
    routes: workloads,
  };
  const chain = (one: Zone): Config =>
    listener({ ...one, listener: free }, connectionManager(one, [guard(one), extAuthz(one), router], table(one.name)));
  return {
    admin: { address: socketAddress(free) },
    static_resources: {
      listeners: [chain(granting), chain({ ...zone, name: "asking" })],
      clusters: clusters(granting),
    },
  };
}

/** One route for each world and workload, found by a header that no world knows. */
function table(name: string): Config {
  const perRoute = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
  const routes = worlds.flatMap((_, world) =>
    Object.keys(ROUTES).map(
      (route): Config => ({
        name: `${world}-${route}`,
        match: { prefix: "/", headers: [{ name: "x-world", string_match: { exact: `${world}-${route}` } }] },
        route: { cluster: "service" },
        typed_per_filter_config: {
          "envoy.filters.http.ext_authz": {
            "@type": perRoute,
            check_settings: { context_extensions: { world: `${world}`, route } },
          },
        },
      }),
    ),
  );
  return { name, virtual_hosts: [{ name, domains: ["*"], routes }] };
}

/** What the client and the service saw, without what differs from one request to the next anyway. */
function send(to: string, agent: Agent, world: number, request: ProxyRequest): Promise<string> {
  const lines = request.headers.filter(([name]) => name !== "connection");
  const headers = ["host", request.authority, "x-world", `${world}-${request.route}`, ...lines.flat()];
  const options = {
    host: "127.0.0.1",
    port: ports.get(to) ?? 0,
    agent,
    method: request.method,
    path: request.target,
    headers,
  };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(options, (reply) => {
      let body = "";
      reply.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      reply.on("end", () => resolve(`${reply.statusCode} ${reply.statusCode === 200 ? seen(body) : ""}`));
    });
    sent.on("error", reject).end();
  });
}

function seen(body: string): string {
  const { method, url, headers } = JSON.parse(body);
  const { "x-request-id": _, "txn-token": minted, ...others } = headers;
  const claims = (minted ?? []).map((token: string) => (token.split(".").length === 3 ? claimsOf(token) : token));
  return JSON.stringify([method, url, Object.entries(others).sort(), claims]);
}

function claimsOf(jwt: string): object {
  const {
    iat: _,
    exp: __,
    jti: ___,
    ...rest
  } = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
  return rest;
}

async function hits(): Promise<number> {
  const answered = await fetch(`${envoy.admin}/stats?filter=guard.grant.hit`);
  return Number(/: (\d+)/.exec(await answered.text())?.[1] ?? 0);
}

it("what is repeated is what is answered", async () => {
  // Each worker and the main thread ask for the epoch.
  await expect.poll(() => authz.polls(), { timeout: 10_000 }).toBeGreaterThan(3);
  const all = worlds.flatMap(([, groups], world) =>
    groups.flatMap((group) => [...group, ...group]).map((one) => ({ world, one })),
  );
  const generated = Array.from({ length: REQUESTS }, (_, i) => all[i % all.length]).values();
  const wrong: string[] = [];
  const statuses = new Map<string, number>();
  const worker = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const next of generated) {
      if (next === undefined) continue;
      const granted = await send("granting", agent, next.world, next.one);
      const asked = await send("asking", agent, next.world, next.one);
      const status = granted.slice(0, 3);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (granted !== asked) wrong.push(JSON.stringify([next, granted, asked]));
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: CLIENTS }, worker));
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(await hits()).toBeGreaterThan(REQUESTS / 20);
  expect(statuses.get("200") ?? 0).toBeGreaterThan(REQUESTS / 10);
  process.stdout.write(`requests ${REQUESTS}, repeated ${await hits()}, ${JSON.stringify([...statuses])}\n`);
}, 1_800_000);
