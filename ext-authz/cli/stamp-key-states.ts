/**
 * What the keys of stamps are at a time, and what becomes of them. In: the file as it was read, seconds. Out: states, a timeline,
 * findings. Pure. Order is meaning: older keys stand before the one that signs, newer ones behind it.
 */
import type { StampKeySet, StampKeyText } from "../config/read-stamp-keys.ts";

/** Of a key's life; `published` is known to those who verify, and does not sign yet. */
export type StampKeyState = "pending" | "published" | "active" | "retiring" | "gone";

export interface KnownKey {
  readonly key: StampKeyText;
  readonly signs: boolean;
}

export interface StampKeyRing {
  readonly keys: readonly KnownKey[];
  /** Place of the key that signs; -1 = the file names none. */
  readonly signer: number;
}

export interface Moment {
  /** Seconds since the epoch. */
  readonly at: number;
  /** "" = nobody. */
  readonly signs: string;
  readonly verify: readonly string[];
}

export interface KeyFinding {
  readonly id:
    | "signer_missing"
    | "signer_not_serving"
    | "signer_ends"
    | "key_gone"
    | "rotation_unfinished"
    | "file_open";
  readonly severity: "error" | "warning" | "info";
  readonly why: string;
  readonly fix: string;
}

/** A key that ends sooner is worth a word: somebody has to do something. */
const SOON_SECONDS = 7 * 86_400;

export function ringOfViews(sign: StampKeySet | undefined, verify: StampKeySet): StampKeyRing {
  const signing = new Set(sign?.keys.map(({ id }) => id));
  const keys = verify.keys.map((key) => ({ key, signs: signing.has(key.id) }));
  return { keys, signer: sign?.sign === undefined ? -1 : keys.findIndex(({ key }) => key.id === sign.sign) };
}

export function stateOf({ keys, signer }: StampKeyRing, place: number, now: number): StampKeyState {
  const key = keys[place]?.key;
  if (key === undefined || now > last(key)) return "gone";
  if (now < first(key)) return "pending";
  if (place === signer) return "active";
  return place < signer ? "retiring" : "published";
}

export function serves(key: StampKeyText, at: number): boolean {
  return at >= first(key) && at <= last(key);
}

/** Now, and whenever a key begins or has ended. */
export function timeline({ keys, signer }: StampKeyRing, now: number): readonly Moment[] {
  const changes = keys
    .flatMap(({ key }) => [first(key), last(key) + 1])
    .filter((at) => at > now && Number.isFinite(at));
  const times = [...new Set([now, ...changes])].sort((a, b) => a - b);
  const signing = keys[signer]?.key;
  return times.map((at) => ({
    at,
    signs: signing !== undefined && serves(signing, at) ? signing.id : "",
    verify: keys.flatMap(({ key }) => (serves(key, at) ? [key.id] : [])),
  }));
}

export function findingsOf(ring: StampKeyRing, now: number, mode: number): readonly KeyFinding[] {
  const { keys, signer } = ring;
  const signing = keys[signer]?.key;
  const gone = keys.filter(({ key }) => now > last(key)).map(({ key }) => key.id);
  const waiting = keys.length - 1 - signer;
  return [
    ...(signing === undefined && keys.some((key) => key.signs)
      ? [found("signer_missing", "no `sign` in the file")]
      : []),
    ...(signing !== undefined && !serves(signing, now) ? [found("signer_not_serving", signing.id)] : []),
    ...(signing !== undefined && serves(signing, now) && last(signing) < now + SOON_SECONDS
      ? [found("signer_ends", `${signing.id} ends in ${Math.floor((last(signing) - now) / 3600)} hours`)]
      : []),
    ...(gone.length > 0 ? [found("key_gone", gone.join(", "))] : []),
    ...(signing !== undefined && (signer > 0 || waiting > 0)
      ? [found("rotation_unfinished", `${signer} older and ${waiting} newer keys beside ${signing.id}`)]
      : []),
    ...((mode & 0o077) !== 0 ? [found("file_open", `mode ${(mode & 0o777).toString(8)}`)] : []),
  ];
}

const KINDS: Readonly<Record<KeyFinding["id"], Pick<KeyFinding, "severity" | "fix">>> = {
  signer_missing: { severity: "warning", fix: "name the key that signs: proxies do not choose one" },
  signer_not_serving: { severity: "error", fix: "let another key sign: stamps refuse every request with 503" },
  signer_ends: { severity: "warning", fix: "countersign keys rotate, thrice, before that" },
  key_gone: { severity: "info", fix: "nothing; remove it with the next rotation" },
  rotation_unfinished: { severity: "info", fix: "countersign keys rotate, when the last step has come to all proxies" },
  file_open: { severity: "warning", fix: "chmod 600: who can read it can stamp" },
};

function found(id: KeyFinding["id"], why: string): KeyFinding {
  return { id, why, ...KINDS[id] };
}

function first({ notBefore = 0 }: StampKeyText): number {
  return notBefore;
}

function last({ notAfter = Number.POSITIVE_INFINITY }: StampKeyText): number {
  return notAfter;
}
