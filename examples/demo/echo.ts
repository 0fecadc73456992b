/**
 * A service that answers with what it got: method, target and every header line. In: host and port. Out: its port.
 * Effects: an HTTP server. It stands for the protected service, so nothing that it must not see may be in its answers.
 */
import { createServer } from "node:http";

export interface Echo {
  readonly port: number;
  stop(): Promise<void>;
}

export interface Echoed {
  readonly method: string;
  readonly url: string;
  /** Lower-case names; each line of a name that came more than once. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

export async function startEcho(host = "127.0.0.1", port = 0): Promise<Echo> {
  const server = createServer((request, response) => {
    request.resume();
    const headers = Object.fromEntries(
      Object.entries(request.headersDistinct).map(([name, values]) => [name, values ?? []]),
    );
    const body: Echoed = { method: request.method ?? "", url: request.url ?? "", headers };
    response.writeHead(200, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
