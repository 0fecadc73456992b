/**
 * The demo under an even load while all that may change changes: policies, a broken set, every worker of the edge's server, its
 * certificate. In: how much of it. Out: what went wrong, and which revisions decided. Effects: the demo's processes, in a folder
 * of its own.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkCluster } from "../../envoy/ext-authz.ts";
import { type Config, typed } from "../../envoy/model.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { startTopology } from "../../examples/demo/topology.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { type Certificate, type Changes, changes } from "./changes.ts";
import { type Load, startLoad } from "./load.ts";

export interface SteadyOptions {
  /** Requests in a second. */
  readonly rate: number;
  readonly reloads: number;
  readonly rolls: number;
  /** The authority of both. */
  readonly ca: string;
  readonly certificates: readonly [Certificate, Certificate];
  readonly say: (text: string) => void;
}

export interface SteadyResult {
  readonly answers: number;
  /** Requests that failed, in words. */
  readonly failures: readonly string[];
  /** Decisions that do not fit the set of their revision, in words. */
  readonly mixed: readonly string[];
  /** Revision → the path that its set opens. */
  readonly revisions: ReadonlyMap<string, string>;
  /** Decisions that the decision logs do not hold. */
  readonly unlogged: number;
  /** `countersign_reloads_total{outcome="refused"}` at the end. */
  readonly refused: number;
  readonly milliseconds: readonly number[];
  readonly seconds: number;
}

const A = "/api/recorded/a";
const B = "/api/recorded/b";
const ALLOWED = 200;

/** What else happens after each of the reloads: the middle one is followed by a broken set. */
async function reloads({ reloads: count, say }: SteadyOptions, change: Changes): Promise<void> {
  for (let reload = 1; reload <= count; reload++) {
    await change.open(reload % 2 === 0 ? "a" : "b");
    if (reload !== Math.ceil(count / 2)) continue;
    await change.breakPolicies();
    say(`${reload} sets were in force, and a broken one was refused`);
  }
  say(`${count} sets were in force`);
}

async function rolls({ rolls: count, say }: SteadyOptions, change: Changes): Promise<void> {
  for (let roll = 1; roll <= count; roll++) {
    await change.roll();
    say(`every worker was replaced: ${roll} of ${count}`);
  }
}

/** Envoy asks the server over TLS and knows it by its authority and name. */
function overTls(config: Config, ca: string): Config {
  const resources = config["static_resources"];
  if (typeof resources !== "object" || !("clusters" in resources) || !Array.isArray(resources["clusters"])) {
    throw new Error("no clusters in the bootstrap");
  }
  const context = typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
    sni: "localhost",
    common_tls_context: {
      alpn_protocols: ["h2"],
      validation_context: {
        trusted_ca: { filename: ca },
        match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: "localhost" } }],
      },
    },
  });
  const transport = { name: "envoy.transport_sockets.tls", typed_config: context };
  const clusters = resources["clusters"].map((cluster: Config) =>
    cluster["name"] === checkCluster ? { ...cluster, transport_socket: transport } : cluster,
  );
  return { ...config, static_resources: { ...resources, clusters } };
}

/** @param url of our own child, whose certificate is not the question */
function refusedReloads(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${url}/metrics`, { rejectUnauthorized: false, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (more: string) => {
        text += more;
      });
      response.on("end", () =>
        resolve(Number(/^countersign_reloads_total\{outcome="refused"\} (\d+)$/m.exec(text)?.[1] ?? 0)),
      );
    }).on("error", reject);
  });
}

/** Which set a decision was made by stands in the decision log; what it said, in the answer. */
async function judge(load: Load, before: number, folder: string) {
  const revisionOf = new Map<string, string>();
  const logs = (await readdir(folder)).filter((name) => name.startsWith("decisions.jsonl"));
  for (const name of logs) {
    for (const line of (await readFile(join(folder, name), "utf8")).split("\n")) {
      const [, id, revision] = /^\{"type":"decision","id":"([^"]+)".*?"revision":"([^"]+)"/.exec(line) ?? [];
      if (id !== undefined && revision !== undefined) revisionOf.set(id, revision);
    }
  }
  const revisions = new Map<string, string>();
  const mixed: string[] = [];
  let unlogged = 0;
  for (const { path, status, decision } of load.answers.slice(before)) {
    if (path !== A && path !== B) continue;
    const revision = revisionOf.get(decision);
    if (revision === undefined) {
      unlogged++;
      continue;
    }
    const shows = status === ALLOWED ? path : path === A ? B : A;
    const opens = revisions.get(revision) ?? shows;
    revisions.set(revision, opens);
    if (opens !== shows && mixed.length < 20)
      mixed.push(`${decision}: ${path} was answered ${status} under ${revision}`);
  }
  const { answers, failures, milliseconds } = load;
  return { answers: answers.length, failures, milliseconds, revisions, mixed, unlogged };
}

export async function steady(options: SteadyOptions): Promise<SteadyResult> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-steady-"));
  try {
    const [first, second] = options.certificates;
    const tls = { certFile: "tls.crt", keyFile: "tls.key" };
    for (const [name, text] of [
      ["tls.crt", first.cert],
      ["tls.key", first.key],
      ["ca.crt", options.ca],
    ] as const) {
      await writeFile(join(folder, name), text, { mode: 0o600 });
    }
    const topology = await startTopology({
      envoy: (await findEnvoy()).path,
      folder,
      say: options.say,
      checkTimeoutSeconds: 5,
      edgeServer: {
        listen: { grpc: "127.0.0.1:0", http: "127.0.0.1:0", tls },
        workers: 2,
        decisionLog: { file: "decisions.jsonl" },
      },
      zoneServer: { jwks: { allowPrivateAddresses: true, caFile: "ca.crt" } },
      change: (zone, config) => (zone === "edge" ? overTls(config, join(folder, "ca.crt")) : config),
    });
    try {
      const token = await fetchToken(topology.issuer, "buyer", audience);
      const either = [ALLOWED, 403];
      const asked = [
        { path: A, statuses: either },
        { path: "/api/orders/7", statuses: [ALLOWED] },
        { path: B, statuses: either },
      ];
      const begun = performance.now();
      const load = startLoad(topology.edge.port, options.rate, asked, { authorization: `Bearer ${token}` });
      const inForce = async (side: "a" | "b"): Promise<void> => {
        const [open, closed] = side === "a" ? [A, B] : [B, A];
        await load.until(({ path, status }) => path === closed && status !== ALLOWED);
        await load.until(({ path, status }) => path === open && status === ALLOWED);
      };
      const change = changes(topology.edgeServer.child, folder, topology.issuer, inForce);
      // From here on every set opens one of the two.
      await change.open("a");
      const before = load.answers.length;
      await Promise.all([
        reloads(options, change),
        rolls(options, change),
        change.renew(second).then(() => options.say("the certificate is renewed")),
      ]);
      await load.stop();
      const seconds = (performance.now() - begun) / 1000;
      const refused = await refusedReloads(topology.edgeServer.http);
      await topology.stop();
      return { ...(await judge(load, before, folder)), refused, seconds };
    } finally {
      await topology.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
