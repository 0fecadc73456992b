/**
 * Reads `keys` of a plugin configuration. In comes the object that holds them and what they are for, out goes a ring;
 * problems name the field and never quote a secret. Effects: the environment is read, and the host tries each native key.
 */
import { bytesOf } from "./ascii";
import { decodeBase64, STANDARD, URL_SAFE } from "./base64";
import { ObjectReader } from "./configuration-reader";
import { variable } from "./environment";
import { HmacKey } from "./hmac-sha256";
import { KeyRing } from "./key-ring";
import { isKeyOf, isPrivateKeyOf } from "./key-type";
import { readKeysFrom } from "./keys-from";
import { isToken } from "./names";
import { nativeSign, readsPublicKey } from "./native-crypto";
import { ECDSA, HMAC, RSA, StampKey } from "./stamp-key";

/** What a ring is for: the guard holds public keys only, so that it cannot stamp. */
export const SIGNS: bool = true;
export const VERIFIES: bool = false;

/** RFC 2104 §3: not shorter than the digest. */
const MIN_SECRET: i32 = 32;
const MAX_SECRET: i32 = 1024;
const MAX_ID: i32 = 64;
const MAX_KEYS: i32 = 64;
/** Seconds; the year 9999. */
const MAX_TIME: i64 = 253402300799;
const NONE = new Uint8Array(0);

/** `keys`, `keysFrom`, or both. */
export function readRing(from: ObjectReader, signs: bool): KeyRing {
  const source = from.object("keysFrom");
  const ring = source === null || from.has("keys") ? readKeys(from, signs) : new KeyRing();
  if (source !== null) ring.from = readKeysFrom(source, signs);
  return ring;
}

export function readKeys(from: ObjectReader, signs: bool): KeyRing {
  const ring = new KeyRing();
  const readers = from.objects("keys");
  if (from.has("keys") && readers.length == 0) from.fail("keys", "must hold at least one key");
  if (readers.length > MAX_KEYS) from.fail("keys", "must hold at most 64 keys");
  for (let i = 0; i < min(readers.length, MAX_KEYS); i++) {
    const key = readKey(readers[i], signs);
    if (key !== null && !ring.add(key)) readers[i].fail("id", "stands twice");
  }
  return ring;
}

function readKey(reader: ObjectReader, signs: bool): StampKey | null {
  const id = reader.text("id");
  if (!isToken(id, MAX_ID)) reader.fail("id", "must be 1 to 64 token characters");
  const notBefore = reader.integer("notBefore", 0, 0, MAX_TIME);
  const notAfter = reader.integer("notAfter", MAX_TIME, 0, MAX_TIME);
  if (notAfter < notBefore) reader.fail("notAfter", "must not be before notBefore");
  const algorithm = reader.text("algorithm", HMAC);
  let key: StampKey | null = null;
  if (algorithm == HMAC) {
    const secret = readSecret(reader);
    if (secret !== null) key = new StampKey(id, HMAC, new HmacKey(secret), NONE, notBefore, notAfter);
  } else if (algorithm == ECDSA || algorithm == RSA) {
    if (!signs && (reader.has("privateKey") || reader.has("privateKeyEnv"))) {
      reader.fail("privateKey", "must not be here: a guard verifies with publicKey alone");
    }
    const der = signs ? readPrivateKey(reader, algorithm) : readPublicKey(reader, algorithm);
    if (der !== null) key = new StampKey(id, algorithm, null, der, notBefore, notAfter);
  } else reader.fail("algorithm", "must be hmac-sha256, ecdsa-p256-sha256 or rsa-v1_5-sha256");
  reader.finish();
  return key;
}

function readSecret(reader: ObjectReader): Uint8Array | null {
  const text = material(reader, "secret");
  if (text === null) return null;
  const secret = decodeBase64(text, 0, text.length, URL_SAFE);
  if (secret !== null && secret.length >= MIN_SECRET && secret.length <= MAX_SECRET) return secret;
  reader.fail("secret", "must be base64url without padding of 32 to 1024 bytes");
  return null;
}

function readPublicKey(reader: ObjectReader, algorithm: string): Uint8Array | null {
  const text = material(reader, "publicKey");
  if (text === null) return null;
  const der = decodeBase64(text, 0, text.length, STANDARD);
  if (der !== null && isKeyOf(der, algorithm == ECDSA) && readsPublicKey(der)) return der;
  reader.fail("publicKey", "must be base64 of the SPKI of a key of the algorithm: P-256, or RSA of 2048 to 4096 bits");
  return null;
}

function readPrivateKey(reader: ObjectReader, algorithm: string): Uint8Array | null {
  const text = material(reader, "privateKey");
  if (text === null) return null;
  const der = decodeBase64(text, 0, text.length, STANDARD);
  if (der !== null && isPrivateKeyOf(der, algorithm == ECDSA) && nativeSign(der, NONE) !== null) return der;
  reader.fail(
    "privateKey",
    "must be base64 of the PKCS#8 of a key of the algorithm: P-256, or RSA of 2048 to 4096 bits",
  );
  return null;
}

/** The text of `name`, or of the environment variable that `<name>Env` names; null with a problem. */
function material(reader: ObjectReader, name: string): Uint8Array | null {
  const fromEnvironment = name + "Env";
  if (!reader.has(fromEnvironment)) {
    const problems = reader.problems.list.length;
    const text = reader.text(name);
    return reader.problems.list.length > problems ? null : bytesOf(text);
  }
  if (reader.has(name)) reader.fail(name, "must not stand beside the name of a variable");
  const value = variable(reader.text(fromEnvironment));
  if (value === null) reader.fail(fromEnvironment, "must name a variable of vm_config.environment_variables");
  return value;
}
