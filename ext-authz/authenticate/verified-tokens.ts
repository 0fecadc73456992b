/**
 * Tokens whose signature was found good, kept so that the next request with the same text costs a hash and one look. In: a
 * verified token and the keys that verified it. Out: what that text says, and which keys signed it; nothing else is remembered:
 * issuer, time and audience are checked at every use, revocation and possession after it. A life: bounded in entries and bytes;
 * what was not used since its last turn goes first. No token text is kept.
 */
import { hash } from "node:crypto";
import { numberObjects } from "../numbers.ts";
import { claimsKeeper } from "./kept-claims.ts";
import type { KeySet } from "./key-set.ts";
import type { KeySources } from "./key-source.ts";
import { type Payload, readClaims, type Token, type TokenContent } from "./token.ts";

/**
 * What can be told without the text: the holder of a copy of the cache cannot make a request with it. One object for all of it:
 * each more would be another miss of the processor's cache when thousands of tokens are used in turn.
 */
export interface KeptToken extends TokenContent {
  /** How deep it was read. */
  readonly jsonDepth: number;
  readonly bytes: number;
  /** The number of the keys that were last found to have signed it, and of those before. */
  signer: number;
  signersBefore: readonly number[];
  /** Since its last turn to go: a second chance costs a hit less than keeping the order of use. */
  used: boolean;
}

export interface VerifiedTokens {
  /** The content of exactly this text, frozen: it is shared by requests. Undefined: not kept, or read to another depth. */
  find(name: TokenName, jsonDepth: number): KeptToken | undefined;
  /** Whether these very keys signed it. Another answer of the issuer is another set, also when the text is the same. */
  isSignedBy(token: KeptToken, keySet: KeySet): boolean;
  /** @returns what stands for it from now on; the token itself, where there is no room for it */
  keep(name: TokenName, token: Token, jsonDepth: number, keySet: KeySet): TokenContent;
  readonly size: { readonly entries: number; readonly bytes: number };
}

/** Stands for the whole text. */
export type TokenName = string;

export interface CacheBounds {
  readonly entries: number;
  /** By our own estimate of what the content holds in memory. */
  readonly bytes: number;
}

const BOUNDS: CacheBounds = { entries: 16_000, bytes: 24 * 1024 * 1024 };

/** Sets that signed one token: one for each rule with keys of its own, and each rotation leaves one behind. */
const MAX_SIGNERS = 64;

/**
 * Of every byte, never of a part: what a part does not cover could be exchanged. Texts that are not ASCII may share a name
 * (lone surrogates), but only ASCII verifies, and what shares a name with ASCII is that ASCII.
 */
export function tokenName(raw: string): TokenName {
  // One character a byte: the shortest text that says it.
  return hash("sha256", raw, "binary");
}

const caches = new WeakMap<KeySources, VerifiedTokens>();

/** One for all plans that take their keys from the same sources: reloads keep it, and it is bounded once. */
export function verifiedTokensOf(keys: KeySources): VerifiedTokens {
  const known = caches.get(keys) ?? createVerifiedTokens(BOUNDS);
  caches.set(keys, known);
  return known;
}

export function createVerifiedTokens(bounds: CacheBounds): VerifiedTokens {
  /** In the order in which their turn to go comes. */
  const entries = new Map<TokenName, KeptToken>();
  const numberOf = numberObjects<KeySet>();
  const keepClaims = claimsKeeper();
  let bytes = 0;

  /** Ends: the second time around nothing counts as used. */
  function makeRoom(size: number): void {
    for (const [name, entry] of entries) {
      if (entries.size < bounds.entries && bytes + size <= bounds.bytes) return;
      entries.delete(name);
      if (entry.used) entries.set(name, entry);
      else bytes -= entry.bytes;
      entry.used = false;
    }
  }

  function addSigner(entry: KeptToken, number: number): KeptToken {
    if (isSigner(entry, number)) return entry;
    entry.signersBefore = [...entry.signersBefore, entry.signer].slice(1 - MAX_SIGNERS);
    entry.signer = number;
    return entry;
  }

  return {
    find(name, jsonDepth) {
      const entry = entries.get(name);
      if (entry?.jsonDepth !== jsonDepth) return undefined;
      // Written only when it changes: what is only read stays clean in the processor's cache.
      if (!entry.used) entry.used = true;
      return entry;
    },
    isSignedBy: (token, keySet) => isSigner(token, numberOf(keySet)),
    keep(name, token, jsonDepth, keySet) {
      const signer = numberOf(keySet);
      const known = entries.get(name);
      if (known?.jsonDepth === jsonDepth) return addSigner(known, signer);
      const { claims, kid, bytes: weight } = keepClaims(token.claims, token.kid);
      const read = readClaims(claims);
      const size = ENTRY_BYTES + weight;
      if (!read.ok || size > bounds.bytes || bounds.entries < 1) return token;
      if (known !== undefined) {
        entries.delete(name);
        bytes -= known.bytes;
      }
      makeRoom(size);
      const kept = newKept(read.value, { kid, bringsKey: token.bringsKey, jsonDepth, bytes: size, signer });
      entries.set(name, kept);
      bytes += size;
      return kept;
    },
    get size() {
      return { entries: entries.size, bytes };
    },
  };
}

const NONE: readonly number[] = [];

/** Member by member: one shape for all. */
function newKept(
  { claims, issuer, subject, audiences, notBefore, expiresAt }: Payload,
  { kid, bringsKey, jsonDepth, bytes, signer }: Pick<KeptToken, "kid" | "bringsKey" | "jsonDepth" | "bytes" | "signer">,
): KeptToken {
  return {
    claims,
    issuer,
    notBefore,
    expiresAt,
    signer,
    jsonDepth,
    used: false,
    bringsKey,
    kid,
    subject,
    audiences,
    bytes,
    signersBefore: NONE,
  };
}

function isSigner({ signer, signersBefore }: KeptToken, number: number): boolean {
  return signer === number || signersBefore.includes(number);
}

/**
 * Name, Map slot, this object, and what rules made of the claims: split claims, header changes and their bytes. Measured with
 * tokens of an access token's usual size.
 */
const ENTRY_BYTES = 1024;
