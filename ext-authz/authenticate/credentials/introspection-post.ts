/**
 * Asks one authorization server about one token over HTTP or HTTPS (RFC 7662 §2.1). In: URL, credentials, form, bounds, a
 * signal. Out: the text of a 200, or why there is none. Effects: DNS and a connection, kept open for the next question. No
 * redirect is followed (it would carry token and secret elsewhere), nothing compressed is taken, the size is bounded while
 * reading, and link-local and metadata addresses are refused as they are for keys.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { err, ok, type Result } from "../../result.ts";
import { type ConnectionBounds, lookupOf, readTarget, rootsOf } from "../guarded-connection.ts";

export interface IntrospectionRequest {
  readonly url: string;
  /** The `authorization` header: the client's own credentials. */
  readonly authorization: string;
  /** `application/x-www-form-urlencoded`. */
  readonly body: string;
  readonly maxBytes: number;
  /** Ends the exchange at any point. */
  readonly signal: AbortSignal;
}

/** Never rejects. The error is for logs: it holds nothing of what was sent or received. */
export type IntrospectionPost = (request: IntrospectionRequest) => Promise<Result<string, string>>;

const CONNECTIONS = { keepAlive: true, maxSockets: 64, maxFreeSockets: 8, timeout: 30_000 };

export function createIntrospectionPost(bounds: ConnectionBounds): IntrospectionPost {
  const http = new HttpAgent(CONNECTIONS);
  const https = new HttpsAgent({ ...CONNECTIONS, ...rootsOf(bounds) });

  function post(request: IntrospectionRequest, url: URL, isRetry: boolean): Promise<Result<string, string>> {
    return new Promise((resolve) => {
      const isHttps = url.protocol === "https:";
      const outgoing = (isHttps ? httpsRequest : httpRequest)(url, {
        method: "POST",
        agent: isHttps ? https : http,
        ...lookupOf(bounds),
        signal: request.signal,
        headers: {
          accept: "application/json",
          "accept-encoding": "identity",
          authorization: request.authorization,
          "content-type": "application/x-www-form-urlencoded",
          "content-length": Buffer.byteLength(request.body),
        },
      });
      outgoing.on("error", (cause) => {
        // The server closed an idle connection while we wrote on it. Asking twice changes nothing there.
        if (outgoing.reusedSocket && !isRetry && codeOf(cause) === "ECONNRESET") resolve(post(request, url, true));
        else resolve(err(codeOf(cause)));
      });
      outgoing.on("response", (response) => {
        void readAnswer(response, request.maxBytes).then((answer) => {
          if (!answer.ok) outgoing.destroy();
          resolve(answer);
        });
      });
      outgoing.end(request.body);
    });
  }

  return async (request) => {
    const url = readTarget(request.url, bounds.allowPrivateAddresses);
    return url.ok ? post(request, url.value, false) : url;
  };
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<Result<string, string>> {
  if (response.statusCode !== 200) return err(`status ${response.statusCode ?? 0}`);
  if ((response.headers["content-encoding"] ?? "identity") !== "identity") return err("compressed");
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > maxBytes) return err("too large");
      chunks.push(bytes);
    }
    if (!response.complete) return err("cut off");
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (cause) {
    return err(codeOf(cause));
  }
}

/** The code or the name of a network error: no message, which may quote what was sent. */
function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "failed";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}
