/**
 * The peer's certificate: Envoy sends its PEM URL-encoded, the same with every request of a connection. In: that text. Out: the
 * PEM, or undefined: what does not decode is no certificate. Pure but for a memory of a few, since decoding costs more than the
 * rest of most checks; a certificate is public.
 */

/** Characters; a chain of one's own making is decoded each time. */
const MAX_REMEMBERED = 16 * 1024;
/** Of these and what they decode to: 2 MiB at the most. */
const MAX_CERTIFICATES = 64;

const known = new Map<string, string | undefined>();

export function decodeCertificate(encoded: string): string | undefined {
  if (encoded === "") return undefined;
  const remembered = known.get(encoded);
  if (remembered !== undefined) return remembered;
  const pem = decode(encoded);
  if (encoded.length <= MAX_REMEMBERED) remember(encoded, pem);
  return pem;
}

function remember(encoded: string, pem: string | undefined): void {
  const oldest = known.size >= MAX_CERTIFICATES ? known.keys().next().value : undefined;
  if (oldest !== undefined) known.delete(oldest);
  // A copy: a slice of a message would keep all of it, with its token.
  const copy = Buffer.from(encoded, "utf8").toString("utf8");
  if (copy === encoded) known.set(copy, pem);
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
