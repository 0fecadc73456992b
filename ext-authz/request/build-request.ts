/**
 * The request stage: what the transport read becomes the one view that all later stages trust, or a refusal. Pure.
 */
import type { PathNormalization } from "../config/settings.ts";
import type { IpAddress, RequestModel, Workload } from "../model.ts";
import { err, ok, type Refusal, type RequestReason, type Result } from "../result.ts";
import { ambiguity, hasEncodedNul } from "./ambiguous-path.ts";
import { type ClientAddressSettings, clientAddress } from "./client-address.ts";
import { decodeCertificate } from "./decode-certificate.ts";
import type { Incoming, IncomingHttp, IncomingPeer } from "./incoming.ts";
import { knownIp } from "./known-addresses.ts";
import { JoinedHeaders } from "./lazy-headers.ts";
import { normalizePath, type Target } from "./normalize-path.ts";
import { peerIdentity } from "./peer-identity.ts";

export interface RequestSettings {
  readonly strict: boolean;
  readonly pathNormalization: PathNormalization;
  /** Characters. */
  readonly pathLength: number;
  readonly clientAddress: ClientAddressSettings;
  /** What we protect when the request does not say. */
  readonly workload: Workload;
}

export function buildRequest(
  incoming: Incoming,
  settings: RequestSettings,
): Result<RequestModel, Refusal<RequestReason>> {
  const identity = peerIdentity(incoming.source.principal);
  if (!identity.ok) return identity;
  const http = incoming.http;
  const target = http === undefined ? NO_TARGET : readTarget(http, settings);
  if ("code" in target) return err(target);
  const source = { address: address(incoming.source), port: incoming.source.port };
  return ok({
    protocol: http === undefined ? "tcp" : "http",
    method: http?.method ?? "",
    path: target.path,
    query: target.query,
    scheme: http?.scheme ?? "",
    host: http === undefined || http.host === "" ? undefined : http.host,
    headers: http === undefined ? NO_HEADERS : new JoinedHeaders(http.headers),
    source,
    destination: { address: address(incoming.destination), port: incoming.destination.port },
    remoteAddress: clientAddress(http?.headers.get("x-forwarded-for") ?? NONE, source.address, settings.clientAddress),
    sourcePrincipal: identity.value,
    peerCertificate: decodeCertificate(incoming.source.certificate),
    sni: incoming.sni.toLowerCase(),
    workload: workloadOf(incoming.contextExtensions, settings.workload),
    metadata: incoming.metadata,
    requestId: http?.id ?? "",
  });
}

const NO_TARGET: Target = { path: "", query: "" };
const NONE: readonly string[] = [];
const NO_HEADERS: ReadonlyMap<string, readonly string[]> = new Map();

function address(peer: IncomingPeer): IpAddress | undefined {
  return peer.address === "" ? undefined : knownIp(peer.address);
}

function readTarget(http: IncomingHttp, settings: RequestSettings): Target | Refusal<RequestReason> {
  if (http.target.length > settings.pathLength) {
    return { code: "request_malformed", text: "The request target is too long" };
  }
  const target = normalizePath(http.target, settings.pathNormalization);
  if (hasEncodedNul(target.path)) return ambiguous("an encoded NUL");
  if (!settings.strict) return target;
  if (!isAuthority(http.host)) return { code: "request_malformed", text: "The request authority is malformed" };
  // Istio's Envoy cuts a fragment, a stock one answers 400; what reaches us was in front of neither.
  if (http.target.includes("#")) return ambiguous("a fragment");
  const reason = ambiguity(target.path, http.method);
  if (reason !== undefined) return ambiguous(reason);
  // The proxy in front was told to normalize. What it did not, the upstream will see otherwise than we do.
  const asSent = normalizePath(http.target, "NONE").path;
  return asSent === target.path ? target : ambiguous("not normalized as pathNormalization says");
}

// RFC 9110 §7.2, without user information and the empty label of a trailing dot: other spellings of one host dodge rules.
const AUTHORITY = /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** None at all is fine: a rule that names hosts does not match it. */
function isAuthority(host: string): boolean {
  return host === "" || (host.length <= 261 && AUTHORITY.test(host));
}

function ambiguous(detail: string): Refusal<RequestReason> {
  return { code: "path_ambiguous", text: "The request path is ambiguous", detail };
}

const LABEL = "label.";

/**
 * DESIGN §5: `namespace`, `workload` and `label.<key>` of the route's context_extensions (the operator's, never the
 * client's) name what is protected. A request that says anything says all: labels are not mixed with the configured ones.
 */
function workloadOf(extensions: ReadonlyMap<string, string>, configured: Workload): Workload {
  if (extensions.size === 0) return configured;
  const known = workloads.get(extensions);
  if (known?.configured === configured) return known.workload;
  const workload = readWorkload(extensions, configured);
  workloads.set(extensions, { configured, workload });
  return workload;
}

/** One object for each of the operator's routes: what is found by it is found at once. */
const workloads = new WeakMap<ReadonlyMap<string, string>, { configured: Workload; workload: Workload }>();

function readWorkload(extensions: ReadonlyMap<string, string>, configured: Workload): Workload {
  const labels = new Map<string, string>();
  for (const [key, value] of extensions) {
    if (key.startsWith(LABEL)) labels.set(key.slice(LABEL.length), value);
  }
  const namespace = extensions.get("namespace");
  const name = extensions.get("workload");
  if (namespace === undefined && name === undefined && labels.size === 0) return configured;
  return { namespace: namespace ?? configured.namespace, name: name ?? "", labels };
}
