/**
 * Which headers and claims policies can look at. In: policies. Out: names, for the decision log, which keeps these and no
 * others, and for `replay`, which must know what was kept. Pure.
 */
import { insideBrackets, parseClaimPath } from "../authorize/claim.ts";
import { asciiLowerCase } from "../authorize/string-pattern.ts";
import { isAccessPolicy } from "../resources/access-policy-resource.ts";
import type { AuthorizationPolicy, Condition, Resource } from "../resources/resource.ts";

export interface PolicyReads {
  /** Lower-case, pseudo headers too. */
  readonly headers: ReadonlySet<string>;
  /** Top-level names: a claim is kept whole, or not at all. */
  readonly claims: ReadonlySet<string>;
  /** Some policy looks at dynamic metadata, or in a language of its own: the record may not be all it saw. */
  readonly other: boolean;
}

/** Who speaks is always kept: it is the `principal` of every record. */
const ALWAYS: readonly string[] = ["iss", "sub"];

export function readsOf(resources: readonly Resource[]): PolicyReads {
  const headers = new Set<string>();
  const claims = new Set<string>(ALWAYS);
  let other = false;
  for (const resource of resources) {
    if (resource.kind !== "AuthorizationPolicy") {
      other ||= isAccessPolicy(resource);
      continue;
    }
    for (const { key } of conditionsOf(resource)) {
      if (key === "request.auth.audiences") claims.add("aud");
      else if (key === "request.auth.presenter") claims.add("azp");
      else if (key.startsWith(HEADERS)) headers.add(asciiLowerCase(insideBrackets(key.slice(HEADERS.length)) ?? ""));
      else if (key.startsWith(CLAIMS)) claims.add(parseClaimPath(key.slice(CLAIMS.length))?.[0] ?? "");
      else if (key.startsWith("experimental.")) other = true;
    }
  }
  return { headers, claims, other };
}

const HEADERS = "request.headers";
const CLAIMS = "request.auth.claims";

function conditionsOf({ rules = [] }: AuthorizationPolicy): readonly Condition[] {
  return rules.flatMap(({ when }) => when);
}

/** What the second reads and the first does not. */
export function unread(known: PolicyReads, wanted: PolicyReads): readonly string[] {
  const missing = [
    ...[...wanted.headers].filter((name) => !known.headers.has(name)).map((name) => `request.headers[${name}]`),
    ...[...wanted.claims].filter((name) => !known.claims.has(name)).map((name) => `request.auth.claims[${name}]`),
  ];
  return wanted.other ? [...missing, "attributes that the log does not keep"] : missing;
}
