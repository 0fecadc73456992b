/**
 * All policies compiled: one immutable value that a reload swaps whole. In come validated resources, out comes what each
 * workload's requests are judged by. Pure but for a bounded memo of plans.
 */

import { type CredentialPlan, compileCredentials, jwtResources } from "./authenticate/credentials/credential-plan.ts";
import { type CredentialSources, offlineSources } from "./authenticate/credentials/credential-sources.ts";
import type { KeySources } from "./authenticate/key-source.ts";
import { type AuthenticationPlan, compileAuthentication } from "./authenticate/plan.ts";
import { type CompiledAccessPolicy, compileAccessPolicy } from "./authorize/access-policy.ts";
import { type AuthorizationPlan, compileAuthorization } from "./authorize/plan.ts";
import type { Limits, MeshSettings } from "./config/settings.ts";
import { compileGrant, type GrantPlan } from "./grant/plan.ts";
import type { MintPlan } from "./mint/plan.ts";
import type { Layer, Workload } from "./model.ts";
import { planMemo } from "./plan-memo.ts";
import { isAccessPolicy } from "./resources/access-policy-resource.ts";
import type { InternalToken, Resource } from "./resources/resource.ts";
import { layerOf } from "./resources/select.ts";
import { type Group, groupByTarget } from "./resources/selection.ts";

/** What one workload's requests go through. */
export interface WorkloadPlan {
  readonly authentication: AuthenticationPlan;
  /** Those JWTs, and all other credentials. */
  readonly credentials: CredentialPlan;
  readonly authorization: AuthorizationPlan;
  /** What the decisions depend on; undefined where none is to be granted. */
  readonly grant: GrantPlan | undefined;
  /** One for each header that carries an internal token. */
  readonly internalTokens: readonly MintPlan[];
}

export interface Snapshot {
  /** Content hash of all resources and of the settings that give them their meaning. */
  readonly revision: string;
  readonly resources: readonly Resource[];
  planFor(workload: Workload): WorkloadPlan;
}

export interface SnapshotOptions {
  readonly mesh: MeshSettings;
  readonly limits: Limits;
  readonly clockSkewSeconds: number;
  readonly keys: KeySources;
  /** None: nothing can be introspected and no list of revoked tokens be read, which fails the requests that need it. */
  readonly credentials?: CredentialSources;
  readonly compileMint: (token: InternalToken) => MintPlan;
  /** Whether plans say what may be granted; default false. */
  readonly grantable?: boolean;
  /** Hex SHA-256. */
  readonly hash: (text: string) => string;
}

// context_extensions are the operator's, but a template could make many: the memos never outgrow these.
const MAX_WORKLOADS = 4096;
const MAX_PLANS = 1024;
/** Resources in all plans together; one that is in two counts twice. */
const MAX_PLANNED = 500_000;

/** @throws Error when an InternalToken cannot be minted with these settings. */
export function compileSnapshot(resources: readonly Resource[], options: SnapshotOptions): Snapshot {
  const groups = planMemo<readonly Group[]>({ plans: MAX_WORKLOADS, weight: MAX_PLANNED });
  const plans = planMemo<WorkloadPlan>({ plans: MAX_PLANS, weight: MAX_PLANNED });
  // Plans are compiled when a workload is first seen. Keys must not wait for that, and a broken token must show now.
  for (const resource of resources) {
    if (resource.kind === "RequestAuthentication") resource.jwtRules.forEach(options.keys.sourceFor);
    if (resource.kind === "InternalToken") options.compileMint(resource);
    if (resource.kind === "Revocation") options.credentials?.feedFor(resource);
  }
  /** The same workload is the same object with nearly every request (`transport/extensions-memo.ts`). */
  const byObject = new WeakMap<Workload, WorkloadPlan>();
  const access = compileAccess(resources, options.mesh.rootNamespace);
  const select = groupByTarget(resources, options.mesh.rootNamespace);
  return {
    revision: options.hash(canonical(resources, options)).slice(0, 16),
    resources,
    planFor(workload) {
      const seen = byObject.get(workload);
      if (seen !== undefined) return seen;
      const plan = findPlan(workload);
      byObject.set(workload, plan);
      return plan;
    },
  };

  function findPlan(workload: Workload): WorkloadPlan {
    const of = workloadKey(workload);
    const remembered = groups.get(of);
    const selected = remembered ?? select(workload);
    if (remembered === undefined) groups.set(of, selected, selected.length);
    // Workloads that the same resources select share one plan.
    const key = selected.map(({ id }) => id).join();
    const known = plans.get(key);
    if (known !== undefined) return known;
    const mine = membersOf(selected, resources);
    const plan = compilePlan(mine, access, options);
    plans.set(key, plan, mine.length);
    return plan;
  }
}

/** Once for all workloads: a Rego module is compiled and holds memory. */
function compileAccess(
  resources: readonly { readonly kind: string }[],
  rootNamespace: string,
): readonly CompiledAccessPolicy[] {
  return resources.filter(isAccessPolicy).map((policy) => compileAccessPolicy(policy, rootNamespace));
}

/** In the order in which they were given. */
function membersOf(groups: readonly Group[], resources: readonly Resource[]): readonly Resource[] {
  const positions = groups.flatMap(({ members }) => members).sort((a, b) => a - b);
  return positions.flatMap((position) => resources[position] ?? []);
}

/** @param mine the resources that select the workload */
function compilePlan(
  mine: readonly Resource[],
  access: readonly CompiledAccessPolicy[],
  options: SnapshotOptions,
): WorkloadPlan {
  const { mesh, limits, clockSkewSeconds, keys } = options;
  const selected = new Set<object>(mine);
  const { strict, rootNamespace } = mesh;
  const authentication = compileAuthentication(jwtResources(mine), { strict, clockSkewSeconds, limits, keys });
  const sources = options.credentials ?? offlineSources();
  const ownAccess = access.filter(({ policy }) => selected.has(policy));
  const decisive = {
    credentials: compileCredentials(mine, authentication, { strict, rootNamespace, clockSkewSeconds, limits, sources }),
    authorization: compileAuthorization(
      mine.filter((resource) => resource.kind === "AuthorizationPolicy"),
      mesh,
      ownAccess,
      mine.filter((resource) => resource.kind === "PeerAuthentication"),
    ),
    internalTokens: narrowest(
      mine.filter((resource) => resource.kind === "InternalToken").filter((token) => !token.shadow),
      mesh.rootNamespace,
    ).map(options.compileMint),
  };
  const accessPolicies = ownAccess.map(({ policy }) => policy);
  const grant =
    options.grantable === true
      ? compileGrant({ ...decisive, accessPolicies, kinds: mine.map(({ kind }) => kind) })
      : undefined;
  return { authentication, ...decisive, grant };
}

const BREADTH: Readonly<Record<Layer, number>> = { platform: 0, application: 1, service: 2 };

/** For each header the InternalToken nearest to the workload; among equals the first by name. */
function narrowest(tokens: readonly InternalToken[], rootNamespace: string): readonly InternalToken[] {
  const chosen = new Map<string, InternalToken>();
  const order = (token: InternalToken): string => `${9 - BREADTH[layerOf(token, rootNamespace)]} ${token.name}`;
  for (const token of tokens) {
    const rival = chosen.get(token.header);
    if (rival === undefined || order(token) < order(rival)) chosen.set(token.header, token);
  }
  return [...chosen.values()];
}

function workloadKey(workload: Workload): string {
  return JSON.stringify([workload.namespace, [...workload.labels].sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** The same resources in another order or file are the same revision. */
function canonical(resources: readonly Resource[], options: SnapshotOptions): string {
  const plain = (_: string, value: unknown): unknown => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    return value instanceof Map ? [...value].sort() : value;
  };
  const texts = resources.map(({ file: _file, line: _line, ...resource }) => JSON.stringify(resource, plain)).sort();
  return JSON.stringify([texts, options.mesh, options.limits, options.clockSkewSeconds]);
}
