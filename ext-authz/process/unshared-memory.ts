/**
 * What must not be split over several processes. In: resources. Out: why they need one process, or nothing. Pure.
 * A DPoP proof is good once (RFC 9449 §11.1). Each worker has a memory of its own, so a proof would be good once for each.
 */
import type { Resource } from "../resources/resource.ts";

export function unsharedMemory(resources: readonly Resource[]): string | undefined {
  const found = resources.find(
    (resource) => resource.kind === "ProofOfPossession" && !resource.shadow && resource.method !== "mtls",
  );
  if (found === undefined) return undefined;
  return (
    `${found.file}:${found.line}: ProofOfPossession ${found.namespace}/${found.name} takes DPoP proofs, whose replay only ` +
    "one process can see: set workers: 1, or method: mtls"
  );
}
