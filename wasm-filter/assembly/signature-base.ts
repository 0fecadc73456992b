/**
 * The signature base of RFC 9421 §2.5. In come a message, the names of the covered components and the serialised signature
 * parameters, out go the bytes to sign. No effects; the bytes are good until the next base is made.
 */
import { ByteWriter } from "./byte-writer";
import { breaksLine, SignedMessage } from "./signed-message";

/** One for the VM: a base is made and used up within one callback. */
const BASE = new ByteWriter();

/** Null when a component is missing, named twice, or holds a byte that would forge a line. */
export function signatureBase(message: SignedMessage, components: string[], parameters: Uint8Array): Uint8Array | null {
  const out = BASE;
  out.clear();
  for (let i = 0; i < components.length; i++) {
    const name = components[i];
    if (components.indexOf(name) != i) return null;
    out.byte(0x22);
    out.text(name);
    out.text('": ');
    const start = out.length;
    if (!message.write(name, out) || holdsBreak(out, start)) return null;
    out.byte(0x0a);
  }
  out.text('"@signature-params": ');
  const start = out.length;
  out.bytes(parameters);
  return holdsBreak(out, start) ? null : out.view();
}

function holdsBreak(out: ByteWriter, from: i32): bool {
  return breaksLine(out.start + from, out.length - from);
}
