/**
 * Base64url as RFC 7515 §2 writes it: no padding, no white space, no `+` or `/`, no bits left over. In: text. Out: bytes,
 * or undefined. A lenient decoder gives one signature many spellings, and caches, logs and revocation lists only know one.
 */

export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
