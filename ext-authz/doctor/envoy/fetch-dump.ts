/**
 * Asks a running Envoy for its configuration. In: an http(s) URL that the operator named. Out: the dump's text, or why
 * there is none. Effects: one GET through the given function. Redirects are not followed; size and time are bounded.
 */
import { err, ok, type Result } from "../../result.ts";
import { MAX_TEXT } from "./read-config.ts";

export type Fetch = (url: string, init: { redirect: "manual"; signal: AbortSignal }) => Promise<Response>;

const TIMEOUT_MS = 10_000;

/** The address as it may be printed: without credentials and query. Undefined when it is no http(s) URL. */
export function dumpAddress(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    return undefined;
  if (url.pathname === "/") url.pathname = "/config_dump";
  return url;
}

export async function fetchDump(url: URL, get: Fetch): Promise<Result<string, string>> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await get(url.href, { redirect: "manual", signal });
    if (answer.status !== 200 || answer.body === null) return err(`answered ${answer.status}`);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const parts: string[] = [];
    let length = 0;
    for await (const chunk of answer.body) {
      length += chunk.byteLength;
      if (length > MAX_TEXT) return err(`the answer is larger than ${MAX_TEXT} bytes`);
      parts.push(decoder.decode(chunk, { stream: true }));
    }
    return ok(parts.join("") + decoder.decode());
  } catch (error) {
    if (signal.aborted) return err(`no whole answer within ${TIMEOUT_MS} ms`);
    return err(error instanceof TypeError ? "no connection, or not UTF-8" : "the connection broke");
  }
}
