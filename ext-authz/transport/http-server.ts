/**
 * The HTTP edge for operators, probes and Envoy's fetch of the filter. Read-only; every route is a row of one table and
 * gets no more of the request than its path, but for the one that gives out stamp keys. Source: DESIGN §5 "HTTP side".
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { TLSSocket } from "node:tls";
import { readAddress, withPort } from "./address.ts";
import type { ServerTls } from "./tls.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Exact path, or a prefix that ends in `/`; the handler gets what follows the prefix. */
export type Routes = Readonly<Record<string, (rest: string) => HttpAnswer | Promise<HttpAnswer>>>;

export interface HttpServer {
  readonly address: string;
  stop(): Promise<void>;
}

const NOT_FOUND: HttpAnswer = { status: 404, contentType: "text/plain", body: "not found\n" };
const NOT_ALLOWED: HttpAnswer = {
  status: 405,
  contentType: "text/plain",
  body: "GET only\n",
  headers: { allow: "GET" },
};
const FAILED: HttpAnswer = { status: 500, contentType: "text/plain", body: "internal error\n" };

const FORBIDDEN: HttpAnswer = { status: 403, contentType: "text/plain", body: "a client certificate is needed\n" };

/** What every prober may ask: kubelet has no certificate. */
const OPEN_TO_ALL = new Set(["/healthz", "/readyz"]);

/**
 * @param answer for GET and HEAD, by path without its query
 * @param tls none = plaintext; Unix sockets are always plaintext
 * @throws when the address cannot be bound.
 */
export async function startHttpServer(
  address: string,
  answer: AnsweringAll,
  onError: (cause: unknown) => void,
  tls?: ServerTls,
): Promise<HttpServer> {
  const parts = readAddress(address);
  const secure = parts.unix === undefined ? tls : undefined;
  const { server, endRenewals } = createWith(secure, (request, response) => {
    request.resume();
    Promise.resolve()
      .then(() => judge(request, secure) ?? answer(pathOf(request), asked(request)))
      .catch((cause: unknown) => {
        onError(cause);
        return FAILED;
      })
      .then((answered) => send(response, answered))
      .catch(onError);
  });
  server.maxConnections = 1000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`cannot listen on ${address}: ${error.message}`)));
    if (parts.unix !== undefined) server.listen(parts.unix, resolve);
    else server.listen(parts.port, parts.host, resolve);
  });
  const bound = server.address();
  return {
    address: typeof bound === "object" && bound !== null ? withPort(address, bound.port) : address,
    stop: () =>
      new Promise((resolve) => {
        endRenewals();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type Answering = (path: string) => HttpAnswer | Promise<HttpAnswer>;

/** For who needs more of the request than its path. */
export type AnsweringAll = (path: string, asked: Asked) => HttpAnswer | Promise<HttpAnswer>;

/** What else a request says; "" = nothing. */
export interface Asked {
  readonly query: string;
  readonly authorization: string;
  readonly ifNoneMatch: string;
}

/** A table of routes as a function of the path. */
export function answerFrom(routes: Routes): Answering {
  const table = new Map(Object.entries(routes));
  return (path) => {
    const exact = table.get(path);
    if (exact !== undefined && !path.endsWith("/")) return exact("");
    const slash = path.lastIndexOf("/") + 1;
    const handler = table.get(path.slice(0, slash));
    return handler === undefined ? NOT_FOUND : handler(path.slice(slash));
  };
}

function createWith(
  tls: ServerTls | undefined,
  listener: RequestListener,
): { server: Server; endRenewals: () => void } {
  const limits = { maxHeaderSize: 16_384, requestTimeout: 10_000, headersTimeout: 5_000 };
  if (tls === undefined) return { server: createServer(limits, listener), endRenewals: () => {} };
  const client = { requestCert: tls.mutual, rejectUnauthorized: false, handshakeTimeout: 5_000 };
  const server = createTlsServer({ ...limits, ...tls.options(), ...client }, listener);
  const endRenewals = tls.onRenewal((options) => server.setSecureContext(options));
  return { server, endRenewals };
}

function judge(request: IncomingMessage, tls: ServerTls | undefined): HttpAnswer | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return NOT_ALLOWED;
  if (tls?.mutual !== true || OPEN_TO_ALL.has(pathOf(request))) return undefined;
  const { socket } = request;
  const known = socket instanceof TLSSocket && socket.authorized && tls.allows(socket.getPeerCertificate());
  return known ? undefined : FORBIDDEN;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

function asked({ url = "/", headers }: IncomingMessage): Asked {
  const mark = url.indexOf("?");
  const { authorization = "", "if-none-match": ifNoneMatch = "" } = headers;
  return { query: mark < 0 ? "" : url.slice(mark + 1), authorization, ifNoneMatch };
}

function send(response: ServerResponse, answer: HttpAnswer): void {
  response.writeHead(answer.status, {
    "content-type": answer.contentType,
    "content-length": Buffer.byteLength(answer.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...answer.headers,
  });
  // Node drops the body for HEAD by itself.
  response.end(answer.body);
}
