/**
 * The request as it looks after authentication changed it: policies see the headers that the upstream will see
 * (Istio: jwt_authn stands before RBAC). In: a request and changes. Out: a new request, or the same when nothing changes. Pure.
 */
import type { HeaderChanges, RequestModel } from "../model.ts";

export function applyChanges(request: RequestModel, changes: HeaderChanges): RequestModel {
  const removed = changes.remove.filter((name) => request.headers.has(name));
  if (removed.length === 0 && changes.set.length === 0 && changes.removeQueryParameters.length === 0) return request;
  const headers = new Map(request.headers);
  for (const name of removed) headers.delete(name);
  for (const [name, value] of changes.set) headers.set(name, [value]);
  return { ...request, headers, query: withoutParameters(request.query, changes.removeQueryParameters) };
}

/** Names are compared as they are spelled: whoever removes a parameter lists each spelling. */
function withoutParameters(query: string, names: readonly string[]): string {
  if (names.length === 0) return query;
  const kept = query.split("&").filter((part) => !names.includes(part.split("=", 1)[0] ?? ""));
  return kept.join("&");
}
