/**
 * API keys as consumers. In: ApiKeys resources at load time, a request later. Out: the consumer as a verified identity, no
 * key, or the refusal. Pure. Keys are known by their SHA-256 only; the look-up goes by a keyed hash of that, so that its
 * time tells nothing about the hashes that are stored, and the last comparison takes the same time however far they agree.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { HeaderChanges, JsonObject, JsonValue, RequestModel } from "../../model.ts";
import type { ApiKeys } from "../../resources/credential-resource.ts";
import { err, ok, type Result } from "../../result.ts";
import type { Credential, CredentialRefusal } from "./credential.ts";
import { changesWithout, compilePlaces, type Place, valuesAt } from "./places.ts";
import { KEY_UNKNOWN, SEVERAL_KEYS } from "./refusals.ts";

interface KnownKey {
  readonly digest: Buffer;
  readonly subject: string;
  readonly issuer: string;
  readonly claims: JsonObject;
}

export interface ApiKeyRule {
  readonly places: readonly Place[];
  /** Taken out when the key is not to travel on. */
  readonly removed: readonly Place[];
  /** By keyed hash of the digest. */
  readonly keys: ReadonlyMap<string, KnownKey>;
  readonly blind: (digest: Buffer) => string;
}

export interface FoundKey {
  readonly credential: Credential;
  readonly changes: HeaderChanges;
}

const DEFAULT_PLACES: readonly Place[] = [{ kind: "header", name: "x-api-key", prefix: "" }];
/** Longer is no key of anybody: nothing is hashed for it. */
const MAX_KEY_LENGTH = 1024;

/** @param secret random bytes of this process, see above */
export function compileApiKeys(resource: ApiKeys, secret: Uint8Array, owned: readonly string[]): ApiKeyRule {
  const blind = (digest: Buffer): string => createHmac("sha256", secret).update(digest).digest("base64url");
  const keys = resource.consumers.map(({ name, sha256, claims }): [string, KnownKey] => {
    const digest = Buffer.from(sha256, "hex");
    return [blind(digest), { digest, subject: name, issuer: resource.issuer, claims }];
  });
  const places = compilePlaces(resource, DEFAULT_PLACES, owned);
  return { places, removed: resource.forward ? [] : places, keys: new Map(keys), blind };
}

/** Undefined: no key at any place. One key at most may be there, and a rule that looks at its place must know it. */
export function findApiKey(
  rules: readonly ApiKeyRule[],
  request: RequestModel,
): Result<FoundKey, CredentialRefusal> | undefined {
  if (rules.length === 0) return undefined;
  const presented = new Set(rules.flatMap(({ places }) => places.flatMap((place) => valuesAt(place, request))));
  const [key, more] = presented;
  if (key === undefined) return undefined;
  if (more !== undefined) return err(SEVERAL_KEYS);
  for (const rule of rules) {
    const known = rule.places.some((place) => valuesAt(place, request).length > 0) ? lookUp(rule, key) : undefined;
    if (known === undefined) continue;
    const changes = changesWithout(
      rules.flatMap(({ removed }) => removed),
      request,
    );
    return ok({ credential: credentialOf(known, key), changes });
  }
  return err(KEY_UNKNOWN);
}

function lookUp(rule: ApiKeyRule, key: string): KnownKey | undefined {
  if (key === "" || key.length > MAX_KEY_LENGTH) return undefined;
  const digest = createHash("sha256").update(key, "utf8").digest();
  const known = rule.keys.get(rule.blind(digest));
  return known !== undefined && timingSafeEqual(known.digest, digest) ? known : undefined;
}

function credentialOf({ issuer, subject, claims }: KnownKey, raw: string): Credential {
  const whole: { [name: string]: JsonValue } = Object.assign(Object.create(null), claims);
  Object.assign(whole, { iss: issuer, sub: subject });
  return { kind: "api-key", token: { raw, issuer, subject, expiresAt: undefined, claims: whole } };
}
