/**
 * The file of stamp keys (docs/filter.md "Keys by callout"). In: its text. Out: what stands that sign may have, and what guards
 * may have; or every problem by its field. No problem quotes a value. Pure.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { isJsonObject, member, parseStrictObject } from "../authenticate/strict-json.ts";
import type { JsonObject, JsonValue } from "../model.ts";
import { err, ok, type Result } from "../result.ts";

/** As a stand reads it (docs/filter.md "Keys by callout"). */
export interface StampKeySet {
  readonly keys: readonly StampKeyText[];
  /** Id of the key that signs; absent = the stand knows. */
  readonly sign?: string;
}

export interface StampKeyText extends KeyTimes {
  readonly id: string;
  readonly algorithm: string;
  readonly secret?: string;
  readonly privateKey?: string;
  readonly publicKey?: string;
}

/** Seconds since the epoch; both are inside. */
interface KeyTimes {
  readonly notBefore?: number;
  readonly notAfter?: number;
}

export interface StampKeyViews {
  /** Undefined: no key of the file signs. */
  readonly sign: StampKeySet | undefined;
  /** Without any private key; a shared secret is there, since nothing else verifies its stamps. */
  readonly verify: StampKeySet;
}

interface Key {
  readonly id: string;
  readonly times: KeyTimes;
  readonly algorithm: string;
  /** Members that sign, and that verify; undefined = the file does not hold them. */
  readonly signs: Halves | undefined;
  readonly verifies: Halves;
}

type Halves = Pick<StampKeyText, "secret" | "privateKey" | "publicKey">;

type Report = (field: string, message: string) => void;

const MAX_DEPTH = 4;
const MAX_KEYS = 64;
const MAX_SECONDS = 253_402_300_799;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const MEMBERS = new Set(["id", "algorithm", "secret", "privateKey", "publicKey", "notBefore", "notAfter"]);
const PAIR = "must be base64 of a key of the algorithm: P-256, or RSA of 2048 to 4096 bits";

export function readStampKeys(text: string): Result<StampKeyViews, readonly string[]> {
  const file = parseStrictObject(text, MAX_DEPTH);
  if (file === undefined) return err(["must be one JSON object, no member twice"]);
  const problems: string[] = [];
  const report: Report = (field, message) => void problems.push(`${field}: ${message}`);
  for (const name of Object.keys(file)) if (name !== "keys" && name !== "sign") report("file", "has an unknown member");
  const list = member(file, "keys");
  const items: readonly JsonValue[] = Array.isArray(list) ? list : [];
  if (items.length === 0 || items.length > MAX_KEYS) report("keys", "must be a list of 1 to 64 keys");
  const keys = items
    .slice(0, MAX_KEYS)
    .map((item, i) => readKey(item, (name, text) => report(`keys[${i}].${name}`, text)));
  const good = keys.filter((key) => key !== undefined);
  if (new Set(good.map(({ id }) => id)).size < good.length) report("keys", "must not hold an id twice");
  const sign = member(file, "sign");
  const signing = good.filter((key) => key.signs !== undefined);
  const signer = signing.find(({ id }) => id === sign);
  if (sign !== undefined && signer === undefined) report("sign", "must be the id of a key with secret or privateKey");
  if (problems.length > 0) return err(problems);
  const view = (keys: readonly Key[], part: "signs" | "verifies"): readonly StampKeyText[] =>
    keys.map((key) => ({ id: key.id, algorithm: key.algorithm, ...key[part], ...key.times }));
  const signs = { keys: view(signing, "signs"), ...(signer && { sign: signer.id }) };
  return ok({ sign: signing.length > 0 ? signs : undefined, verify: { keys: view(good, "verifies") } });
}

function readKey(item: JsonValue, report: Report): Key | undefined {
  if (!isJsonObject(item)) return void report("id", "is missing: a key is an object");
  for (const name of Object.keys(item)) if (!MEMBERS.has(name)) report("id", "stands beside an unknown member");
  const id = member(item, "id");
  if (typeof id !== "string" || !TOKEN.test(id)) return void report("id", "must be 1 to 64 token characters");
  const times = readTimes(item, report);
  const algorithm = member(item, "algorithm") ?? "hmac-sha256";
  const has = (name: string): boolean => Object.hasOwn(item, name);
  if (algorithm === "hmac-sha256") {
    if (has("privateKey") || has("publicKey")) report("algorithm", "is hmac-sha256, which has a secret alone");
    const secret = member(item, "secret");
    if (!isSecret(secret)) return void report("secret", "must be base64url without padding of 32 to 1024 bytes");
    return { id, times, algorithm, signs: { secret }, verifies: { secret } };
  }
  if (algorithm !== "ecdsa-p256-sha256" && algorithm !== "rsa-v1_5-sha256") {
    return void report("algorithm", "must be hmac-sha256, ecdsa-p256-sha256 or rsa-v1_5-sha256");
  }
  if (has("secret")) report("secret", "must not stand at a key of a pair");
  const privateKey = has("privateKey") ? readHalf(member(item, "privateKey"), "pkcs8", algorithm) : undefined;
  if (has("privateKey") && privateKey === undefined) report("privateKey", PAIR);
  const given = has("publicKey") ? readHalf(member(item, "publicKey"), "spki", algorithm) : undefined;
  if (has("publicKey") && given === undefined) report("publicKey", PAIR);
  const own = privateKey && createPublicKey(privateKey);
  const publicKey = own ?? given;
  if (publicKey === undefined) return has("publicKey") ? undefined : void report("publicKey", "is missing");
  if (own && given && exported(own, "spki") !== exported(given, "spki"))
    report("publicKey", "is not of the privateKey");
  const signs = privateKey && { privateKey: exported(privateKey, "pkcs8") };
  return { id, times, algorithm, signs, verifies: { publicKey: exported(publicKey, "spki") } };
}

function readTimes(item: JsonObject, report: Report): KeyTimes {
  const times: { notBefore?: number; notAfter?: number } = {};
  for (const name of ["notBefore", "notAfter"] as const) {
    const value = member(item, name);
    if (value === undefined) continue;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_SECONDS) times[name] = value;
    else report(name, "must be whole seconds since the epoch");
  }
  if ((times.notAfter ?? MAX_SECONDS) < (times.notBefore ?? 0)) report("notAfter", "must not be before notBefore");
  return times;
}

function isSecret(value: JsonValue | undefined): value is string {
  if (typeof value !== "string") return false;
  const bytes = Buffer.from(value, "base64url");
  return bytes.toString("base64url") === value && bytes.length >= 32 && bytes.length <= 1024;
}

function readHalf(value: JsonValue | undefined, type: "spki" | "pkcs8", algorithm: string): KeyObject | undefined {
  if (typeof value !== "string") return undefined;
  const key = Buffer.from(value, "base64");
  if (key.toString("base64") !== value) return undefined;
  try {
    const half =
      type === "spki" ? createPublicKey({ key, format: "der", type }) : createPrivateKey({ key, format: "der", type });
    const { namedCurve, modulusLength = 0 } = half.asymmetricKeyDetails ?? {};
    const fits =
      algorithm === "rsa-v1_5-sha256"
        ? half.asymmetricKeyType === "rsa" && modulusLength >= 2048 && modulusLength <= 4096
        : half.asymmetricKeyType === "ec" && namedCurve === "prime256v1";
    return fits ? half : undefined;
  } catch {
    return undefined;
  }
}

function exported(key: KeyObject, type: "spki" | "pkcs8"): string {
  return key.export({ format: "der", type }).toString("base64");
}
