/**
 * A real Envoy with a zone that repeats grants, before an echo and a check server that a test plays. In: what the server
 * answers. Out: ways to ask, to see what was asked, and to read the access log. Effects: one process, three servers.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { bootstrap } from "../../envoy/bootstrap.ts";
import type { Route, Zone } from "../../envoy/model.ts";
import { edgeZone } from "../../envoy/samples.ts";
import { type Incoming, type Outgoing, send } from "../../examples/demo/client.ts";
import { type Echoed, startEcho } from "../../examples/demo/echo.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { type FakeAnswer, type FakeAsked, type FakeAuthz, startFakeAuthz } from "../support/fake-authz.ts";
import { filterPath } from "../wasm-filter/build-filter.ts";

const free = { host: "127.0.0.1", port: 0 };
const LOG = "access.log";

export interface LogLine {
  readonly path: string;
  readonly code: number;
  readonly decision_id: string | null;
  readonly effect: string | null;
  readonly grant: string | null;
}

export interface GrantingZone {
  readonly authz: FakeAuthz;
  readonly envoy: TestEnvoy;
  ask(request: Outgoing): Promise<Incoming>;
  /** What the service got. */
  echoed(request: Outgoing): Promise<Echoed>;
  /** The access log's lines for that path, when there are as many. */
  log(path: string, lines: number): Promise<readonly LogLine[]>;
  metric(name: string): Promise<number>;
  /** Resolves when the guard knows the epoch and repeats what was granted for `/ready`. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

const shop = (name: string) => ({ namespace: "shop", name, labels: { app: name } });
const routes: readonly Route[] = [
  { prefix: "/stock/", rewrite: undefined, upstream: "service", workload: shop("stock") },
  { prefix: "/", rewrite: undefined, upstream: "service", workload: shop("orders") },
];

export async function startGrantingZone(
  answer: (asked: FakeAsked) => FakeAnswer,
  more: Partial<Zone> = {},
): Promise<GrantingZone> {
  const [authz, echo] = [await startFakeAuthz(answer), await startEcho()];
  const { token: _, stamps: __, ...sample } = edgeZone([{ id: "k1", secret: "A".repeat(43) }]);
  const envoy = await startEnvoy("edge", (folder) =>
    bootstrap({
      ...sample,
      listener: free,
      admin: free,
      filter: filterPath(),
      accessLog: `${folder}/${LOG}`,
      token: undefined,
      stamps: undefined,
      ownedHeaders: ["x-user-id"],
      check: { address: { ...free, port: authz.grpcPort }, timeoutSeconds: 5 },
      grants: { address: { ...free, port: authz.httpPort }, pollMilliseconds: 100 },
      routes,
      upstreams: [{ name: "service", address: { ...free, port: echo.port }, stamp: false }],
      ...more,
    }),
  );
  const ask = (request: Outgoing) => send(envoy.port, request);
  const stats = async (name: string): Promise<number> => {
    const answered = await fetch(`${envoy.admin}/stats?filter=${name}`);
    return Number(/: (\d+)/.exec(await answered.text())?.[1] ?? 0);
  };
  return {
    authz,
    envoy,
    ask,
    echoed: async (request) => JSON.parse((await ask(request)).body),
    log: (path, lines) => readLog(`${envoy.folder.path}/${LOG}`, path, lines),
    metric: (name) => stats(`countersign.guard.grant.${name}$`),
    async ready() {
      const deadline = Date.now() + 20_000;
      for (;;) {
        const before = authz.asked.length;
        await ask({ path: "/ready" });
        if (authz.asked.length === before) return;
        if (Date.now() > deadline) throw new Error("no grant was ever repeated");
      }
    },
    async stop() {
      await envoy.stop();
      await Promise.all([authz.stop(), echo.stop()]);
    },
  };
}

async function readLog(file: string, path: string, lines: number): Promise<readonly LogLine[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const all = (await readFile(file, "utf8")).split("\n").filter((line) => line.endsWith("}"));
    const found = all.map((line): LogLine => JSON.parse(line)).filter((line) => line.path === path);
    if (found.length >= lines || Date.now() > deadline) return found;
    await pause(20);
  }
}
