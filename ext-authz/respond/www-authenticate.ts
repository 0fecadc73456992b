/**
 * The challenge of RFC 6750 §3, with Envoy jwt_authn's realm. The realm quotes what the client sent, so it is written
 * in a closed alphabet: nothing of it can end the quoted string or the header. Pure.
 */
import type { Deny, RequestModel } from "../model.ts";
import type { DenyReason } from "../result.ts";

const MAX_PATH = 256;

/** `scheme://host/path?query` with the path cut to 256 characters, as Envoy's jwt_authn; "" for TCP. */
export function realmOf(request: RequestModel): string {
  if (request.protocol === "tcp") return "";
  const target = request.query === "" ? request.path : `${request.path}?${request.query}`;
  return `${request.scheme || "http"}://${request.host ?? ""}${target.slice(0, MAX_PATH)}`;
}

/** RFC 9449 §7.1: a client whose proof failed is told so by the scheme that it must use. */
const PROOF_ERRORS: ReadonlyMap<DenyReason, string> = new Map([
  ["token_proof_missing", "invalid_token"],
  ["token_proof_invalid", "invalid_dpop_proof"],
  ["token_proof_replayed", "invalid_dpop_proof"],
]);
const PROOF_ALGORITHMS = "ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256 RS384 RS512";

/** Undefined where no challenge belongs: a denial by policy of a request that showed no token. */
export function challenge(status: number, deny: Deny): string | undefined {
  const proof = PROOF_ERRORS.get(deny.refusal.code);
  if (proof !== undefined) return `DPoP error="${proof}", realm="${quotable(deny.realm)}", algs="${PROOF_ALGORITHMS}"`;
  const realm = `Bearer realm="${quotable(deny.realm)}"`;
  if (status === 401) return deny.invalidToken ? `${realm}, error="invalid_token"` : realm;
  if (deny.invalidToken) return `${realm}, error="invalid_token"`;
  return deny.principal === "" ? undefined : `${realm}, error="insufficient_scope"`;
}

/** RFC 9110 §5.6.4 quoted-string, narrowed: `"`, `\` and everything outside visible ASCII become escapes. */
function quotable(text: string): string {
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code > 0x20 && code < 0x7f && char !== '"' && char !== "\\") out += char;
    else
      for (const byte of new TextEncoder().encode(char)) out += `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return out;
}
