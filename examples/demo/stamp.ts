/**
 * Makes a stamp with another time (RFC 9421, hmac-sha256), to show that a good key is not enough. In: a recorded stamp,
 * its request, the key. Out: the two header values. Independent of the filter: the signature base is built here again.
 */
import { createHmac } from "node:crypto";

export interface Stamped {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly authority: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

const LABEL = "countersign=";

/** @param shift seconds that `created` and `expires` move by; 0 gives the same stamp anew. */
export function restamp(request: Stamped, secret: string, shift: number): Record<string, string> {
  const input = request.headers["signature-input"] ?? "";
  if (!input.startsWith(LABEL)) throw new Error("the request carries no stamp of ours");
  const parameters = input
    .slice(LABEL.length)
    .replace(/;(created|expires)=(\d{1,12})/g, (_, name: string, time: string) => `;${name}=${Number(time) + shift}`);
  const list = /^\(([^()]{0,500})\)/.exec(parameters)?.[1] ?? "";
  const lines = list.split(" ").map((quoted) => `${quoted}: ${component(request, quoted.slice(1, -1))}`);
  const base = `${lines.join("\n")}\n"@signature-params": ${parameters}`;
  const signature = createHmac("sha256", Buffer.from(secret, "base64url")).update(base).digest("base64");
  return { "signature-input": `${LABEL}${parameters}`, signature: `${LABEL}:${signature}:` };
}

function component({ method, target, authority, headers }: Stamped, name: string): string {
  const mark = target.indexOf("?");
  switch (name) {
    case "@method":
      return method;
    case "@authority":
      return authority.toLowerCase();
    case "@path":
      return mark < 0 ? target : target.slice(0, mark);
    case "@query":
      return mark < 0 ? "?" : target.slice(mark);
    default:
      return headers[name] ?? "";
  }
}
