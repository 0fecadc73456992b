/**
 * A generated world: policies, settings, a check that grants, and requests that almost share a grant. For any guard that is to
 * be held against the check (`granted.test.ts` holds the contract's own words against it; a Node host may be next).
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { type Check, createCheck } from "../../ext-authz/check.ts";
import { defaults } from "../../ext-authz/config/defaults.ts";
import type { MeshSettings } from "../../ext-authz/config/settings.ts";
import type { Ungranted } from "../../ext-authz/grant/grant.ts";
import { grantIssuer } from "../../ext-authz/grant/issue.ts";
import { compileMint } from "../../ext-authz/mint/plan.ts";
import { generateSigningKey } from "../../ext-authz/mint/signing-key.ts";
import type { Decision } from "../../ext-authz/model.ts";
import type { Resource } from "../../ext-authz/resources/resource.ts";
import { compileSnapshot } from "../../ext-authz/snapshot.ts";
import type { ProxyRequest } from "./guard-model.ts";
import { KEYS, NOW, worldSources } from "./world-credentials.ts";
import { resources } from "./world-policies.ts";
import { incomingOf, requestGroup } from "./world-requests.ts";

export interface World {
  readonly resources: readonly Resource[];
  readonly mesh: MeshSettings;
  readonly clientAddress: { readonly useRemoteAddress: boolean; readonly xffNumTrustedHops: number };
}

export const world: fc.Arbitrary<World> = fc.record({
  resources,
  mesh: fc
    .record({
      strict: fc.boolean(),
      trustDomainAliases: fc.constantFrom<readonly string[]>([], ["old.local"]),
      pathNormalization: fc.constantFrom("NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
      extensionProviders: fc.constantFrom<readonly string[]>([], ["known"]),
    })
    .map((own) => ({ ...defaults.mesh, ...own })),
  clientAddress: fc.record({ useRemoteAddress: fc.boolean(), xffNumTrustedHops: fc.nat(1) }),
});

export const worldWithRequests = fc.tuple(world, fc.array(requestGroup, { minLength: 1, maxLength: 4 }));

const signingKey = await generateSigningKey();
const NEVER = new AbortController().signal;
export const EPOCH = "e1";

export interface Judge {
  /** @param at seconds since the epoch */
  decide(request: ProxyRequest, at?: number): Decision | Promise<Decision>;
  readonly outcomes: ReadonlyMap<"issued" | Ungranted, number>;
}

export function judgeOf({ resources, mesh, clientAddress }: World): Judge {
  const outcomes = new Map<"issued" | Ungranted, number>();
  const snapshot = compileSnapshot(resources, {
    mesh,
    limits: defaults.limits,
    clockSkewSeconds: 60,
    keys: KEYS[`${mesh.strict}`],
    credentials: worldSources(),
    compileMint: (token) => compileMint(token, "https://mint.example", signingKey),
    grantable: true,
    hash: (text) => createHash("sha256").update(text).digest("hex"),
  });
  let now = NOW;
  let ids = 0;
  const check: Check = createCheck({
    snapshot: () => snapshot,
    request: {
      strict: mesh.strict,
      pathNormalization: mesh.pathNormalization,
      pathLength: defaults.limits.pathLength,
      clientAddress,
      workload: { namespace: "foo", name: "", labels: new Map() },
    },
    now: () => now,
    newId: () => `d${++ids}`,
    beginGrant: grantIssuer({
      maxSeconds: 5,
      pathLength: defaults.limits.pathLength,
      epoch: () => EPOCH,
      now: () => now,
      counted: (outcome) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1),
    }),
  });
  return {
    decide(request, at = NOW) {
      now = at;
      return check(incomingOf(request), NEVER);
    },
    outcomes,
  };
}

/** What the service would see of an answer, without what differs from one minted token to the next. */
export function visible(decision: Decision): object {
  if (decision.effect !== "allow") return { effect: decision.effect };
  const { set, remove, removeQueryParameters } = decision.changes;
  const plain = set.map(([name, value]) => [name, name === "txn-token" ? mintedClaims(value) : value]);
  return { effect: "allow", set: plain, remove: [...remove].sort(), removeQueryParameters };
}

function mintedClaims(jwt: string): object {
  const {
    iat: _iat,
    exp: _exp,
    jti: _jti,
    ...claims
  } = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
  return claims;
}
