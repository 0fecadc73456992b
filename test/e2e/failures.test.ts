/** What happens when a part is gone: closed where a decision is missing, unchanged where all is known. */
import { createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { bootstrap } from "../../envoy/bootstrap.ts";
import { edgeZone } from "../../envoy/samples.ts";
import { send } from "../../examples/demo/client.ts";
import { startEcho } from "../../examples/demo/echo.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import type { Topology } from "../../examples/demo/topology.ts";
import { startEnvoy } from "../support/envoy.ts";
import { startTopology } from "../support/topology.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
});

async function prepared(): Promise<{ topology: Topology; ask: () => Promise<number> }> {
  const topology = await startTopology();
  stops.push(() => topology.stop());
  const token = await fetchToken(topology.issuer, "buyer", audience);
  const headers = { authorization: `Bearer ${token}` };
  const ask = async (): Promise<number> => (await send(topology.edge.port, { path: "/api/orders/7", headers })).status;
  expect(await ask()).toBe(200);
  return { topology, ask };
}

it("without the OIDC provider, known keys go on", async () => {
  const { topology, ask } = await prepared();
  await topology.oidc.stop("SIGKILL");
  expect([await ask(), await ask()]).toEqual([200, 200]);
});

it("without the edge's server the edge answers 503, and never 200", async () => {
  const { topology, ask } = await prepared();
  await topology.edgeServer.child.stop("SIGKILL");
  const answers = [await ask(), await ask(), await ask()];
  expect(answers).toEqual([503, 503, 503]);
});

it("without the zone's server the zone answers 503, and never 200", async () => {
  const { topology, ask } = await prepared();
  await topology.zoneServer.child.stop("SIGKILL");
  expect([await ask(), await ask()]).toEqual([503, 503]);
});

it("a server that hangs is a 503, and when it goes on, so do the requests", async () => {
  const { topology, ask } = await prepared();
  process.kill(topology.edgeServer.child.pid, "SIGSTOP");
  const hung = await ask().finally(() => process.kill(topology.edgeServer.child.pid, "SIGCONT"));
  expect(hung).toBe(503);
  await expect.poll(ask, { timeout: 10_000 }).toBe(200);
});

it.each([
  ["noise", Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")],
  ["nothing", undefined],
])("a check server that answers %s is a 503", async (_, answer) => {
  const junk = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.resume();
    if (answer === undefined) socket.destroy();
    else socket.end(answer);
  });
  await new Promise<void>((resolve) => junk.listen(0, "127.0.0.1", resolve));
  stops.push(() => new Promise((resolve) => junk.close(() => resolve())));
  const bound = junk.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  // Where a request would end that was let through.
  const service = await startEcho();
  stops.push(() => service.stop());
  const free = { host: "127.0.0.1", port: 0 };
  const filter = new URL("../../wasm-filter/build/countersign.wasm", import.meta.url).pathname;
  const sample = edgeZone([{ id: "k1", secret: "A".repeat(43) }]);
  const envoy = await startEnvoy(
    "edge",
    bootstrap({
      ...sample,
      listener: free,
      admin: free,
      filter,
      accessLog: "/dev/null",
      token: undefined,
      check: { address: { host: "127.0.0.1", port }, timeoutSeconds: 0.5 },
      upstreams: sample.upstreams.map((upstream) => ({ ...upstream, address: { ...free, port: service.port } })),
    }),
  );
  stops.push(() => envoy.stop());
  expect((await send(envoy.port, { path: "/api/orders/7" })).status).toBe(503);
});
