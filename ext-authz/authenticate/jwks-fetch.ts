/**
 * Fetches one JSON document over HTTP or HTTPS. In: URL, bounds, a signal. Out: the text, "unchanged", or why not. Effects:
 * DNS and one connection, guarded before and after the look-up. No redirect is followed, nothing compressed is taken, the
 * size is bounded while reading.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { err, ok, type Result } from "../result.ts";
import { freshSecondsOf } from "./cache-lifetime.ts";
import { type ConnectionBounds, lookupOf, readTarget, rootsOf } from "./guarded-connection.ts";
import type { JwksAnswer, JwksFetch, JwksRequest } from "./jwks-answer.ts";

/** @throws when the CA bundle cannot be read. */
export function createJwksFetch(bounds: ConnectionBounds): JwksFetch {
  const connection = { agent: false, ...lookupOf(bounds), ...rootsOf(bounds) } as const;
  return async (request) => {
    const url = readTarget(request.url, bounds.allowPrivateAddresses);
    if (!url.ok) return url;
    return exchange(url.value, request, connection).catch((cause: unknown) => err(describe(cause)));
  };
}

function exchange(
  url: URL,
  request: JwksRequest,
  connection: Parameters<typeof httpsRequest>[1],
): Promise<Result<JwksAnswer, string>> {
  return new Promise((resolve) => {
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = start(url, {
      ...connection,
      headers: { accept: "application/json", "accept-encoding": "identity", ...conditional(request) },
      signal: request.signal,
    });
    outgoing.on("error", (cause) => resolve(err(describe(cause))));
    outgoing.on("response", (response) => {
      void readAnswer(response, request).then((answer) => {
        resolve(answer);
        outgoing.destroy();
      });
    });
    outgoing.end();
  });
}

function conditional({ etag, traceparent }: JwksRequest): Readonly<Record<string, string>> {
  return { ...(etag !== "" && { "if-none-match": etag }), ...(traceparent !== undefined && { traceparent }) };
}

async function readAnswer(response: IncomingMessage, request: JwksRequest): Promise<Result<JwksAnswer, string>> {
  const status = response.statusCode ?? 0;
  const fresh = freshSecondsOf(response.headers["cache-control"], response.headers.age);
  const freshness = fresh === undefined ? {} : { freshSeconds: fresh };
  if (status === 304 && request.etag !== "") return ok({ kind: "unchanged", ...freshness });
  if (status >= 300 && status < 400) return err(`status ${status}: redirects are not followed`);
  if (status !== 200) return err(`status ${status}`);
  if ((response.headers["content-encoding"] ?? "identity") !== "identity") return err("compressed");
  const bytes = await readBounded(response, request.maxBytes);
  if (!bytes.ok) return bytes;
  const text = decodeUtf8(bytes.value);
  if (text === undefined) return err("not UTF-8");
  return ok({ kind: "document", text, etag: readEtag(response.headers.etag), ...freshness });
}

/** RFC 9110 §8.8.3. Only what can be sent back: an odd one would make every later request fail. */
function readEtag(etag: string | undefined): string {
  return etag !== undefined && /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? etag : "";
}

/** At most `maxBytes`, and only what came whole. Never rejects. */
export async function readBounded(response: IncomingMessage, maxBytes: number): Promise<Result<Buffer, string>> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > maxBytes) return err("too large");
      chunks.push(bytes);
    }
  } catch (cause) {
    return err(describe(cause));
  }
  return response.complete ? ok(Buffer.concat(chunks)) : err("cut off");
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The code or the message of a network error: neither holds what was sent or received. */
export function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return "failed";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message.slice(0, 200);
}
