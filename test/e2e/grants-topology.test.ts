/** Grants of the real server, through both zones: repeated, logged truly, and gone when what they depended on has changed. */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Incoming, send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { echoed } from "../../examples/demo/samples.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import type { Topology } from "../../examples/demo/topology.ts";
import { startTopology } from "../support/topology.ts";

let topology: Topology;
let buyer: string;
let guest: string;
beforeAll(async () => {
  topology = await startTopology({ checkTimeoutSeconds: 10, grants: true });
  [buyer, guest] = await Promise.all([
    fetchToken(topology.issuer, "buyer", audience),
    fetchToken(topology.issuer, "guest", audience),
  ]);
});
afterAll(() => topology?.stop());

const ask = (path: string, token = buyer): Promise<Incoming> =>
  send(topology.edge.port, { path, headers: { authorization: `Bearer ${token}` } });

interface Line {
  readonly request_id: string;
  readonly decision_id: string | null;
  readonly grant: string | null;
}

/** What a zone's access log says of an answer. */
async function logged(log: string, answer: Incoming): Promise<Line> {
  const id = String(answer.headers["x-request-id"]);
  for (let attempt = 0; attempt < 500; attempt++) {
    const line = (await readFile(log, "utf8")).split("\n").find((text) => text.endsWith("}") && text.includes(id));
    if (line !== undefined) return JSON.parse(line);
    await pause(20);
  }
  throw new Error(`no line of ${id}`);
}

/** Asks until the edge has repeated a decision. */
async function repeated(path: string): Promise<readonly [asked: Incoming, repeated: Incoming]> {
  let asked: Incoming | undefined;
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await ask(path);
    if ((await logged(topology.edgeLog, answer)).grant === null) asked = answer;
    else if (asked !== undefined) return [asked, answer];
    await pause(20);
  }
  throw new Error("nothing was ever repeated");
}

it("both zones repeat; the service sees the same, and every line names the decision", async () => {
  const [asked, again] = await repeated("/api/orders/7");
  const [first, second] = [echoed(asked), echoed(again)];
  const names = (headers: object) => Object.keys(headers).sort();
  expect([again.status, second.url, names(second.headers)]).toEqual([200, first.url, names(first.headers)]);
  expect(second.headers["x-client-id"]).toEqual(["buyer"]);
  const id = String(asked.headers["x-countersign-decision-id"]);
  expect(again.headers["x-countersign-decision-id"]).toBe(id);
  // The edge's answer bears the zone's id under the edge's: what each log says is its own.
  const edge = await logged(topology.edgeLog, asked);
  expect((await logged(topology.edgeLog, again)).grant).toMatch(new RegExp(`^${edge.decision_id} \\d+$`));
  await expect.poll(async () => (await logged(topology.zoneLog, await ask("/api/orders/7"))).grant).not.toBeNull();
});

it("another token, or a path that policy tells apart, is asked for", async () => {
  await repeated("/api/orders/7");
  const other = await ask("/api/orders/7", guest);
  expect((await logged(topology.edgeLog, other)).grant).toBeNull();
  expect((await ask("/api/orders/7/../../admin")).status).not.toBe(200);
});

it("a policy that closes the edge ends what was granted within a second, long before its time", async () => {
  await repeated("/api/orders/9");
  const file = join(dirname(topology.edgeLog), "edge-policies.yaml");
  const before = await readFile(file, "utf8");
  const closing = {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "closed", namespace: "istio-system" },
    spec: { action: "DENY", rules: [{ to: [{ operation: { paths: ["/api/orders/9"] } }] }] },
  };
  await writeFile(file, `${before}---\n${JSON.stringify(closing)}\n`);
  process.kill(topology.edgeServer.child.pid, "SIGHUP");
  const revision = async () =>
    (await fetch(`${topology.edgeServer.http}/v1/revision`)).headers.get("x-countersign-epoch");
  const old = await revision();
  await expect.poll(revision, { timeout: 10_000 }).not.toBe(old);
  // The guard asks twice a second, and the machine may be busy.
  await expect.poll(async () => (await ask("/api/orders/9")).status, { timeout: 3000 }).toBe(403);
});
