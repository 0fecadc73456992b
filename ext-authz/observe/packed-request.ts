/**
 * The extract of a request that is kept of each decision, as one text. In: a request as policies saw it, what may be kept of it.
 * Out: its texts one after the other, and how long each is; and the way back. Pure. Secret headers go here already; masks, cuts
 * and redaction come when a record is made, but for a text that would be too long to keep.
 */
import type { Headers, RequestModel, Workload } from "../model.ts";
import { parseIp } from "../request/ip-address.ts";
import { redact } from "./log.ts";
import { cut, type RecordRules } from "./recorded-request.ts";
import { isSecretHeader, MASKED } from "./secret-header.ts";

/** Of one request. */
export const PACKED_TEXTS = 13;
/** Stands for a text that is not there. */
export const ABSENT = 0xffff;
/** Characters; what is longer is redacted and cut. */
const MAX_PACKED = 0x8000;

/** @param lengths written from `at` on. @param asked false = refused before policies were: the query may hold a credential */
export function packRequest(
  request: RequestModel,
  asked: boolean,
  rules: RecordRules,
  lengths: Uint16Array,
  at: number,
): string {
  const { protocol, method, path, scheme, host, sourcePrincipal, sni, requestId } = request;
  const query = asked && rules.reads.headers.has(":path") ? request.query : "";
  const source = request.source.address?.text ?? "";
  const destination = request.destination.address?.text ?? "";
  const remote = request.remoteAddress?.text ?? "";
  const headers = rules.reads.headers.size === 0 ? "" : packHeaders(request.headers, rules);
  const text = `${protocol}${method}${path}${query}${scheme}${host ?? ""}${source}${destination}${remote}${sourcePrincipal ?? ""}${sni}${requestId}${headers}`;
  if (text.length > MAX_PACKED) return packRequest(shortened(request), asked, rules, lengths, at);
  lengths[at] = protocol.length;
  lengths[at + 1] = method.length;
  lengths[at + 2] = path.length;
  lengths[at + 3] = query.length;
  lengths[at + 4] = scheme.length;
  lengths[at + 5] = host?.length ?? ABSENT;
  lengths[at + 6] = source.length;
  lengths[at + 7] = destination.length;
  lengths[at + 8] = remote.length;
  lengths[at + 9] = sourcePrincipal?.length ?? ABSENT;
  lengths[at + 10] = sni.length;
  lengths[at + 11] = requestId.length;
  lengths[at + 12] = headers.length;
  return text;
}

/** @param texts as they were packed. @param ports source and destination */
export function unpackRequest(
  texts: readonly (string | undefined)[],
  workload: Workload,
  ports: readonly [source: number, destination: number],
): RequestModel {
  const [protocol, method = "", path = "", query = "", scheme = "", host, source, destination] = texts;
  const [remote = "", sourcePrincipal, sni = "", requestId = "", headers = ""] = texts.slice(8);
  return {
    protocol: protocol === "tcp" ? "tcp" : "http",
    ...{ method, path, query, scheme, host },
    headers: unpackHeaders(headers),
    source: { address: parseIp(source ?? ""), port: ports[0] },
    destination: { address: parseIp(destination ?? ""), port: ports[1] },
    remoteAddress: parseIp(remote),
    ...{ sourcePrincipal, peerCertificate: undefined, sni, workload, metadata: new Map(), requestId },
  };
}

/** Name, number of lines, lines; each text with its length before it. */
function packHeaders(headers: Headers, { reads }: RecordRules): string {
  let text = "";
  for (const name of reads.headers) {
    const lines = headers.get(name);
    if (lines === undefined) continue;
    const isSecret = isSecretHeader(name);
    text += `${counted(name)}${lines.length}:`;
    for (const line of lines) text += counted(isSecret ? MASKED : line);
  }
  return text;
}

function counted(text: string): string {
  return `${text.length}:${text}`;
}

function unpackHeaders(packed: string): Headers {
  const headers = new Map<string, readonly string[]>();
  let at = 0;
  const number = (): number => {
    const colon = packed.indexOf(":", at);
    const value = Number(packed.slice(at, colon));
    at = colon + 1;
    return value;
  };
  const text = (): string => {
    const length = number();
    at += length;
    return packed.slice(at - length, at);
  };
  while (at < packed.length) {
    const name = text();
    headers.set(name, Array.from({ length: number() }, text));
  }
  return headers;
}

/** What a record would show of it, and of its headers that they were there. */
function shortened(request: RequestModel): RequestModel {
  const short = (text: string): string => cut(redact(text));
  return {
    ...request,
    method: short(request.method),
    path: short(request.path),
    query: short(request.query),
    scheme: short(request.scheme),
    host: request.host === undefined ? undefined : short(request.host),
    sourcePrincipal: request.sourcePrincipal === undefined ? undefined : short(request.sourcePrincipal),
    sni: short(request.sni),
    requestId: short(request.requestId),
    headers: new Map(),
  };
}
