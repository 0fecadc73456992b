/**
 * Makes a stamp. In come the request as it leaves, the key, the times and a nonce; out go the two header members, written
 * behind what their fields hold already. False when the request cannot be signed. No effects but a native key's host call.
 */
import { writeBase64 } from "./base64";
import { ByteWriter } from "./byte-writer";
import { signatureBase } from "./signature-base";
import { SignedMessage } from "./signed-message";
import { coveredComponents, LABEL } from "./stamp-fields";
import { StampKey } from "./stamp-key";

/** `message` must hold the zone and, unless `token` is "", the token header. Times in seconds. */
export function makeStamp(
  message: SignedMessage,
  token: string,
  key: StampKey,
  created: i64,
  expires: i64,
  nonce: Uint8Array,
  input: ByteWriter,
  signature: ByteWriter,
): bool {
  const components = coveredComponents(token);
  input.text(LABEL);
  input.byte(0x3d);
  const start = input.length;
  for (let i = 0; i < components.length; i++) {
    input.text(i == 0 ? '("' : '" "');
    input.text(components[i]);
  }
  input.text('");created=');
  input.decimal(created);
  input.text(";expires=");
  input.decimal(expires);
  input.text(';nonce="');
  writeBase64(input, nonce);
  input.text('";keyid="');
  input.text(key.id);
  input.text('";alg="');
  input.text(key.algorithm);
  input.text('";tag="countersign"');
  const base = signatureBase(message, components, input.view(start));
  if (base === null) return false;
  const bytes = key.sign(base);
  if (bytes === null) return false;
  signature.text(LABEL);
  signature.text("=:");
  writeBase64(signature, bytes);
  signature.byte(0x3a);
  return true;
}
