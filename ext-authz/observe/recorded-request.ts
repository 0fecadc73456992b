/**
 * The extract of a request that is kept: what policies can see of it, without tokens, secret headers and the query. In: the
 * request as policies saw it. Out: plain JSON, and the way back for explanations and replay. Pure.
 */
import { newMembers } from "../members.ts";
import type { Evidence, JsonObject, JsonValue, RequestModel } from "../model.ts";
import { pairMemo } from "../pair-memo.ts";
import { parseIp } from "../request/ip-address.ts";
import { redact } from "./log.ts";
import type { PolicyReads } from "./policy-reads.ts";
import { isSecretHeader, MASKED } from "./secret-header.ts";

export interface RecordedRequest {
  readonly protocol: "http" | "tcp";
  readonly method: string;
  readonly path: string;
  /** Only where a policy looks at `:path`. */
  readonly query?: string;
  readonly scheme: string;
  /** null = none. */
  readonly host: string | null;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly source: { readonly ip: string; readonly port: number };
  readonly destination: { readonly ip: string; readonly port: number };
  readonly remoteIp: string;
  /** The peer's identity without `spiffe://`; null = none. */
  readonly principal: string | null;
  readonly sni: string;
  readonly requestId: string;
  readonly workload: { readonly namespace: string; readonly name: string; readonly labels: Record<string, string> };
}

export interface RecordRules {
  readonly reads: PolicyReads;
  /** Lower-case names whose values are not kept, though policies read them. */
  readonly maskHeaders: ReadonlySet<string>;
  readonly maskClaims: ReadonlySet<string>;
}

/**
 * The part of what was seen that may be kept in memory: what policies read. Cheap, since it is done for every decision;
 * masks, cuts and redaction come when a record is made of it. Secret headers go here already.
 */
export function slim({ received, judged, payload }: Evidence, rules: RecordRules): Evidence {
  // Refused before policy: the query still holds what credentials came in it.
  const seen = slimRequest(judged ?? { ...received, query: "" }, rules);
  return { received: seen, judged: judged === undefined ? undefined : seen, payload: slimClaims(payload, rules) };
}

function slimRequest(request: RequestModel, { reads }: RecordRules): RequestModel {
  let headers: Map<string, readonly string[]> | undefined;
  for (const name of reads.headers) {
    const lines = request.headers.get(name);
    if (lines === undefined) continue;
    headers ??= new Map();
    headers.set(name, isSecretHeader(name) ? lines.map(() => MASKED) : lines);
  }
  const query = reads.headers.has(":path") ? request.query : "";
  return { ...request, headers: headers ?? NO_HEADERS, query, peerCertificate: undefined, metadata: NO_METADATA };
}

const NO_HEADERS: RequestModel["headers"] = new Map();

const NO_METADATA: RequestModel["metadata"] = new Map();

export function slimClaims(payload: JsonObject | undefined, rules: RecordRules): JsonObject | undefined {
  return payload === undefined ? undefined : slimOnce(rules, payload);
}

/** A token that is remembered has the same claims with every request. */
const slimOnce = pairMemo(({ reads }: RecordRules, payload: JsonObject): JsonObject => {
  const kept = newMembers();
  for (const name of reads.claims) {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (value !== undefined) kept[name] = value;
  }
  return kept;
});

const MAX_TEXT = 2048;
const MAX_LINES = 20;
const MAX_CLAIM = 4096;

export function recordRequest(request: RequestModel, rules: RecordRules): RecordedRequest {
  const { workload } = request;
  return {
    protocol: request.protocol,
    method: cut(request.method),
    path: cut(redact(request.path)),
    ...(rules.reads.headers.has(":path") && { query: cut(redact(request.query)) }),
    scheme: cut(request.scheme),
    host: request.host === undefined ? null : cut(request.host),
    headers: recordHeaders(request, rules),
    source: { ip: request.source.address?.text ?? "", port: request.source.port },
    destination: { ip: request.destination.address?.text ?? "", port: request.destination.port },
    remoteIp: request.remoteAddress?.text ?? "",
    principal: request.sourcePrincipal ?? null,
    sni: cut(request.sni),
    requestId: cut(request.requestId),
    workload: { namespace: workload.namespace, name: workload.name, labels: Object.fromEntries(workload.labels) },
  };
}

function recordHeaders({ headers }: RequestModel, { reads, maskHeaders }: RecordRules) {
  const kept: Record<string, readonly string[]> = Object.create(null);
  for (const [name, lines] of headers) {
    if (!reads.headers.has(name)) continue;
    const masked = isSecretHeader(name) || maskHeaders.has(name);
    kept[name] = lines.slice(0, MAX_LINES).map((line) => (masked ? MASKED : cut(redact(line))));
  }
  return kept;
}

/** @returns null without a verified token; else the claims that policies read, as policies saw them */
export function recordClaims(payload: JsonObject | undefined, { reads, maskClaims }: RecordRules): JsonObject | null {
  if (payload === undefined) return null;
  const kept: { [name: string]: JsonValue } = Object.create(null);
  for (const name of reads.claims) {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (value === undefined) continue;
    kept[name] = maskClaims.has(name) ? MASKED : bounded(value);
  }
  return kept;
}

/** A claim that is too long or holds a token is not kept in part: half a list would be another list. */
function bounded(value: JsonValue): JsonValue {
  const text = JSON.stringify(value);
  return text.length > MAX_CLAIM || redact(text) !== text ? MASKED : value;
}

/** Names that a record of these rules shows faithfully: policies that read others cannot be replayed. */
export function faithful({ reads, maskHeaders, maskClaims }: RecordRules): PolicyReads {
  return {
    headers: new Set([...reads.headers].filter((name) => !isSecretHeader(name) && !maskHeaders.has(name))),
    claims: new Set([...reads.claims].filter((name) => !maskClaims.has(name))),
    other: reads.other,
  };
}

/** The request again, as far as it was kept. */
export function restoreRequest(recorded: RecordedRequest): RequestModel {
  const { workload } = recorded;
  return {
    protocol: recorded.protocol,
    method: recorded.method,
    path: recorded.path,
    query: recorded.query ?? "",
    scheme: recorded.scheme,
    host: recorded.host ?? undefined,
    headers: new Map(Object.entries(recorded.headers)),
    source: { address: parseIp(recorded.source.ip), port: recorded.source.port },
    destination: { address: parseIp(recorded.destination.ip), port: recorded.destination.port },
    remoteAddress: parseIp(recorded.remoteIp),
    sourcePrincipal: recorded.principal ?? undefined,
    peerCertificate: undefined,
    sni: recorded.sni,
    workload: { namespace: workload.namespace, name: workload.name, labels: new Map(Object.entries(workload.labels)) },
    metadata: new Map(),
    requestId: recorded.requestId,
  };
}

/** Cut text would be another path: what is cut can be looked at, but says so. */
export function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
