/**
 * Sends the table through a running topology. In: the topology. Out: one row per sample: status, who decided, why, how
 * long, and what was not as expected. Effects: requests, reads of the access logs.
 */
import { randomUUID } from "node:crypto";
import { type Incoming, send } from "./client.ts";
import { audience } from "./policies.ts";
import { echoed, type Ingredients, type Sample } from "./samples.ts";
import type { Stamped } from "./stamp.ts";
import { fetchToken } from "./tokens.ts";
import type { Topology } from "./topology.ts";
import { findVerdict, type Verdict } from "./verdict.ts";

export interface Row extends Verdict {
  readonly name: string;
  readonly status: number;
  readonly milliseconds: number;
  /** "" = as it should be. */
  readonly unexpected: string;
}

/** Where the table is sent: processes of this machine, or containers. */
export type Target = Pick<Topology, "keys" | "issuer" | "edgeLog" | "zoneLog"> & {
  readonly edge: { readonly port: number };
  readonly zone: { readonly port: number };
};

/** Real tokens, and a real stamp that somebody read between edge and zone. */
export async function gather({ issuer, edge, keys }: Target): Promise<Ingredients> {
  const [buyer, guest, late, otherAudience] = await Promise.all([
    fetchToken(issuer, "buyer", audience),
    fetchToken(issuer, "guest", audience),
    fetchToken(issuer, "late", audience),
    fetchToken(issuer, "buyer", "https://billing.example"),
  ]);
  const secret = keys[0]?.secret ?? "";
  return { buyer, guest, late, otherAudience, secret, recorded: await record(edge.port, buyer) };
}

/** Headers that belong to one connection, not to the request. */
const perHop: ReadonlySet<string> = new Set(["connection", "host", "transfer-encoding", "content-length"]);

async function record(port: number, token: string): Promise<Stamped> {
  const answer = await send(port, {
    path: "/api/recorded/orders/7",
    headers: { authorization: `Bearer ${token}` },
  });
  if (answer.status !== 200) throw new Error(`no stamp could be recorded: the edge answered ${answer.status}`);
  const seen = echoed(answer);
  const headers = Object.entries(seen.headers).filter(([name]) => !perHop.has(name));
  return {
    method: seen.method,
    target: seen.url,
    authority: seen.headers["host"]?.[0] ?? "",
    headers: Object.fromEntries(headers.map(([name, values]) => [name, values.join(", ")])),
  };
}

export async function runSample(target: Target, sample: Sample): Promise<Row> {
  const { edge, zone, edgeLog, zoneLog } = target;
  const places = [
    { name: "edge", log: edgeLog },
    { name: "zone", log: zoneLog },
  ].slice(sample.to === "edge" ? 0 : 1);
  const headers = { ...sample.request.headers, "x-request-id": randomUUID() };
  const answer = await send(sample.to === "edge" ? edge.port : zone.port, { ...sample.request, headers });
  const verdict = await findVerdict(places, String(answer.headers["x-request-id"] ?? ""));
  return {
    name: sample.name,
    status: answer.status,
    ...verdict,
    milliseconds: Math.round(answer.milliseconds * 10) / 10,
    unexpected: differences(sample, answer, verdict).join("; "),
  };
}

function differences(sample: Sample, answer: Incoming, verdict: Verdict): readonly string[] {
  const repeated = verdict.by.startsWith("grant@");
  const wanted = [
    ["status", sample.status, answer.status],
    ["decided by", sample.by, repeated ? verdict.by.replace("grant@", "ext_authz@") : verdict.by],
    ["reason", sample.reason, verdict.reason],
    ["policy", repeated ? verdict.policy : (sample.policy ?? verdict.policy), verdict.policy],
  ] as const;
  const found = wanted
    .filter(([, want, got]) => want !== got)
    .map(([what, want, got]) => `${what} ${got}, not ${want}`);
  const seen = answer.status === 200 ? sample.inspect?.(echoed(answer)) : undefined;
  return seen === undefined ? found : [...found, seen];
}
