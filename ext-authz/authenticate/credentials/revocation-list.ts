/**
 * What is no longer accepted. In: the text of a list. Out: a question that each verified credential can be asked, or why the
 * text is no list. Pure. `{"revoked": [{"jti": "…"}, {"sid": "…"}, {"sub": "…", "iat": 1790000000}]}`; each entry may name its
 * `iss`, and counts for every issuer when it does not. One entry that cannot be read refuses the list: it may be the one.
 */
import { createHash } from "node:crypto";
import type { JsonObject, JsonValue, VerifiedToken } from "../../model.ts";
import { err, ok, type Result } from "../../result.ts";
import { isJsonObject, member, parseStrictObject } from "../strict-json.ts";

export interface RevocationList {
  /** Entries, for the log. */
  readonly size: number;
  /** Hash of the text: another text, another revision. */
  readonly revision: string;
  revokes(token: VerifiedToken): boolean;
}

const MAX_ENTRIES = 200_000;
const JSON_DEPTH = 4;

export function parseRevocationList(text: string): Result<RevocationList, string> {
  const entries = member(parseStrictObject(text, JSON_DEPTH) ?? {}, "revoked");
  if (!Array.isArray(entries)) return err("not an object with a list `revoked`");
  if (entries.length > MAX_ENTRIES) return err(`more than ${MAX_ENTRIES} entries`);
  /** Name of what is revoked → up to which `iat`; infinity = whenever it was issued. */
  const revoked = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const read = isJsonObject(entry) ? readEntry(entry) : undefined;
    if (read === undefined) return err(`revoked[${index}] is none of jti, sid, or sub with iat`);
    revoked.set(read.name, Math.max(read.until, revoked.get(read.name) ?? Number.NEGATIVE_INFINITY));
  }
  const revision = createHash("sha256").update(text).digest("base64url");
  return ok({ size: entries.length, revision, revokes: (token) => isRevoked(revoked, token) });
}

interface Entry {
  readonly name: string;
  readonly until: number;
}

function readEntry(entry: JsonObject): Entry | undefined {
  const issuer = member(entry, "iss");
  const issuedAt = member(entry, "iat");
  if (issuer !== undefined && typeof issuer !== "string") return undefined;
  const names = Object.keys(entry).filter((name) => name !== "iss" && name !== "iat");
  const [kind] = names;
  const value = kind === undefined ? undefined : member(entry, kind);
  if (names.length !== 1 || kind === undefined || typeof value !== "string" || value === "") return undefined;
  if (kind === "sub") {
    const isTime = typeof issuedAt === "number" && issuedAt >= 0;
    return isTime ? { name: nameOf(kind, value, issuer), until: issuedAt } : undefined;
  }
  if ((kind !== "jti" && kind !== "sid") || issuedAt !== undefined) return undefined;
  return { name: nameOf(kind, value, issuer), until: Number.POSITIVE_INFINITY };
}

function nameOf(kind: string, value: string, issuer: string | undefined): string {
  return JSON.stringify([kind, value, issuer ?? null]);
}

function isRevoked(revoked: ReadonlyMap<string, number>, { issuer, claims }: VerifiedToken): boolean {
  const issuedAt = member(claims, "iat");
  for (const kind of ["jti", "sid", "sub"]) {
    const value: JsonValue | undefined = member(claims, kind);
    if (typeof value !== "string") continue;
    for (const from of [issuer, undefined]) {
      const until = revoked.get(nameOf(kind, value, from));
      // A token that does not say when it was issued may be an old one. The second of the revocation itself counts.
      if (until !== undefined && (typeof issuedAt !== "number" || Math.trunc(issuedAt) <= until)) return true;
    }
  }
  return false;
}
