/**
 * Who decided a request, and why: read from the proxies' own access logs by request id, as an operator would. In: the
 * logs' files. Out: one verdict. Effects: reads files until the line is there, within bounds.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

export interface Verdict {
  /** `guard@edge`, `ext_authz@zone`, `envoy@edge` …; `grant@zone`: a decision of ext_authz that the proxy repeated. */
  readonly by: string;
  /** The closed code, or Envoy's own response code details. */
  readonly reason: string;
  /** `namespace/name[rule]`; "" when no single policy decided. */
  readonly policy: string;
}

export interface Place {
  readonly name: string;
  readonly log: string;
}

/** The filter's response code details (docs/filter.md): `countersign_guard{token_expired}`. */
const filterDetails = /^countersign_(guard|stamp)\{([a-z_]{1,64})\}$/;

/** @param places the proxies in the order in which the request passes them. */
export async function findVerdict(places: readonly Place[], requestId: string): Promise<Verdict> {
  let verdict: Verdict = { by: "nobody", reason: "no access log line", policy: "" };
  for (const { name, log } of places) {
    const line = await findLine(log, requestId);
    if (line === undefined) return verdict;
    verdict = verdictOf(name, line);
    if (line.get("details") !== "via_upstream") return verdict;
  }
  return verdict;
}

export function verdictOf(name: string, line: ReadonlyMap<string, string>): Verdict {
  const details = line.get("details") ?? "";
  const policy = line.get("policy") ?? "";
  const reason = line.get("reason") ?? "";
  const filter = filterDetails.exec(details);
  if (filter) return { by: `${filter[1]}@${name}`, reason: filter[2] ?? "", policy: "" };
  if ((line.get("grant") ?? "") !== "") return { by: `grant@${name}`, reason: "allowed", policy: "" };
  if (details === "via_upstream" || details.startsWith("ext_authz_")) {
    return { by: `ext_authz@${name}`, reason: reason === "" ? details : reason, policy };
  }
  return { by: `envoy@${name}`, reason: details, policy: "" };
}

async function findLine(log: string, requestId: string): Promise<ReadonlyMap<string, string> | undefined> {
  const deadline = Date.now() + 5_000;
  while (Date.now() < deadline) {
    const text = await readFile(log, "utf8").catch(() => "");
    const line = text.split("\n").find((candidate) => candidate.endsWith("}") && candidate.includes(requestId));
    if (line !== undefined) return texts(JSON.parse(line));
    await pause(20);
  }
  return undefined;
}

function texts(value: unknown): ReadonlyMap<string, string> {
  if (typeof value !== "object" || value === null) return new Map();
  return new Map(Object.entries(value).flatMap(([key, entry]) => (entry === null ? [] : [[key, String(entry)]])));
}
