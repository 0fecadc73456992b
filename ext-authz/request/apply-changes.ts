/**
 * The request as it looks after authentication changed it: policies see the headers that the upstream will see
 * (Istio: jwt_authn stands before RBAC). In: a request and changes. Out: a new request, or the same when nothing changes. Pure.
 */
import type { HeaderChanges, RequestModel } from "../model.ts";
import { ChangedHeaders } from "./lazy-headers.ts";

export function applyChanges(request: RequestModel, changes: HeaderChanges): RequestModel {
  const { remove, set, removeQueryParameters } = changes;
  if (set.length === 0 && removeQueryParameters.length === 0 && !hasAny(request, remove)) return request;
  // Member by member: spreading took three times as long, and every request with a token comes here.
  return {
    protocol: request.protocol,
    method: request.method,
    path: request.path,
    query: withoutParameters(request.query, removeQueryParameters),
    scheme: request.scheme,
    host: request.host,
    headers: new ChangedHeaders(request.headers, changes),
    source: request.source,
    destination: request.destination,
    remoteAddress: request.remoteAddress,
    sourcePrincipal: request.sourcePrincipal,
    peerCertificate: request.peerCertificate,
    sni: request.sni,
    workload: request.workload,
    metadata: request.metadata,
    requestId: request.requestId,
  };
}

function hasAny({ headers }: RequestModel, names: readonly string[]): boolean {
  for (const name of names) if (headers.has(name)) return true;
  return false;
}

/** Names are compared as they are spelled: whoever removes a parameter lists each spelling. */
function withoutParameters(query: string, names: readonly string[]): string {
  if (names.length === 0) return query;
  const kept = query.split("&").filter((part) => !names.includes(part.split("=", 1)[0] ?? ""));
  return kept.join("&");
}
