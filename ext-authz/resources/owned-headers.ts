/**
 * The headers that only we may set (DESIGN §5), out of what operators wrote. In: validated resources. Out: patterns for the
 * guard's `ownedHeaders`: lower-case names, or a start followed by `*`. Pure. Written once here, so that a policy that starts
 * to write a header is a header that clients can no longer send.
 */
import type { Resource } from "./resource.ts";

/** Ours whatever the policies say. */
const always: readonly string[] = ["x-countersign-*", "txn-token"];

/**
 * Sorted, each once. Shadow resources count as well: a header that becomes trusted with the next switch must not be one
 * that clients have been sending all the time. A header that credentials come in by is not among them: to remove it would
 * refuse every request, and the server overwrites or removes it itself.
 */
export function ownedHeadersOf(resources: readonly Resource[]): readonly string[] {
  const incoming = new Set(["authorization", ...resources.flatMap(readBy)]);
  const names = new Set(resources.flatMap(writtenBy).map((name) => name.toLowerCase()));
  return [...always, ...[...names].filter((name) => !incoming.has(name) && !isAlways(name)).sort()];
}

function isAlways(name: string): boolean {
  return name === "txn-token" || name.startsWith("x-countersign-");
}

function writtenBy(resource: Resource): readonly string[] {
  if (resource.kind === "InternalToken") return [resource.header];
  if (resource.kind !== "RequestAuthentication") return [];
  return resource.jwtRules.flatMap(({ outputPayloadToHeader, outputClaimToHeaders }) => [
    ...(outputPayloadToHeader === undefined ? [] : [outputPayloadToHeader]),
    ...outputClaimToHeaders.map(({ header }) => header),
  ]);
}

/** Lower-case names that credentials are looked for in. */
function readBy(resource: Resource): readonly string[] {
  const places =
    resource.kind === "RequestAuthentication"
      ? resource.jwtRules.flatMap(({ fromHeaders }) => fromHeaders)
      : "fromHeaders" in resource
        ? resource.fromHeaders
        : [];
  return places.map(({ name }) => name.toLowerCase());
}
