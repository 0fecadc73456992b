/**
 * Fetches one JSON document over HTTP or HTTPS. In: URL, bounds, a signal. Out: the text, "unchanged", or why not. Effects:
 * DNS and one connection. No redirect is followed, nothing compressed is taken, the size is bounded while reading, and the
 * address that was checked is the one that is connected to: no second look-up can answer differently.
 */
import { lookup as dnsLookup } from "node:dns";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { rootCertificates } from "node:tls";
import { err, ok, type Result } from "../result.ts";
import { isBlockedAddress } from "./blocked-address.ts";
import type { JwksAnswer, JwksFetch, JwksRequest } from "./jwks-answer.ts";

export interface JwksFetchOptions {
  /** PEM certificates to trust besides the built-in ones; "" = none. */
  readonly caPem: string;
  /** Lets link-local and metadata addresses through (tests). */
  readonly allowPrivateAddresses: boolean;
}

export function createJwksFetch(options: JwksFetchOptions): JwksFetch {
  const ca = options.caPem === "" ? undefined : [...rootCertificates, options.caPem];
  return (request) =>
    new Promise((resolve) => {
      const url = readUrl(request.url, options.allowPrivateAddresses);
      if (!url.ok) return resolve(url);
      const start = url.value.protocol === "https:" ? httpsRequest : httpRequest;
      const outgoing = start(url.value, {
        agent: false,
        headers: { accept: "application/json", "accept-encoding": "identity", ...ifNoneMatch(request.etag) },
        lookup: options.allowPrivateAddresses ? undefined : guardedLookup,
        signal: request.signal,
        ...(ca === undefined ? {} : { ca }),
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

function readUrl(text: string, allowPrivate: boolean): Result<URL, string> {
  if (!URL.canParse(text)) return err("not a URL");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return err("neither http nor https");
  if (url.username !== "" || url.password !== "") return err("credentials in the URL");
  // node never looks up a literal address, so the guard below would not see it.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowPrivate && isIP(host) !== 0 && isBlockedAddress(host)) return err("link-local or metadata address");
  return ok(url);
}

function ifNoneMatch(etag: string): Readonly<Record<string, string>> {
  return etag === "" ? {} : { "if-none-match": etag };
}

/** One blocked address among several refuses the name: which one is connected to is not ours to choose. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
    const first = addresses?.[0];
    if (error !== null) return callback(error, "", 0);
    if (first === undefined || addresses.some(({ address }) => isBlockedAddress(address))) {
      return callback(new Error("link-local or metadata address"), "", 0);
    }
    if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

async function readAnswer(response: IncomingMessage, request: JwksRequest): Promise<Result<JwksAnswer, string>> {
  const status = response.statusCode ?? 0;
  if (status === 304 && request.etag !== "") return ok({ kind: "unchanged" });
  if (status >= 300 && status < 400) return err(`status ${status}: redirects are not followed`);
  if (status !== 200) return err(`status ${status}`);
  if ((response.headers["content-encoding"] ?? "identity") !== "identity") return err("compressed");
  const bytes = await readBounded(response, request.maxBytes);
  if (!bytes.ok) return bytes;
  const text = decodeUtf8(bytes.value);
  if (text === undefined) return err("not UTF-8");
  return ok({ kind: "document", text, etag: response.headers.etag ?? "" });
}

async function readBounded(response: IncomingMessage, maxBytes: number): Promise<Result<Buffer, string>> {
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
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return "failed";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message.slice(0, 200);
}
