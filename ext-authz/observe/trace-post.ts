/**
 * One POST to an OTLP/HTTP collector. In: where, further headers, the text. Out: whether it was taken. Effects: one connection,
 * kept for the next; bounded in time, no redirect followed, the answer's body thrown away.
 */
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { PostOutcome } from "./trace-export.ts";

export interface Collector {
  /** The whole URL, as `http://collector:4318/v1/traces`. */
  readonly endpoint: string;
  /** May hold a secret. */
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 5_000;
const MAX_ANSWER = 65_536;
/** OTLP 1.x, "Failures": these may be tried again. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const CONNECTION = { keepAlive: true, maxSockets: 1, timeout: 30_000 };

/** The function never rejects. @throws when the endpoint is no URL. */
export function createTracePost({ endpoint, headers }: Collector): (text: string) => Promise<PostOutcome> {
  const url = new URL(endpoint);
  const secure = url.protocol === "https:";
  const agent = secure ? new HttpsAgent(CONNECTION) : new HttpAgent(CONNECTION);
  const start = secure ? httpsRequest : httpRequest;
  return (text) =>
    new Promise((resolve) => {
      const outgoing = start(url, {
        method: "POST",
        agent,
        headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      outgoing.on("error", () => resolve("again"));
      outgoing.on("response", (response) => {
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_ANSWER) response.destroy();
        });
        response.on("error", () => {});
        const status = response.statusCode ?? 0;
        resolve(status >= 200 && status < 300 ? "taken" : RETRYABLE.has(status) ? "again" : "refused");
      });
      outgoing.end(text);
    });
}
