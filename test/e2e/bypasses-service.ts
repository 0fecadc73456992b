/**
 * The service behind the bypasses' proxies: answers with every line it got, headers and trailers, as they came over the
 * wire. In: nothing. Out: its port and how many requests arrived. Effects: an HTTP server.
 */
import { createServer } from "node:http";

export interface Service {
  readonly port: number;
  arrived(): number;
  stop(): Promise<void>;
}

export async function startService(): Promise<Service> {
  let arrived = 0;
  const server = createServer((request, response) => {
    arrived++;
    request.resume();
    request.on("end", () => {
      const { method, url, rawHeaders, rawTrailers } = request;
      response.end(`SERVED${JSON.stringify({ method, url, rawHeaders, rawTrailers })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    arrived: () => arrived,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
