/**
 * Envoy's own crypto (BoringSSL) through its foreign functions. In come a key in DER and bytes, out goes a signature or
 * whether one holds; no answer is "no". Effect: one host call. Messages: source/extensions/common/wasm/ext/{sign,verify_signature}.proto.
 */
import { callForeignFunction } from "proxy-wasm-sdk-as/assembly";
import { bytesOf } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { NativeAnswer, writeField } from "./protobuf";

const HASH = bytesOf("sha256");

/** True when the host can read the key, whatever it then says of the signature. */
export function readsPublicKey(spki: Uint8Array): bool {
  return verification(spki, HASH, HASH) !== null;
}

/** `signature` as the host wants it: DER for ECDSA, plain for RSA. */
export function nativeVerify(spki: Uint8Array, signature: Uint8Array, text: Uint8Array): bool {
  const answer = verification(spki, signature, text);
  return answer !== null && answer.flag;
}

/** Null when the host cannot sign with that PKCS#8 key. */
export function nativeSign(pkcs8: Uint8Array, text: Uint8Array): Uint8Array | null {
  const out = new ByteWriter();
  writeField(out, 1, HASH);
  writeField(out, 2, pkcs8);
  writeField(out, 3, text);
  const bytes = callForeignFunction("sign", out.take());
  if (bytes === null) return null;
  const answer = new NativeAnswer(bytes);
  return answer.flag ? answer.bytes : null;
}

function verification(spki: Uint8Array, signature: Uint8Array, text: Uint8Array): NativeAnswer | null {
  const out = new ByteWriter();
  writeField(out, 1, HASH);
  writeField(out, 2, spki);
  writeField(out, 3, signature);
  writeField(out, 4, text);
  const bytes = callForeignFunction("verify_signature", out.take());
  return bytes === null ? null : new NativeAnswer(bytes);
}
