/**
 * Makes a stamp. In come the request as it leaves, the key, the times and a nonce; out go the two header members, written
 * behind what their fields hold already. False when the request cannot be signed. No effects but a native key's host call.
 * The members of responses are written by the same means.
 */
import { writeBase64 } from "./base64";
import { ByteWriter } from "./byte-writer";
import { signatureBase } from "./signature-base";
import { SignedMessage } from "./signed-message";
import { LABEL } from "./stamp-fields";
import { StampKey } from "./stamp-key";

/** `message` must hold the fields among `components`. Times in seconds. */
export function makeStamp(
  message: SignedMessage,
  components: string[],
  key: StampKey,
  created: i64,
  expires: i64,
  nonce: Uint8Array,
  input: ByteWriter,
  signature: ByteWriter,
): bool {
  const start = startMember(input);
  for (let i = 0; i < components.length; i++) {
    input.text(i == 0 ? '("' : '" "');
    input.text(components[i]);
  }
  input.text('")');
  writeParameters(input, key, created, expires, nonce, LABEL);
  const base = signatureBase(message, components, input.view(start));
  return base !== null && writeSignature(signature, key, base);
}

/** The label; where the member's value starts. */
export function startMember(out: ByteWriter): i32 {
  out.text(LABEL);
  out.byte(0x3d);
  return out.length;
}

/** Behind the list of components. Times in seconds. */
export function writeParameters(
  out: ByteWriter,
  key: StampKey,
  created: i64,
  expires: i64,
  nonce: Uint8Array,
  tag: string,
): void {
  out.text(";created=");
  out.decimal(created);
  out.text(";expires=");
  out.decimal(expires);
  out.text(';nonce="');
  writeBase64(out, nonce);
  out.text('";keyid="');
  out.text(key.id);
  out.text('";alg="');
  out.text(key.algorithm);
  out.text('";tag="');
  out.text(tag);
  out.byte(0x22);
}

/** The member of Signature; false when the host would not sign. */
export function writeSignature(out: ByteWriter, key: StampKey, base: Uint8Array): bool {
  const bytes = key.sign(base);
  if (bytes === null) return false;
  startMember(out);
  out.byte(0x3a);
  writeBase64(out, bytes);
  out.byte(0x3a);
  return true;
}
