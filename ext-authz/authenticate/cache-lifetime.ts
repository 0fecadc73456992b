/**
 * How long an answer says that it stays fresh (RFC 9111 §4.2, §5.2.2). In: `Cache-Control` and `Age` as received. Out: seconds,
 * or undefined when nothing is said. Pure. It is a wish from outside: who asks again when is bounded elsewhere.
 */

const MAX_LENGTH = 1000;

/** What is written but cannot be read counts as stale (§4.2.1). `Expires` is not looked at. */
export function freshSecondsOf(cacheControl: string | undefined, age: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined;
  if (cacheControl.length > MAX_LENGTH) return 0;
  const directives = cacheControl.split(",").map((directive) => directive.trim().toLowerCase());
  if (directives.includes("no-store") || directives.includes("no-cache")) return 0;
  const ages = directives.filter((directive) => directive.startsWith("max-age")).map(secondsOf);
  if (ages.length === 0) return undefined;
  return Math.max(0, Math.min(...ages) - (age === undefined ? 0 : (digits(age.trim()) ?? 0)));
}

function secondsOf(directive: string): number {
  const [, value = ""] = directive.split("=", 2);
  return digits(value.replace(/^"(.*)"$/, "$1")) ?? 0;
}

function digits(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
