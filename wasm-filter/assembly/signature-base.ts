/**
 * The signature base of RFC 9421 §2.5. In come a message, the names of the covered components and the serialised signature
 * parameters, out go the bytes to sign. Pure.
 */
import { ByteWriter } from "./byte-writer";
import { breaksLine, SignedMessage } from "./signed-message";

/** Null when a component is missing, named twice, or holds a byte that would forge a line. */
export function signatureBase(message: SignedMessage, components: string[], parameters: Uint8Array): Uint8Array | null {
  const out = new ByteWriter();
  for (let i = 0; i < components.length; i++) {
    const value = message.component(components[i]);
    if (value === null || breaksLine(value) || components.indexOf(components[i]) != i) return null;
    out.byte(0x22);
    out.text(components[i]);
    out.text('": ');
    out.bytes(value);
    out.byte(0x0a);
  }
  if (breaksLine(parameters)) return null;
  out.text('"@signature-params": ');
  out.bytes(parameters);
  return out.take();
}

/** `("a" "b")`, the start of the parameters. */
export function componentList(components: string[]): string {
  return components.length == 0 ? "()" : `("${components.join('" "')}")`;
}
