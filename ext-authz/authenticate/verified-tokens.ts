/**
 * Tokens whose signature was found good, kept so that the next request with the same text costs a hash. In: a verified token
 * and the keys that verified it. Out: what that text says, and which keys signed it; nothing else is remembered: issuer, time
 * and audience are checked at every use, revocation and possession after it. A life: bounded in entries and bytes; what was
 * not used since its last turn goes first. No token text is kept.
 */
import { hash } from "node:crypto";
import type { JsonValue } from "../model.ts";
import type { KeySet } from "./key-set.ts";
import type { KeySources } from "./key-source.ts";
import type { Token, TokenContent } from "./token.ts";

/** What can be told without the text: the holder of a copy of the cache cannot make a request with it. */
type KeptContent = Omit<TokenContent, "raw">;

export interface VerifiedTokens {
  /** The content of exactly this text, frozen: it is shared by requests. Undefined: not kept. */
  find(name: TokenName, raw: string): TokenContent | undefined;
  /** Whether these very keys signed it. Another answer of the issuer is another set, also when the text is the same. */
  isSignedBy(name: TokenName, keySet: KeySet): boolean;
  keep(name: TokenName, token: Token, keySet: KeySet): void;
  readonly size: { readonly entries: number; readonly bytes: number };
}

/** Stands for the whole text and for how deep it was read. */
export type TokenName = string;

export interface CacheBounds {
  readonly entries: number;
  /** By our own estimate of what the content holds in memory. */
  readonly bytes: number;
}

const BOUNDS: CacheBounds = { entries: 20_000, bytes: 32 * 1024 * 1024 };

/** Sets that signed one token: one for each rule with keys of its own, and each rotation leaves one behind. */
const MAX_SIGNERS = 64;

/**
 * Of every byte, never of a part: what a part does not cover could be exchanged. Texts that are not ASCII may share a name
 * (lone surrogates), but only ASCII verifies, and what shares a name with ASCII is that ASCII.
 */
export function tokenName(raw: string, jsonDepth: number): TokenName {
  return `${jsonDepth}:${hash("sha256", raw, "base64")}`;
}

const caches = new WeakMap<KeySources, VerifiedTokens>();

/** One for all plans that take their keys from the same sources: reloads keep it, and it is bounded once. */
export function verifiedTokensOf(keys: KeySources): VerifiedTokens {
  const known = caches.get(keys) ?? createVerifiedTokens(BOUNDS);
  caches.set(keys, known);
  return known;
}

interface Entry {
  readonly content: KeptContent;
  readonly bytes: number;
  readonly signers: readonly number[];
  /** Since its last turn to go: a second chance costs a hit less than keeping the order of use. */
  used: boolean;
}

export function createVerifiedTokens(bounds: CacheBounds): VerifiedTokens {
  /** In the order in which their turn to go comes. */
  const entries = new Map<TokenName, Entry>();
  /** A number is never given twice, so one that outlives its set fits nothing. */
  const numbers = new WeakMap<KeySet, number>();
  let lastNumber = 0;
  let bytes = 0;

  function numberOf(keySet: KeySet): number {
    const known = numbers.get(keySet) ?? ++lastNumber;
    numbers.set(keySet, known);
    return known;
  }

  /** Ends: the second time around nothing counts as used. */
  function makeRoom(size: number): void {
    for (const [name, entry] of entries) {
      if (entries.size < bounds.entries && bytes + size <= bounds.bytes) return;
      entries.delete(name);
      if (entry.used) entries.set(name, { ...entry, used: false });
      else bytes -= entry.bytes;
    }
  }

  return {
    find(name, raw) {
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      entry.used = true;
      return withText(entry.content, raw);
    },
    isSignedBy: (name, keySet) => entries.get(name)?.signers.includes(numberOf(keySet)) ?? false,
    keep(name, token, keySet) {
      const known = entries.get(name);
      const signers = [...(known?.signers ?? []), numberOf(keySet)].slice(-MAX_SIGNERS);
      if (known !== undefined) {
        entries.set(name, { ...known, signers });
        return;
      }
      const size = weigh(token);
      if (size > bounds.bytes || bounds.entries < 1) return;
      makeRoom(size);
      entries.set(name, { content: withoutText(token), bytes: size, signers, used: false });
      bytes += size;
    },
    get size() {
      return { entries: entries.size, bytes };
    },
  };
}

function withoutText({
  alg,
  algorithm,
  kid,
  bringsKey,
  claims,
  issuer,
  subject,
  audiences,
  notBefore,
  expiresAt,
}: Token): KeptContent {
  return { alg, algorithm, kid, bringsKey, claims, issuer, subject, audiences, notBefore, expiresAt };
}

/** Member by member: spreading took three times as long, and this is what a hit costs. */
function withText(content: KeptContent, raw: string): TokenContent {
  const { alg, algorithm, kid, bringsKey, claims, issuer, subject, audiences, notBefore, expiresAt } = content;
  return {
    raw,
    alg,
    algorithm,
    kid,
    bringsKey,
    claims,
    issuer,
    subject,
    audiences,
    notBefore,
    expiresAt,
  };
}

/**
 * Name, Map slot, header fields and signers, and what rules made of the claims: split claims, header changes and their bytes.
 * Measured with tokens of an access token's usual size, of which each then held 2.5 kB.
 */
const ENTRY_BYTES = 1536;
/** V8 keeps objects of more members as hash tables. */
const FEW_MEMBERS = 16;

/**
 * Freezes on the way. The text counts once: strings are windows into the decoded segments and hold these, whatever is cut
 * from them.
 */
function weigh(token: Token): number {
  Object.freeze(token.audiences);
  return ENTRY_BYTES + token.raw.length + freezeAndWeigh(token.claims);
}

/** Deep, since a request that changed what it read would change it for the next one. Depth is bounded by the reader. */
function freezeAndWeigh(value: JsonValue): number {
  if (typeof value === "string") return 32;
  if (typeof value !== "object" || value === null) return 16;
  Object.freeze(value);
  let bytes = 64;
  if (isList(value)) {
    for (const inner of value) bytes += 8 + freezeAndWeigh(inner);
    return bytes;
  }
  const names = Object.keys(value);
  const slot = names.length <= FEW_MEMBERS ? 16 : 96;
  for (const name of names) bytes += slot + name.length + freezeAndWeigh(value[name] ?? null);
  return bytes;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
