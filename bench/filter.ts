/**
 * What the filter costs a request, by stages: one real Envoy with one worker, a listener for each variant, many short rounds
 * of h2load over HTTP/1.1 and HTTP/2, in which all variants take their turn within two seconds. Before any timing each variant must do what it is for. Effects: builds the filter,
 * starts Envoy in a folder of its own, both gone at the end.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningEnvoy, startEnvoy } from "../examples/demo/envoy-process.ts";
import { findEnvoy } from "../setup/envoy.mjs";
import { BARE, bootstrap, checked, type Modules, PROXIED, type Variant, variants } from "./filter-envoy.ts";
import { type Cost, load, type Protocol } from "./filter-load.ts";
import { median } from "./median.ts";
import type { BenchEntry, BenchPage } from "./run.ts";

const WASM = new URL("../wasm-filter/", import.meta.url);
const URL_ASKED = "/orders/1234?expand=items";
const PROTOCOLS: readonly Protocol[] = ["h1", "h2"];

export const filter: BenchEntry = {
  about: "CPU and rate of the Wasm filter's stands in a real Envoy, against an Envoy without them",
  run: async ({ quick }) => {
    const folder = await mkdtemp(join(tmpdir(), "countersign-bench-"));
    let envoy: RunningEnvoy | undefined;
    try {
      const modules: Modules = {
        filter: built("countersign.wasm"),
        noop: built("noop.wasm", "--noop"),
        secret: randomBytes(32).toString("base64url"),
      };
      const all = variants(modules);
      const ports = { plain: await freePort(), inner: await freePort() };
      const { path } = await findEnvoy();
      envoy = await startEnvoy("plain", path, bootstrap(modules, all, ports), folder);
      const portOf = await listenerPorts(envoy.admin);
      for (const variant of all) await check(variant, portOf(checked(variant.name)));
      return await timed(all, envoy.child.pid, portOf, quick ? 1 : 45, quick ? 2_000 : 5_000);
    } finally {
      await envoy?.child.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** A token as issuers make them: what a stamp covers, and what the token check reads. */
function token(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    ...{ iss: "https://issuer.example", sub: "user-1234567890", aud: ["https://api.example"] },
    ...{ exp: 4_000_000_000, iat: 1_700_000_000, scope: "openid profile orders:read", roles: ["admin", "reader"] },
    ...{ email: "someone@example.com", jti: "3c1f1b0e-2b1a-4a8e-9f3b-1e3a1b2c3d4e" },
  };
  return `${part({ alg: "ES256", kid: "a", typ: "JWT" })}.${part(claims)}.${"A".repeat(86)}`;
}

const headers: readonly string[] = [
  `authorization: Bearer ${token()}`,
  "accept: application/json",
  "user-agent: bench/1.0",
  "x-request-id: 7f6a3e64-0d4f-4a65-b2f4-2a3d2c0f5a11",
];

/** A forged header must not come through a guard; a stamp must hold at the next zone, and be refused where there is none. */
async function check({ name, guards, signs }: Variant, port: number): Promise<void> {
  const lines = Object.fromEntries(headers.map((line) => line.split(": ", 2)));
  const response = await fetch(`http://127.0.0.1:${port}${URL_ASKED}`, { headers: { ...lines, "x-user-id": "root" } });
  await response.arrayBuffer();
  const forged = response.headers.get("seen-x-user-id") === "root";
  const zone = response.headers.get("seen-x-countersign-zone");
  const right = response.status === 200 && (guards ? !forged : true) && (signs ? zone === "edge" : zone !== "edge");
  if (!right) throw new Error(`${name} does not do its work: ${response.status}, forged ${forged}, zone ${zone}`);
}

async function timed(
  all: readonly Variant[],
  pid: number,
  portOf: (name: string) => number,
  rounds: number,
  requests: number,
): Promise<readonly BenchPage[]> {
  const pages: BenchPage[] = [];
  for (const protocol of PROTOCOLS) {
    const once = ({ name }: Variant, count: number) => load(pid, portOf(name), protocol, count, headers, URL_ASKED);
    const costs = new Map(all.map(({ name }): [string, Cost[]] => [name, []]));
    // V8 compiles hot code again, better, while it runs.
    for (const variant of all) await once(variant, Math.min(requests, 10_000));
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < all.length; turn++) {
        const variant = all[(turn + round) % all.length];
        if (variant) costs.get(variant.name)?.push(await once(variant, requests));
      }
    }
    pages.push(page(protocol, all, costs, rounds, requests));
  }
  return pages;
}

function page(
  protocol: Protocol,
  all: readonly Variant[],
  costs: ReadonlyMap<string, readonly Cost[]>,
  rounds: number,
  requests: number,
): BenchPage {
  const of = (name: string) => costs.get(name) ?? [];
  const cpu = (name: string) => median(of(name).map((cost) => cost.cpu));
  const rate = (name: string) => median(of(name).map((cost) => cost.requestsPerSecond));
  // Round by round: a machine that slows down for seconds slows both.
  const ratio = (name: string, base: string, better: (one: Cost, bare: Cost) => number) =>
    median(of(name).flatMap((one, round) => [of(base)[round]].flatMap((bare) => (bare ? [better(one, bare)] : []))));
  return {
    title: `The filter over ${protocol}: one Envoy worker, ${rounds} interleaved rounds of ${requests} requests`,
    rows: all.map(({ name, before, upstream }) => {
      const base = upstream ? PROXIED : BARE;
      return {
        variant: name,
        "cpu µs": cpu(name).toFixed(1),
        "added µs": (cpu(name) - cpu(before)).toFixed(1),
        to: before,
        "cpu ratio": ratio(name, base, (one, bare) => bare.cpu / one.cpu).toFixed(2),
        "req/s": rate(name).toFixed(0),
        ratio: ratio(name, base, (one, bare) => one.requestsPerSecond / bare.requestsPerSecond).toFixed(2),
      };
    }),
    notes: [
      "Medians. cpu = all threads of Envoy, for each request; ratios are to the bare variant of the same kind in the same round (1 = free).",
      `Requests bear a token of ${token().length} bytes, which stamps cover. Proxied variants serve each request twice in the same process.`,
    ],
  };
}

function built(file: string, ...flags: readonly string[]): string {
  execFileSync(process.execPath, [new URL("build.mjs", WASM).pathname, ...flags], { stdio: "pipe" });
  return new URL(`build/${file}`, WASM).pathname;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function listenerPorts(admin: string): Promise<(name: string) => number> {
  const lines = (await (await fetch(`${admin}/listeners`)).text()).trim().split("\n");
  const ports = new Map(
    lines.map((line) => [line.split("::")[0] ?? "", Number(line.slice(line.lastIndexOf(":") + 1))]),
  );
  return (name) => {
    const port = ports.get(name);
    if (port === undefined) throw new Error(`Envoy has no listener ${name}`);
    return port;
  };
}
