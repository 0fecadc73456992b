/**
 * Claims of a verified token as they are kept: equal to what was read, deeply frozen since requests share them, and small. What was
 * read is windows into the token's decoded text, which each of them keeps whole; here texts stand for themselves, and what
 * an issuer says in every token (its name, audiences, roles) is one text for all of them: thousands of tokens that are used in
 * turn then fit the processor's caches better. In: claims and key id. Out: their copies and what these hold. Pure but for its memory of texts.
 */
import { newMembers } from "../members.ts";
import type { JsonObject, JsonValue } from "../model.ts";

export interface KeptClaims {
  readonly claims: JsonObject;
  readonly kid: string;
  /** An estimate from above, as if no text were shared. */
  readonly bytes: number;
}

/** Characters: what is longer is hardly said twice. */
const MAX_SHARED = 64;
/** Texts of one generation. */
const MAX_TEXTS = 512;
/** V8 keeps objects of more members as hash tables. */
const FEW_MEMBERS = 16;

/** For one memory of tokens. Only verified ones come here: nobody else can fill it. */
export function claimsKeeper(): (claims: JsonObject, kid: string) => KeptClaims {
  /** What is said again moves to the newer one; what is not goes with the older one. */
  let newer = new Map<string, string>();
  let older = newer;
  let bytes = 0;

  function keepText(text: string): string {
    bytes += 32 + 2 * text.length;
    if (text.length > MAX_SHARED) return ownText(text);
    const known = newer.get(text) ?? older.get(text);
    const kept = known ?? ownText(text);
    if (newer.size >= MAX_TEXTS) {
      older = newer;
      newer = new Map();
    }
    newer.set(kept, kept);
    return kept;
  }

  /** Depth is bounded by the reader. */
  function keepValue(value: JsonValue): JsonValue {
    if (typeof value === "string") return keepText(value);
    if (typeof value !== "object" || value === null) return value;
    return isList(value) ? keepList(value) : keepObject(value);
  }

  function keepList(list: readonly JsonValue[]): JsonValue {
    bytes += 64 + 8 * list.length;
    return Object.freeze(list.map(keepValue));
  }

  function keepObject(object: JsonObject): JsonObject {
    const kept = newMembers();
    const names = Object.keys(object);
    const slot = names.length <= FEW_MEMBERS ? 16 : 96;
    bytes += 96;
    for (const name of names) {
      bytes += slot + name.length;
      kept[name] = keepValue(object[name] ?? null);
    }
    return Object.freeze(kept);
  }

  return (claims, kid) => {
    bytes = 0;
    const kept = { claims: keepObject(claims), kid: keepText(kid) };
    return { ...kept, bytes };
  };
}

/** Shorter ones are never windows. */
const LEAST_WINDOW = 13;

function ownText(text: string): string {
  return text.length < LEAST_WINDOW ? text : Buffer.from(text, "utf8").toString("utf8");
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
