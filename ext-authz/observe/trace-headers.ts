/**
 * Headers for the collector, as an operator writes them into a file: `name: value` lines, `#` for comments. In: the text. Out:
 * the headers, or which line is wrong. No message quotes a line: it may hold a secret. Pure.
 */
import { err, ok, type Result } from "../result.ts";

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const VALUE = /^[\x20-\x7e]{0,8192}$/;
/** Ours, or the connection's. */
const TAKEN: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function readTraceHeaders(text: string): Result<Readonly<Record<string, string>>, string> {
  const headers = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const wrong = !NAME.test(name) ? "is no `name: value`" : TAKEN.has(name) ? `sets ${name}, which is ours` : "";
    if (wrong !== "" || !VALUE.test(value))
      return err(`line ${index + 1} ${wrong === "" ? "has bytes that no header can hold" : wrong}`);
    headers.set(name, value);
  }
  return ok(Object.fromEntries(headers));
}
