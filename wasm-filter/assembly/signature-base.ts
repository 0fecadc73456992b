/**
 * The signature base of RFC 9421 §2.5. In come a message, what is covered and the serialised signature parameters, out go the
 * bytes to sign. No effects; the bytes are good until the next base is made.
 */
import { bytesOf } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { Covered } from "./covered";
import { breaksLine, SignedMessage } from "./signed-message";

/** One for the VM: a base is made and used up within one callback. */
const BASE = new ByteWriter();
const LAST = bytesOf('\n"@signature-params": ');
let again: i32 = 0;

/** Null when a component is missing, named twice, or holds a byte that would forge a line. */
export function signatureBase(message: SignedMessage, covered: Covered, parameters: Uint8Array): Uint8Array | null {
  const out = BASE;
  out.clear();
  again = 0;
  if (covered.repeats) return null;
  for (let i = 0; i < covered.parts.length; i++) {
    out.bytes(covered.heads[i]);
    const start = out.length;
    if (!message.writePart(covered.parts[i], covered.names[i], out) || holdsBreak(out, start)) return null;
    if (i < covered.again) again = out.length;
  }
  out.bytes(LAST);
  const start = out.length;
  out.bytes(parameters);
  return holdsBreak(out, start) ? null : out.view();
}

/** Bytes at the start of the base that was made last that are likely to come again. */
export function comingAgain(): i32 {
  return again;
}

function holdsBreak(out: ByteWriter, from: i32): bool {
  return breaksLine(out.start + from, out.length - from);
}
