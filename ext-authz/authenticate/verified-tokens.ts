/**
 * Tokens whose signature was found good, kept so that the next request with the same text costs a hash. In: a verified token
 * and the keys that verified it. Out: what that text says, and which keys signed it; nothing else is remembered: issuer, time
 * and audience are checked at every use, revocation and possession after it. A life: bounded in entries and bytes, oldest use
 * goes first. No token text is kept.
 */
import { hash } from "node:crypto";
import type { JsonValue } from "../model.ts";
import type { KeySet } from "./key-set.ts";
import type { KeySources } from "./key-source.ts";
import type { Token, TokenContent } from "./token.ts";

/** What can be told without the text: the holder of a copy of the cache cannot make a request with it. */
type KeptContent = Omit<TokenContent, "raw" | "payloadSegment">;

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
  readonly signers: number[];
}

export function createVerifiedTokens(bounds: CacheBounds): VerifiedTokens {
  /** In order of use: the first is the oldest. */
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

  function drop(name: TokenName, entry: Entry): void {
    entries.delete(name);
    bytes -= entry.bytes;
  }

  return {
    find(name, raw) {
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      entries.delete(name);
      entries.set(name, entry);
      return { ...entry.content, raw, payloadSegment: raw.slice(raw.indexOf(".") + 1, raw.lastIndexOf(".")) };
    },
    isSignedBy: (name, keySet) => entries.get(name)?.signers.includes(numberOf(keySet)) ?? false,
    keep(name, token, keySet) {
      const known = entries.get(name);
      const signers = [...(known?.signers ?? []), numberOf(keySet)].slice(-MAX_SIGNERS);
      if (known !== undefined) drop(name, known);
      const { raw: _raw, payloadSegment: _payload, signedBytes: _signed, signature: _signature, ...content } = token;
      const entry = { content, signers, bytes: known?.bytes ?? weigh(token) };
      if (entry.bytes > bounds.bytes) return;
      entries.set(name, entry);
      bytes += entry.bytes;
      for (const [oldest, old] of entries) {
        if (entries.size <= bounds.entries && bytes <= bounds.bytes) break;
        drop(oldest, old);
      }
    },
    get size() {
      return { entries: entries.size, bytes };
    },
  };
}

/** Name, Map slot, header fields and signers at their most. */
const ENTRY_BYTES = 1024;

/** The text counts once: short strings may be windows into the decoded segments and hold these. */
function weigh(token: Token): number {
  return ENTRY_BYTES + token.raw.length + freezeAndWeigh(token.claims);
}

/** Deep, since a request that changed what it read would change it for the next one. Depth is bounded by the reader. */
function freezeAndWeigh(value: JsonValue): number {
  if (typeof value === "string") return 32 + 2 * value.length;
  if (typeof value !== "object" || value === null) return 16;
  let bytes = 128;
  for (const [name, inner] of Object.entries(value)) bytes += 64 + 2 * name.length + freezeAndWeigh(inner);
  Object.freeze(value);
  return bytes;
}
