/**
 * Ports that nobody has, for listeners that istiod must be told of before they exist. In: nothing. Out: two different
 * ones. Effects: both are taken for a moment and given back.
 */
import { createServer, type Server } from "node:net";

export async function freePorts(): Promise<readonly [number, number]> {
  const servers = await Promise.all([listen(), listen()]);
  const [first, second] = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [first ?? 0, second ?? 0];
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
