/**
 * Protobuf as text: every character is one byte. What is written is short and mostly ASCII, so that joining texts and making
 * bytes of the whole once costs less than writing each part into a buffer; and a part that never changes is a constant. Pure.
 *
 * Source: protobuf.dev/programming-guides/encoding.
 */

/** Characters up to U+00FF, each one byte. */
export type ByteText = string;

/** As UTF-8. A lone surrogate becomes U+FFFD. */
export function utf8(text: string): ByteText {
  // As many bytes as characters: ASCII.
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text, "utf8").toString("latin1");
}

const SHORT: readonly ByteText[] = Array.from({ length: 0x800 }, (_, value) => written(value));

/** @param value a whole number ≥ 0, below 2^32 */
export function varint(value: number): ByteText {
  return SHORT[value] ?? written(value);
}

function written(value: number): ByteText {
  let text = "";
  let rest = value >>> 0;
  for (; rest >= 0x80; rest >>>= 7) text += String.fromCharCode((rest & 0x7f) | 0x80);
  return text + String.fromCharCode(rest);
}

/** @param tag one character: field number below 16, wire type 2 */
export function delimited(tag: ByteText, content: ByteText): ByteText {
  return tag + varint(content.length) + content;
}
