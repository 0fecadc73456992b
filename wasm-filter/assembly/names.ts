/** The spelling rules of names in a plugin configuration. In comes a text, out goes whether it will do. No effects. */
import { isTokenChar } from "./ascii";

/** 1 to `most` token characters (RFC 9110 §5.6.2). */
export function isToken(text: string, most: i32): bool {
  if (text.length == 0 || text.length > most) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7e || !isTokenChar(<u8>code)) return false;
  }
  return true;
}

/** A lower-case header name (RFC 9110 §5.1), not a pseudo-header. */
export function isHeaderName(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) return false;
  }
  return isToken(text, 128);
}

/** A header name without `*`, or one followed by `*` alone. */
export function isHeaderPattern(text: string): bool {
  const name = text.endsWith("*") ? text.slice(0, text.length - 1) : text;
  return isHeaderName(name) && !name.includes("*");
}

/** A DNS label's characters: it stands in a header and in statistics. */
export function isZone(text: string): bool {
  if (text.length == 0 || text.length > 63) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = code >= 0x61 && code <= 0x7a;
    if (!letter && !(code >= 0x30 && code <= 0x39) && code != 0x2d && code != 0x5f) return false;
  }
  return true;
}

/** An absolute path; one `*` may stand at the end only. */
export function isOpenPath(text: string): bool {
  if (!text.startsWith("/") || text.includes("?") || text.includes("#")) return false;
  const star = text.indexOf("*");
  return star < 0 || star == text.length - 1;
}
