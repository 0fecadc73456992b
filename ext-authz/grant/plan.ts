/**
 * What a workload's decisions can depend on, found once per load. In: compiled credentials and policies. Out: an immutable
 * plan that says for each path which inputs a grant must name, or why there is none. Pure. Everything that an applicable
 * rule could read counts, whether or not it was read; shadow and AUDIT policies never change an answer and are left out.
 */
import type { CredentialPlan } from "../authenticate/credentials/credential-plan.ts";
import type { Place } from "../authenticate/credentials/places.ts";
import type { Location } from "../authenticate/locations.ts";
import type { AuthorizationPlan } from "../authorize/plan.ts";
import { type PatternMap, patternMap, visitMatches } from "../authorize/rule-index/pattern-map.ts";
import type { MintPlan } from "../mint/plan.ts";
import type { AccessPolicy } from "../resources/access-policy-resource.ts";
import type { Resource } from "../resources/resource.ts";
import { celReads } from "./cel-reads.ts";
import { type PathMatchers, pathMatchers } from "./path-class.ts";
import { type Atom, type Barrier, CONNECTION, headerRead, isAtom, isBarrier, type Read } from "./read.ts";
import { ruleReads } from "./rule-reads.ts";

export interface GrantPlan {
  /** Read whatever the path. */
  readonly everywhere: Needs;
  /** All of them: where a path needs more than `everywhere`, it gets these, so that there are two lists and not many. */
  readonly somewhere: Needs;
  /** The paths that need more, by patterns that may fit too much; with what bars them, if anything does. */
  readonly byPath: PatternMap<Pick<Needs, "barrier">>;
  /** Undefined: the path is read as a whole, each is a class of its own. */
  readonly paths: PathMatchers | undefined;
  /** A CORS preflight is not asked for a token: by two headers more, which only matter to OPTIONS. */
  readonly preflights: boolean;
  /** Seconds: the shortest life of what is minted; infinity = nothing is. */
  readonly mintedSeconds: number;
}

export interface Needs {
  /** Atoms, sorted, each once, a space between: as the text of a grant has them. */
  readonly inputs: string;
  /** The same with `connection`. */
  readonly inputsOfPeer: string;
  /** What is read besides, and can be in no key. */
  readonly barrier: Barrier | undefined;
}

export interface GrantInputs {
  readonly credentials: CredentialPlan;
  readonly authorization: AuthorizationPlan;
  /** Those that apply, in force or not. */
  readonly accessPolicies: readonly AccessPolicy[];
  readonly internalTokens: readonly MintPlan[];
  /** Of all resources that apply. */
  readonly kinds: Iterable<Resource["kind"]>;
}

/** What a kind reads that none of the plans says. A kind does not compile until it is in here; one that is a matter of counts or of the time is barred. */
const UNSAID: Readonly<Record<Resource["kind"], readonly Read[]>> = {
  RequestAuthentication: [],
  AuthorizationPolicy: [],
  PeerAuthentication: [],
  AccessPolicy: [],
  TokenIntrospection: [],
  ApiKeys: [],
  Revocation: [],
  TokenProfile: [],
  ProofOfPossession: [],
  // Mints from what credentials say; how long that lives is in `mintedSeconds`.
  InternalToken: [],
};

export function compileGrant(inputs: GrantInputs): GrantPlan {
  const { credentials, authorization, accessPolicies, internalTokens, kinds } = inputs;
  const { custom, deny, allow } = authorization.http;
  const rules = ruleReads([...custom.rules, ...deny.rules, ...allow.rules]);
  const everywhere = [
    ...credentialReads(credentials),
    ...peerReads(authorization),
    ...accessPolicies.filter(({ shadow }) => !shadow).flatMap(accessReads),
    ...[...new Set(kinds)].flatMap((kind) => UNSAID[kind]),
    ...rules.always,
  ];
  const known = new Set<Read>(everywhere);
  const more = [...rules.byPath].filter(([, reads]) => [...reads].some((read) => !known.has(read) && isInput(read)));
  const beyond = more.flatMap(([, reads]) => [...reads]);
  const barriers = more.map(([key, reads]) => [key, BARRED[barrierOf(reads) ?? "none"]] as const);
  const all = [...everywhere, ...beyond];
  // Of every rule, also of those that need nothing else: where one reads the path as a whole, classes tell too little apart.
  const isWholePathRead =
    known.has("whole_path") || [...rules.byPath.values()].some((reads) => reads.has("whole_path"));
  return {
    everywhere: { ...inputsOf(everywhere), barrier: barrierOf(everywhere) },
    somewhere: { ...inputsOf(all), barrier: undefined },
    byPath: patternMap(new Map(barriers)),
    paths: isWholePathRead ? undefined : pathMatchers(rules.patterns),
    preflights: credentials.jwt.rules.length > 0,
    mintedSeconds: Math.min(Number.POSITIVE_INFINITY, ...internalTokens.map(({ lifetimeSeconds }) => lifetimeSeconds)),
  };
}

/** What a grant for an eligible path must name, or what bars it. */
export function needsOf(plan: GrantPlan, path: string): Needs {
  if (plan.everywhere.barrier !== undefined) return plan.everywhere;
  let isMore = false;
  let barrier: Barrier | undefined;
  visitMatches(plan.byPath, path, (found) => {
    isMore = true;
    barrier ??= found.barrier;
  });
  if (!isMore) return plan.everywhere;
  return barrier === undefined ? plan.somewhere : { ...plan.somewhere, barrier };
}

/** Where credentials are looked for, and what says which of them still count. */
export function credentialReads({ jwt, opaque, apiKeys, judges }: CredentialPlan): readonly Read[] {
  const places = [...opaque, ...apiKeys].flatMap((rule) => rule.places);
  return [
    ...[...jwt.locations, ...places].map(placeRead),
    ...judges.filter(({ shadow }) => !shadow).flatMap(({ reads }) => reads),
  ];
}

export function placeRead(place: Location | Place): Read {
  switch (place.kind) {
    case "header":
      return headerRead(place.name);
    case "parameter":
      return "query";
    case "cookie":
      return headerRead("cookie");
  }
}

/** PeerAuthentication asks for an identity, by the port. */
function peerReads({ strict, peers }: AuthorizationPlan): readonly Read[] {
  return strict && (peers.strict !== undefined || peers.ports.size > 0) ? CONNECTION : [];
}

export function accessReads({ criterion }: AccessPolicy): readonly Read[] {
  switch (criterion.by) {
    case "cel":
      return criterion.rules.flatMap(({ cel }) => celReads(cel));
    case "rego":
    case "opa":
      return ["opaque_policy"];
    case "nothing":
      return [];
  }
}

const BARRED: Readonly<Record<Barrier | "none", Pick<Needs, "barrier">>> = {
  none: { barrier: undefined },
  metadata: { barrier: "metadata" },
  request_id: { barrier: "request_id" },
  opaque_policy: { barrier: "opaque_policy" },
};

/** What a key must name, or cannot: all else is in every key, or follows from what is. */
function isInput(read: Read): boolean {
  return isAtom(read) || isBarrier(read);
}

function barrierOf(reads: Iterable<Read>): Barrier | undefined {
  for (const read of reads) if (isBarrier(read)) return read;
  return undefined;
}

function inputsOf(reads: readonly Read[]): Pick<Needs, "inputs" | "inputsOfPeer"> {
  const text = (atoms: readonly Atom[]): string => [...new Set(atoms)].sort().join(" ");
  const atoms = reads.filter(isAtom);
  return { inputs: text(atoms), inputsOfPeer: text([...atoms, "connection"]) };
}
