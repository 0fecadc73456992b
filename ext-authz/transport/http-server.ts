/**
 * The HTTP edge for operators, probes and Envoy's fetch of the filter. Read-only; every route is a row of one table and
 * gets no more of the request than its path. Source: DESIGN §5 "HTTP side".
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

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

/** @throws when the address cannot be bound. */
export async function startHttpServer(
  address: string,
  routes: Routes,
  onError: (cause: unknown) => void,
): Promise<HttpServer> {
  const table = new Map(Object.entries(routes));
  const server = createServer(
    { maxHeaderSize: 16_384, requestTimeout: 10_000, headersTimeout: 5_000 },
    (request, response) => {
      request.resume();
      Promise.resolve()
        .then(() => route(table, request))
        .catch((cause: unknown) => {
          onError(cause);
          return FAILED;
        })
        .then((answer) => send(response, answer))
        .catch(onError);
    },
  );
  server.maxConnections = 1000;
  const unix = address.startsWith("unix://") ? address.slice("unix://".length) : undefined;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`cannot listen on ${address}: ${error.message}`)));
    if (unix !== undefined) server.listen(unix, resolve);
    else server.listen(portOf(address), hostOf(address), resolve);
  });
  const bound = server.address();
  return {
    address: typeof bound === "object" && bound !== null ? `${hostOf(address)}:${bound.port}` : address,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

function route(table: ReadonlyMap<string, Routes[string]>, request: IncomingMessage): HttpAnswer | Promise<HttpAnswer> {
  if (request.method !== "GET" && request.method !== "HEAD") return NOT_ALLOWED;
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const exact = table.get(path);
  if (exact !== undefined && !path.endsWith("/")) return exact("");
  const slash = path.lastIndexOf("/") + 1;
  const handler = table.get(path.slice(0, slash));
  return handler === undefined ? NOT_FOUND : handler(path.slice(slash));
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
