/**
 * InternalToken resources become mint plans, once per load. In: a resource, the issuer's name, the signing key. Out: what
 * `mint.ts` needs for each request. Pure.
 */
import type { JsonObject } from "../model.ts";
import type { InternalToken } from "../resources/resource.ts";
import { compactSegment } from "./compact-segment.ts";
import type { SigningKey } from "./signing-key.ts";

export interface MintPlan {
  /** Lower-case; to be removed from every request for which nothing is minted. */
  readonly header: string;
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeSeconds: number;
  readonly mapped: readonly { readonly claim: string; readonly path: readonly string[] }[];
  readonly constants: JsonObject;
  /** The JOSE header, encoded. */
  readonly protectedHeader: string;
  readonly key: SigningKey;
}

/** What only the mint itself may say. `sub` and `act` follow the incoming token unless the operator maps them. */
const RESERVED: ReadonlySet<string> = new Set(["iss", "aud", "exp", "nbf", "iat", "jti"]);

/** @throws on a resource that would let a mapping or a constant speak for the mint: the set-up is broken. */
export function compileMint(token: InternalToken, issuer: string, key: SigningKey): MintPlan {
  for (const name of [...token.claims.map(({ claim }) => claim), ...Object.keys(token.constants)]) {
    if (RESERVED.has(name)) throw new Error(`InternalToken ${token.name}: "${name}" is set by the mint`);
  }
  return {
    header: token.header.toLowerCase(),
    issuer,
    audience: token.audience,
    lifetimeSeconds: token.lifetimeSeconds,
    mapped: token.claims.map(({ claim, from }) => ({ claim, path: from.split(".") })),
    constants: token.constants,
    protectedHeader: compactSegment({ alg: "ES256", typ: "JWT", kid: key.kid }),
    key,
  };
}
