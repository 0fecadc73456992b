/**
 * Writes the members of a stamp and of a response's signature: label, parameters, signature. In come the key, the times and a
 * nonce; out go bytes behind what the fields hold already. No effects but a native key's host call.
 */
import { writeBase64 } from "./base64";
import { ByteWriter } from "./byte-writer";
import { LABEL } from "./stamp-fields";
import { StampKey } from "./stamp-key";

/** The label; where the member's value starts. */
export function startMember(out: ByteWriter): i32 {
  out.text(LABEL);
  out.byte(0x3d);
  return out.length;
}

/** Behind the list of components. `times` as `SigningTimes` writes them. */
export function writeParameters(
  out: ByteWriter,
  key: StampKey,
  times: Uint8Array,
  nonce: Uint8Array,
  tag: string,
): void {
  out.bytes(times);
  writeBase64(out, nonce);
  out.bytes(key.words);
  out.text(tag);
  out.byte(0x22);
}

/** The member of Signature; false when the host would not sign. `known` as in `StampKey.sign`. */
export function writeSignature(out: ByteWriter, key: StampKey, base: Uint8Array, known: i32): bool {
  const bytes = key.sign(base, known);
  if (bytes === null) return false;
  startMember(out);
  out.byte(0x3a);
  writeBase64(out, bytes);
  out.byte(0x3a);
  return true;
}

/** When signatures of one lifetime begin and end, written once a second. */
export class SigningTimes {
  private second: i64 = 0;
  private written: Uint8Array = new Uint8Array(0);

  /** `;created=…;expires=…;nonce="`. Both in seconds. */
  at(now: i64, lifetime: i64): Uint8Array {
    if (this.second == now) return this.written;
    const out = new ByteWriter();
    out.text(";created=");
    out.decimal(now);
    out.text(";expires=");
    out.decimal(now + lifetime);
    out.text(';nonce="');
    this.second = now;
    this.written = out.take();
    return this.written;
  }
}
