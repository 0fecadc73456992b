/**
 * The ring of stamp keys. In: how the description names them, the texts of the files. Out: what stamps sign with and what
 * guards verify with, or problems. Pure. A guard never gets the private half of a pair, a stamp never needs the public one.
 */
import type { StampKey } from "../../envoy/model.ts";
import type { Path } from "../resources/field-path.ts";
import type { Problem } from "../resources/resource.ts";
import type { KeyText } from "./description.ts";
import type { ReadDescription } from "./read-description.ts";

export interface Ring {
  readonly signing: readonly StampKey[];
  readonly verifying: readonly StampKey[];
  /** Places of keys whose secret stands in the written configuration. */
  readonly written: readonly Path[];
}

const SECRET = /^[A-Za-z0-9_-]{43,1366}$/;
const PEM = /^-----BEGIN (PUBLIC KEY|PRIVATE KEY)-----\r?\n([A-Za-z0-9+/=\r\n]{1,20000})-----END \1-----$/;

/**
 * The ring of responses: the shared secrets of `keys` unless it has keys of its own. The private half of a pair that stamps has
 * no business in a zone that only answers.
 */
export function responseRingOf(
  read: ReadDescription,
  files: ReadonlyMap<string, string>,
  found: Problem[],
  ring: Ring,
): Ring {
  if (read.description.responseKeys !== undefined) return ringOf(read, files, found, "responseKeys");
  const signing = ring.signing.filter((key) => "secret" in key || "secretEnv" in key);
  return { signing, verifying: signing, written: [] };
}

/** Problems are added to `found`; what has one is not in the ring. */
export function ringOf(
  { description, problem }: ReadDescription,
  files: ReadonlyMap<string, string>,
  found: Problem[],
  member: "keys" | "responseKeys" = "keys",
): Ring {
  const signing: StampKey[] = [];
  const verifying: StampKey[] = [];
  const written: Path[] = [];
  const ids = new Set<string>();
  for (const [index, key] of (description[member] ?? []).entries()) {
    const path = [member, index];
    const report = (field: string, message: string, hint?: string): void => {
      found.push(problem([...path, field], message, hint));
    };
    if (ids.has(key.id)) report("id", "stands twice");
    ids.add(key.id);
    const read = key.algorithm === undefined || key.algorithm === "hmac-sha256" ? shared : pair;
    const { signs, verifies, writes } = read(key, files, report);
    if (signs !== undefined) signing.push(signs);
    if (verifies !== undefined) verifying.push(verifies);
    if (writes) written.push(path);
  }
  return { signing, verifying, written };
}

type Report = (member: string, message: string, hint?: string) => void;

interface Halves {
  readonly signs?: StampKey;
  readonly verifies?: StampKey;
  readonly writes: boolean;
}

function shared(key: KeyText, files: ReadonlyMap<string, string>, report: Report): Halves {
  for (const member of ["publicKeyFile", "privateKeyFile", "privateKeyEnv"] as const) {
    if (key[member] !== undefined) report(member, "belongs to a key pair", "algorithm: ecdsa-p256-sha256");
  }
  const { secretEnv, secretFile } = key;
  if ((secretEnv === undefined) === (secretFile === undefined)) {
    report("id", "needs one of secretEnv and secretFile");
    return { writes: false };
  }
  if (secretEnv !== undefined) {
    const ours = { ...idAndTimes(key), secretEnv };
    return { signs: ours, verifies: ours, writes: false };
  }
  const text = files.get(secretFile ?? "")?.trim() ?? "";
  if (!SECRET.test(text)) {
    report("secretFile", "does not hold a secret", "base64url of 32 bytes or more, without padding");
    return { writes: false };
  }
  const ours = { ...idAndTimes(key), secret: text };
  return { signs: ours, verifies: ours, writes: true };
}

function pair(key: KeyText, files: ReadonlyMap<string, string>, report: Report): Halves {
  for (const member of ["secretEnv", "secretFile"] as const) {
    if (key[member] !== undefined) report(member, "belongs to hmac-sha256", "publicKeyFile, privateKeyEnv");
  }
  const algorithm = key.algorithm === "rsa-v1_5-sha256" ? "rsa-v1_5-sha256" : "ecdsa-p256-sha256";
  const base = { ...idAndTimes(key), algorithm } as const;
  const { privateKeyEnv, privateKeyFile } = key;
  if (privateKeyEnv !== undefined && privateKeyFile !== undefined) {
    report("privateKeyFile", "must not stand beside privateKeyEnv");
  }
  const publicKey = pemBody(key, "publicKeyFile", "PUBLIC KEY", files, report);
  const privateKey = pemBody(key, "privateKeyFile", "PRIVATE KEY", files, report);
  if (publicKey === undefined && privateKey === undefined && privateKeyEnv === undefined) {
    report("id", "needs publicKeyFile, privateKeyEnv or privateKeyFile");
  }
  return {
    ...(publicKey !== undefined && { verifies: { ...base, publicKey } }),
    ...(privateKeyEnv !== undefined && { signs: { ...base, privateKeyEnv } }),
    ...(privateKey !== undefined && { signs: { ...base, privateKey } }),
    writes: privateKey !== undefined,
  };
}

function pemBody(
  key: KeyText,
  member: "publicKeyFile" | "privateKeyFile",
  kind: string,
  files: ReadonlyMap<string, string>,
  report: Report,
): string | undefined {
  const file = key[member];
  if (file === undefined) return undefined;
  const match = PEM.exec(files.get(file)?.trim() ?? "");
  if (match?.[1] !== kind) {
    report(member, `does not hold one PEM block of a ${kind}`);
    return undefined;
  }
  return (match[2] ?? "").replace(/\s/g, "");
}

function idAndTimes({ id, notBefore, notAfter }: KeyText) {
  return { id, ...(notBefore !== undefined && { notBefore }), ...(notAfter !== undefined && { notAfter }) };
}
