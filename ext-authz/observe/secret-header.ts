/**
 * Which headers never show their value in a log, a record or an explanation, whoever reads them. In: a lower-case name.
 * Pure. Their presence may be told, their content not (DESIGN §6.6).
 */

const SECRET: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "dpop",
  "proxy-authorization",
  "set-cookie",
  "signature",
  "txn-token",
  "x-api-key",
]);

export const MASKED = "[masked]";

/** Names that speak of a credential count too: a header that is wrongly masked costs a look, one that is shown a key. */
export function isSecretHeader(name: string): boolean {
  return SECRET.has(name) || /(?:token|secret|password|credential|assertion|api-?key|auth-?key)/.test(name);
}
