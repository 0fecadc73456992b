/**
 * Whether a DPoP proof's `htu` is the target of a request (RFC 9449 §4.3 check 9): without query and fragment, after the
 * normalization of RFC 3986 §6.2.2 and §6.2.3. In: two absolute URIs. Out: yes or no. Pure.
 */

const MAX_LENGTH = 8192;

export function isSameTarget(htu: string, seen: string): boolean {
  const claimed = normalize(htu);
  return claimed !== undefined && claimed === normalize(seen);
}

function normalize(uri: string): string | undefined {
  // The URL parser mends spaces, tabs and backslashes; a proof that needs mending was not made for this request.
  if (uri.length > MAX_LENGTH || !/^https?:\/\/[^/\s\\?#@]/i.test(uri) || hasMendable(uri) || !URL.canParse(uri)) {
    return undefined;
  }
  const { protocol, username, password, host, pathname } = new URL(uri);
  if (username !== "" || password !== "") return undefined;
  return `${protocol}//${host}${pathname.replace(/%[0-9A-Fa-f]{2}/g, normalizeEscape)}`;
}

function hasMendable(uri: string): boolean {
  for (let at = 0; at < uri.length; at++) {
    const code = uri.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f || code === 0x5c) return true;
  }
  return false;
}

/** An escaped unreserved character is that character; all other escapes are told apart from what they stand for. */
function normalizeEscape(octet: string): string {
  const char = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(char) ? char : octet.toUpperCase();
}
