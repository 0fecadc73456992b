/**
 * `x-forwarded-client-cert` as Envoy writes it: elements between commas, `key=value` between semicolons, values quoted where
 * they hold one of `,;="`. In: the header's lines, how many trusted hops added elements behind the client's. Out: the
 * thumbprint of the client's certificate. Strict and linear: one thing out of order and there is no certificate at all,
 * since a lenient reader is how a name in a certificate becomes an element of its own. Pure.
 */
import { certificateThumbprint } from "./certificate-thumbprint.ts";

type Element = ReadonlyMap<string, readonly string[]>;

const MAX_LENGTH = 65_536;
const MAX_ELEMENTS = 32;
/** All that Envoy writes; URI, DNS and By may stand several times. */
const KEYS: ReadonlySet<string> = new Set(["by", "hash", "cert", "chain", "subject", "uri", "dns"]);

export function forwardedThumbprint(lines: readonly string[], trustedHops: number): string | undefined {
  const elements = parseElements(lines.join(","));
  const element = elements?.[elements.length - 1 - trustedHops];
  return element === undefined ? undefined : thumbprintOf(element);
}

/** `Hash` is the thumbprint in hex. A `Cert` beside it must be that very certificate. */
function thumbprintOf(element: Element): string | undefined {
  const hashes = element.get("hash") ?? [];
  const certificates = element.get("cert") ?? [];
  if (hashes.length + certificates.length === 0 || hashes.length > 1 || certificates.length > 1) return undefined;
  const [hash] = hashes;
  const [certificate] = certificates;
  if (hash !== undefined && !/^[0-9a-fA-F]{64}$/.test(hash)) return undefined;
  const named = hash === undefined ? undefined : Buffer.from(hash, "hex").toString("base64url");
  if (certificate === undefined) return named;
  const computed = certificateThumbprint(decodePem(certificate));
  return named === undefined || named === computed ? computed : undefined;
}

function decodePem(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return "";
  }
}

function parseElements(text: string): readonly Element[] | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const elements: Element[] = [];
  for (let at = 0; ; at++) {
    const element = new Map<string, string[]>();
    for (; ; at++) {
      const equal = text.indexOf("=", at);
      const key = text.slice(at, Math.max(equal, at)).trim().toLowerCase();
      if (!KEYS.has(key)) return undefined;
      const value = readValue(text, equal + 1);
      if (value === undefined) return undefined;
      element.set(key, [...(element.get(key) ?? []), value.text]);
      at = value.end;
      if (text[at] !== ";") break;
    }
    elements.push(element);
    if (elements.length > MAX_ELEMENTS) return undefined;
    if (at === text.length) return elements;
    if (text[at] !== ",") return undefined;
  }
}

/** `end` stands on the separator behind the value, or at the end of the text. */
function readValue(text: string, start: number): { readonly text: string; readonly end: number } | undefined {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && text[end] !== "," && text[end] !== ";") {
      if (text[end] === '"' || text[end] === "=") return undefined;
      end++;
    }
    return { text: text.slice(start, end), end };
  }
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return { text: value, end: at + 1 };
    if (text[at] === "\\") at++;
    value += text[at] ?? "";
  }
  return undefined;
}
