/**
 * In: the principals or trust domains of a policy and the mesh's trust domain with its aliases. Out: the values to match.
 * Pure, at load. All names of the mesh are one mesh: a policy that names one of them means each of them
 * (Istio `trustDomainAliases`), and `cluster.local` always means the local one.
 */
import type { MeshSettings } from "../config/settings.ts";

type TrustDomains = Pick<MeshSettings, "trustDomain" | "trustDomainAliases">;

const LOCAL = "cluster.local";

/** Only `TD/ns/N/sa/S` names a trust domain; every other form, and `*` as TD, is left as it is. */
export function expandPrincipals(values: readonly string[], mesh: TrustDomains): readonly string[] {
  const known = [mesh.trustDomain, ...mesh.trustDomainAliases];
  const expanded = new Set<string>();
  for (const value of values) {
    const parts = value.split("/");
    const named = parts[0];
    if (parts.length !== 5 || named === undefined || named === "*" || !isKnown(named, known)) {
      expanded.add(value);
      continue;
    }
    const identity = value.slice(named.length);
    for (const domain of known) expanded.add(suffixCovers(named, domain) ? value : domain + identity);
  }
  return [...expanded];
}

/** A value that is exactly one of the mesh's names stands for all of them. */
export function expandTrustDomains(values: readonly string[], mesh: TrustDomains): readonly string[] {
  const known = [mesh.trustDomain, ...mesh.trustDomainAliases];
  return [...new Set(values.flatMap((value) => (known.includes(value) ? known : [value])))];
}

/** Either side may carry the star: policies say `*-td`, and so may aliases. */
function isKnown(named: string, known: readonly string[]): boolean {
  if (named === LOCAL) return true;
  return known.some((domain) => named === domain || domain === "*" || covers(named, domain) || covers(domain, named));
}

function covers(pattern: string, text: string): boolean {
  return suffixCovers(pattern, text) || (pattern.endsWith("*") && text.startsWith(pattern.slice(0, -1)));
}

function suffixCovers(pattern: string, text: string): boolean {
  return pattern.startsWith("*") && text.endsWith(pattern.slice(1));
}
