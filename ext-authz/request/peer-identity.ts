/**
 * The peer's workload identity as policies name it. In comes Envoy's `source.principal`, out goes `td/ns/x/sa/y`,
 * nothing, or a refusal. Pure.
 */
import { err, ok, type Refusal, type Result } from "../result.ts";

const SCHEME = "spiffe://";
const MAX_LENGTH = 2048; // SPIFFE-ID §2.3
const NONE = ok(undefined);

/**
 * Envoy puts the first URI SAN here, else the first DNS SAN, else the subject. Only a SPIFFE URI is an identity: a DNS
 * SAN may be spelled like one. Control bytes are refused: a NUL in a SAN has split identities before (CVE-2025-66220).
 */
export function peerIdentity(principal: string): Result<string | undefined, Refusal<"identity_malformed">> {
  if (!principal.startsWith(SCHEME)) return NONE;
  if (principal.length > MAX_LENGTH || hasControlByte(principal)) {
    return err({
      code: "identity_malformed",
      text: "RBAC: access denied",
      detail: "the peer's SPIFFE id is malformed",
    });
  }
  return ok(principal.slice(SCHEME.length));
}

function hasControlByte(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
