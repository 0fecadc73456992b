/**
 * In: the text of an inline JWKS. Out: reports of what makes it useless, and a warning for private keys. Pure.
 * Which keys can verify what is found out later, where tokens are checked (RFC 7517 §5).
 */
import type { Report } from "./field-path.ts";

/** Members of RFC 7518 §6 that only private keys have. */
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth"];

export function checkJwks(text: string, report: Report): void {
  const set = parse(text);
  if (set === undefined) {
    report([], "is not a JSON object", "paste the key set as it is, in quotes or after `|`");
    return;
  }
  const keys: unknown = Object.hasOwn(set, "keys") ? set["keys"] : [set];
  if (!Array.isArray(keys)) {
    report([], "`keys` is not a list");
    return;
  }
  for (const [index, key] of keys.entries()) {
    if (!isRecord(key) || typeof key["kty"] !== "string") report([], `key ${index} has no \`kty\``);
    else if (key["kty"] !== "oct" && PRIVATE.some((member) => Object.hasOwn(key, member))) {
      report([], `key ${index} is a private key`, "publish only the public part", "warning");
    }
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
