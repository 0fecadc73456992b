/**
 * Why a decision is granted for so much and no more. In: what a workload's requests go through, and what became of one grant.
 * Out: for each input that the grant names, or that bars it, who reads it; and the reason in a sentence. Pure.
 */
import type { Place } from "../authenticate/credentials/places.ts";
import type { AccessPolicy } from "../resources/access-policy-resource.ts";
import type { WorkloadPlan } from "../snapshot.ts";
import type { Ungranted } from "./grant.ts";
import { accessReads, placeRead } from "./plan.ts";
import { isAtom, isBarrier, type Read } from "./read.ts";

export interface GrantExplanation {
  readonly granted: boolean;
  /** Why there is none, in a sentence; "" for a grant. */
  readonly why: string;
  readonly outcome: "issued" | Ungranted | "not_allowed";
  /** From the guard's receipt; 0 = none. */
  readonly milliseconds: number;
  /** The terms of the path class. */
  readonly path: readonly string[];
  readonly inputs: readonly ExplainedInput[];
}

export interface ExplainedInput {
  /** An atom of the grant, `whole_path`, or what bars it. */
  readonly input: Read;
  /** At most ten of those that may read it. */
  readonly readBy: readonly string[];
}

const SENTENCES: Readonly<Record<Ungranted | "not_allowed", string>> = {
  not_allowed: "only what is allowed is granted",
  metadata: "dynamic metadata is read, which no guard can compare",
  request_id: "x-request-id is read, which is another one for each request",
  opaque_policy: "a policy reads what cannot be told beforehand (Rego, OPA, a header name that is computed)",
  tcp: "no HTTP request",
  target: "the target could be read in two ways, is longer than 2048 bytes, or is changed by pathNormalization",
  preflight: "a CORS preflight is asked for no token; others with the same method are",
  query_change: "a token must be taken out of the query, which a guard cannot",
  one_time: "a DPoP proof was used up",
  several_tokens: "several tokens, each with times of its own",
  short_lived: "the token, its introspection or what is minted ends too soon",
  text: "the header changes are too large",
  unsettled: "the clock was set a moment ago, or limits.pathLength is below 2048",
};

const MOST = 10;

/** @param text of the grant, if there is one. @param accessPolicies those that apply */
export function explainGrant(
  plan: WorkloadPlan,
  accessPolicies: readonly AccessPolicy[],
  outcome: GrantExplanation["outcome"],
  text: string | undefined,
): GrantExplanation {
  const [, , milliseconds = "0", , vary = "", path = ""] = text?.split("\n") ?? [];
  const readers = readersOf(plan, accessPolicies);
  const named = vary.split(" ").filter((atom) => atom !== "");
  const wanted = (read: Read): boolean =>
    text === undefined ? isBarrier(read) && read === outcome : named.includes(read) || read === "whole_path";
  const inputs = new Map<Read, readonly string[]>();
  for (const atom of named) if (isAtom(atom)) inputs.set(atom, []);
  for (const { reads, name } of readers) {
    for (const read of new Set(reads)) {
      if (wanted(read)) inputs.set(read, [...(inputs.get(read) ?? []), name]);
    }
  }
  // A client's identity or certificate is refused when it is malformed, whatever the policies ask.
  for (const [input, readBy] of inputs)
    if (readBy.length === 0) inputs.set(input, ["the check of the peer's identity"]);
  return {
    granted: text !== undefined,
    why: outcome === "issued" ? "" : SENTENCES[outcome],
    outcome,
    milliseconds: Number(milliseconds),
    path: path === "" ? [] : path.split("\t"),
    inputs: [...inputs].map(([input, readBy]) => ({ input, readBy: readBy.slice(0, MOST) })),
  };
}

interface Reader {
  readonly name: string;
  readonly reads: readonly Read[];
}

function placesOf(rules: readonly { readonly places: readonly Place[] }[], what: string): readonly Reader[] {
  const places = rules.flatMap((rule) => rule.places);
  return places.map((place) => ({ name: `${what} in ${place.kind} ${place.name}`, reads: [placeRead(place)] }));
}

function readersOf(
  { credentials, authorization }: WorkloadPlan,
  accessPolicies: readonly AccessPolicy[],
): readonly Reader[] {
  const { custom, deny, allow } = authorization.http;
  const rules = [...custom.rules, ...deny.rules, ...allow.rules];
  const judges = credentials.judges.filter(({ shadow }) => !shadow);
  return [
    ...credentials.jwt.locations.map((place) => ({
      name: `JWT in ${place.kind} ${place.name}`,
      reads: [placeRead(place)],
    })),
    ...placesOf(credentials.opaque, "opaque token"),
    ...placesOf(credentials.apiKeys, "API key"),
    ...judges.map(({ policy, reads }) => ({ name: `${policy.kind} ${policy.namespace}/${policy.name}`, reads })),
    {
      name: "PeerAuthentication",
      reads: authorization.strict && authorization.peers.strict !== undefined ? ["connection"] : [],
    },
    ...rules.flatMap(({ ref, sources, operations, conditions }) =>
      [...sources.flat(), ...operations.flat(), ...conditions].map(({ field, reads }) => ({
        name: `${ref.kind} ${ref.namespace}/${ref.name}[${ref.rule}] ${field}`,
        reads,
      })),
    ),
    ...accessPolicies
      .filter(({ shadow }) => !shadow)
      .map((policy) => ({ name: `AccessPolicy ${policy.namespace}/${policy.name}`, reads: accessReads(policy) })),
  ];
}
