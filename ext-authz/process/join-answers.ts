/**
 * One HTTP side for all workers. In: a path, the workers that serve, as functions. Out: one answer: metrics added up, a
 * decision from whoever made it, readiness from the worst, everything else from the first. Effects: asks workers.
 */
import { createHash } from "node:crypto";
import { EPOCH_HEADER } from "../respond/operator-routes.ts";
import type { Answering, HttpAnswer } from "../transport/http-server.ts";
import { joinMetrics } from "./join-metrics.ts";

/** Resolves to nothing when the worker did not answer in time. */
export type AskWorker = (path: string) => Promise<HttpAnswer | undefined>;

export interface Joined {
  readonly workers: () => readonly AskWorker[];
  /** Metrics of workers that are gone. */
  readonly departed: () => readonly string[];
}

const NONE: HttpAnswer = {
  status: 503,
  contentType: "application/json",
  body: '{"ready":false,"error":"no worker serves"}\n',
};

export function joinAnswers({ workers, departed }: Joined): Answering {
  return async (path) => {
    // The primary's own life: it replaces its workers, so their absence is no reason to restart it.
    if (path === "/healthz") return { status: 200, contentType: "text/plain", body: "ok\n" };
    const asked = workers();
    if (path === "/metrics") return metrics(await answers(asked, path), departed());
    if (path.startsWith("/v1/decisions/")) {
      const all = await answers(asked, path);
      return all.find(({ status }) => status === 200) ?? all[0] ?? NONE;
    }
    if (path === "/readyz") {
      const all = await answers(asked, path);
      return all.find(({ status }) => status !== 200) ?? all[0] ?? NONE;
    }
    if (path === "/v1/revision") return revision(await answers(asked, path));
    for (const ask of asked) {
      const answer = await ask(path);
      if (answer !== undefined) return answer;
    }
    return NONE;
  };
}

async function answers(asked: readonly AskWorker[], path: string): Promise<readonly HttpAnswer[]> {
  return (await Promise.all(asked.map((ask) => ask(path)))).filter((answer) => answer !== undefined);
}

/**
 * Grants may live only under an epoch that all workers share: until a reload has reached the last of them, its old policies
 * still count somewhere.
 */
function revision(answered: readonly HttpAnswer[]): HttpAnswer {
  const first = answered[0];
  if (first === undefined) return NONE;
  const epochs = new Set(answered.map(({ headers }) => headers?.[EPOCH_HEADER] ?? ""));
  if (epochs.size === 1) return first;
  // No worker issues grants under this name; the next answer may hold for all again.
  const epoch = `mixed-${mixed(epochs)}`;
  const own = first.headers?.[EPOCH_HEADER];
  const body = typeof first.body === "string" && own !== undefined ? first.body.replace(own, epoch) : first.body;
  return { ...first, body, headers: { ...first.headers, [EPOCH_HEADER]: epoch } };
}

function mixed(epochs: ReadonlySet<string>): string {
  return createHash("sha256")
    .update(JSON.stringify([...epochs].sort()))
    .digest("base64url")
    .slice(0, 32);
}

function metrics(answered: readonly HttpAnswer[], departed: readonly string[]): HttpAnswer {
  const first = answered[0];
  if (first === undefined) return NONE;
  const texts = answered.map(({ body }) => (typeof body === "string" ? body : ""));
  return { ...first, body: joinMetrics(texts, departed) };
}
