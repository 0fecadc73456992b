/**
 * A real Prometheus for a test (`node setup/prometheus.mjs` gets it). In: targets, rule files. Out: answers to queries, the
 * state of the rules. Effects: a process and its data in the folder that is given.
 */
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Child, startChild, startError } from "../../examples/demo/child.ts";
import { prometheusFolder } from "../../setup/prometheus.mjs";

export interface Target {
  readonly job: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly path: string;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Rule {
  readonly name: string;
  readonly health: string;
  readonly error: string;
  readonly state: string;
}

export interface Prometheus {
  /** @throws what Prometheus says is wrong with the query */
  query(text: string): Promise<readonly Sample[]>;
  rules(): Promise<readonly Rule[]>;
  stop(): Promise<void>;
}

const READY_MS = 30_000;

export async function startPrometheus(
  folder: string,
  targets: readonly Target[],
  ruleFiles: readonly string[],
): Promise<Prometheus> {
  const file = join(folder, "prometheus.yml");
  await writeFile(
    file,
    stringify({
      global: { scrape_interval: "250ms", scrape_timeout: "250ms", evaluation_interval: "500ms" },
      rule_files: ruleFiles,
      scrape_configs: targets.map(({ job, url, path }) => ({
        job_name: job,
        metrics_path: path,
        static_configs: [{ targets: [new URL(url).host] }],
      })),
    }),
  );
  const port = await freePort();
  const child = startChild(
    "Prometheus",
    join(prometheusFolder(), "prometheus"),
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    folder,
  );
  const base = `http://127.0.0.1:${port}`;
  await ready(child, base);
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(10_000) });
    const body: unknown = await answer.json();
    if (member(body, "status") !== "success") throw new Error(String(member(body, "error")));
    return member(body, "data");
  };
  return {
    async query(text) {
      const data = await ask(`/api/v1/query?${new URLSearchParams({ query: text })}`);
      if (member(data, "resultType") === "scalar") return [{ labels: {}, value: numberOf(member(data, "result")) }];
      return list(member(data, "result")).map((entry) => ({
        labels: Object.fromEntries(
          Object.entries(Object(member(entry, "metric"))).map(([key, value]) => [key, String(value)]),
        ),
        value: numberOf(member(entry, "value")),
      }));
    },
    async rules() {
      const groups = list(member(await ask("/api/v1/rules"), "groups"));
      return groups
        .flatMap((group) => list(member(group, "rules")))
        .map((rule) => ({
          name: String(member(rule, "name")),
          health: String(member(rule, "health")),
          error: String(member(rule, "lastError") ?? ""),
          state: String(member(rule, "state")),
        }));
    },
    stop: () => child.stop(),
  };
}

async function ready(child: Child, base: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline && child.running()) {
    const answer = await fetch(`${base}/-/ready`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const error = startError(child, "did not become ready");
  await child.stop();
  throw error;
}

/** Prometheus does not say which port it took when it may choose. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : 0));
    });
  });
}

function member(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `[time, "value"]` */
function numberOf(value: unknown): number {
  return Number(list(value)[1]);
}
