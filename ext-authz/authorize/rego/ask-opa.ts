/**
 * Asks an OPA server over its REST API. In: URL, body, limits. Out: `result` of the answer, or why there is none.
 * Effect: one HTTP request; no redirect is followed, the answer's size and time are bounded.
 * Source: OPA REST API "Get a Document (with Input)". Without a value for the rule, OPA answers `{}`.
 */
import { err, ok, type Result } from "../../result.ts";
import type { AskOpa } from "../access-policy-consult.ts";

const MAX_ANSWER_BYTES = 64 * 1024;

export const askOpaServer: AskOpa = async (url, body, { timeoutMs, signal }) => {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return err(`OPA answered ${response.status}`);
    }
    const text = await readBounded(response);
    return text.ok ? resultOf(text.value) : text;
  } catch {
    return err("OPA could not be asked");
  }
};

async function readBounded(response: Response): Promise<Result<string, string>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) return err("OPA's answer is too long");
    parts.push(part);
  }
  return ok(Buffer.concat(parts).toString("utf8"));
}

function resultOf(text: string): Result<unknown, string> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return err("OPA's answer is no object");
  const result: unknown = Object.getOwnPropertyDescriptor(value, "result")?.value;
  return ok(result);
}
