/**
 * Reads `keys` of a plugin configuration. In comes the object that holds them, out goes a ring; problems name the field
 * and never quote a secret. No effects.
 */
import { bytesOf, isTokenChar } from "./ascii";
import { decodeBase64, URL_SAFE } from "./base64";
import { ObjectReader } from "./configuration-reader";
import { HmacKey } from "./hmac-sha256";
import { KeyRing, StampKey } from "./key-ring";

/** RFC 2104 §3: not shorter than the digest. */
const MIN_SECRET: i32 = 32;
const MAX_SECRET: i32 = 1024;
const MAX_ID: i32 = 64;
const MAX_KEYS: i32 = 64;
/** Seconds; the year 9999. */
const MAX_TIME: i64 = 253402300799;

export function readKeys(from: ObjectReader): KeyRing {
  const ring = new KeyRing();
  const readers = from.objects("keys");
  if (from.has("keys") && readers.length == 0) from.fail("keys", "must hold at least one key");
  if (readers.length > MAX_KEYS) from.fail("keys", `must hold at most ${MAX_KEYS} keys`);
  for (let i = 0; i < readers.length; i++) {
    const reader = readers[i];
    const id = reader.text("id");
    if (!isKeyId(id)) reader.fail("id", `must be 1 to ${MAX_ID} token characters`);
    const secretText = bytesOf(reader.text("secret"));
    const secret = decodeBase64(secretText, 0, secretText.length, URL_SAFE);
    const notBefore = reader.integer("notBefore", 0, 0, MAX_TIME);
    const notAfter = reader.integer("notAfter", MAX_TIME, 0, MAX_TIME);
    if (notAfter < notBefore) reader.fail("notAfter", "must not be before notBefore");
    reader.finish();
    if (secret === null || secret.length < MIN_SECRET || secret.length > MAX_SECRET) {
      reader.fail("secret", `must be base64url without padding of ${MIN_SECRET} to ${MAX_SECRET} bytes`);
    } else if (!ring.add(new StampKey(id, new HmacKey(secret), notBefore, notAfter))) {
      reader.fail("id", "stands twice");
    }
  }
  return ring;
}

function isKeyId(id: string): bool {
  if (id.length == 0 || id.length > MAX_ID) return false;
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    if (code > 0x7e || !isTokenChar(<u8>code)) return false;
  }
  return true;
}
