/** Grants through a real Envoy: the call is skipped, nothing else differs, and what ends a grant ends it there too. */
import { Agent, request } from "node:http";
import { afterEach, expect, it } from "vitest";
import type { FakeAnswer, FakeAsked } from "../support/fake-authz.ts";
import { grantText } from "../wasm-filter/granting.ts";
import { type GrantingZone, startGrantingZone } from "./granting-zone.ts";

let zone: GrantingZone | undefined;
afterEach(async () => {
  await zone?.stop();
  zone = undefined;
});

const changes = ["set x-user-id ann", "set x-many one", "remove x-drop"];
const set = [
  ["x-user-id", "ann"],
  ["x-many", "one"],
] as const;

/** Grants every path its own decision, as told by the route's workload and the tenant's header. */
function byTenant(ids: () => string, milliseconds = 60_000) {
  return ({ headers, context }: FakeAsked): FakeAnswer => {
    const path = headers.get(":path")?.[0] ?? "";
    const id = `${ids()}-${context["workload"]}`;
    const grant = grantText({ id, vary: ["header:x-tenant"], path: `=${path}`, changes, milliseconds });
    return { id, grant, set, remove: ["x-drop"] };
  };
}

function counter(): () => string {
  let count = 0;
  return () => `d${++count}`;
}

it("skips the call and changes nothing else; decision ids and hit counts add up", async () => {
  zone = await startGrantingZone(byTenant(counter()));
  await zone.ready();
  const headers = { "x-tenant": "a", "x-many": "two", "x-drop": "1" };
  const before = zone.authz.asked.length;
  const asked = await zone.ask({ path: "/orders/1", headers });
  const hits = [];
  for (let i = 0; i < 5; i++) hits.push(await zone.ask({ path: "/orders/1", headers }));
  expect(zone.authz.asked.length).toBe(before + 1);
  expect(zone.authz.asked[before]?.context).toEqual({ namespace: "shop", workload: "orders", "label.app": "orders" });
  const strip = (body: string) => body.replace(/"x-request-id":\["[^"]*"\],?/, "");
  for (const hit of hits) {
    expect([hit.status, strip(hit.body)]).toEqual([asked.status, strip(asked.body)]);
    expect(Object.keys(hit.headers).sort()).toEqual(Object.keys(asked.headers).sort());
    expect(hit.headers["x-countersign-decision-id"]).toBe(asked.headers["x-countersign-decision-id"]);
  }
  const { headers: seen } = JSON.parse(asked.body);
  expect([seen["x-user-id"], seen["x-many"], seen["x-drop"]]).toEqual([["ann"], ["one"], undefined]);

  const lines = await zone.log("/orders/1", 6);
  const id = asked.headers["x-countersign-decision-id"];
  expect(lines.map(({ decision_id, grant }) => [decision_id, grant])).toEqual([
    [id, null],
    ...hits.map((_, index) => [null, `${id} ${index + 1}`]),
  ]);
  const ready = await zone.log("/ready", before + 1);
  expect(await zone.metric("hit")).toBe(5 + ready.filter(({ grant }) => grant !== null).length);
});

it("keeps routes apart, and requests that differ in what was read", async () => {
  zone = await startGrantingZone(byTenant(counter()));
  await zone.ready();
  const id = async (path: string, tenant?: string): Promise<string> => {
    const headers: Record<string, string> = tenant === undefined ? {} : { "x-tenant": tenant };
    return String((await zone?.ask({ path, headers }))?.headers["x-countersign-decision-id"]);
  };
  const [orders, stock] = [await id("/a", "x"), await id("/stock/a", "x")];
  expect([await id("/a", "x"), await id("/stock/a", "x")]).toEqual([orders, stock]);
  expect(orders).toMatch(/-orders$/);
  expect(stock).toMatch(/-stock$/);
  expect(await id("/a", "y")).not.toBe(orders);
  expect(await id("/a")).not.toBe(orders);
  expect(await id("/b", "x")).not.toBe(orders);
});

it("a client cannot say that it has a grant", async () => {
  zone = await startGrantingZone(() => ({ id: "d", deny: true }));
  await expect.poll(() => zone?.authz.polls()).toBeGreaterThan(0);
  const names = ["wasm.countersign.grant", "countersign.grant", "x-countersign-grant"];
  const answers = [];
  for (const name of names) answers.push((await zone.ask({ path: "/", headers: { [name]: "d 1" } })).status);
  expect(answers).toEqual([403, 403, 403]);
});

it("varies by connection where the server says so", async () => {
  zone = await startGrantingZone(({ headers }) => {
    const id = headers.get("x-id")?.[0] ?? "ready";
    return { id, grant: grantText({ id, vary: id === "ready" ? [] : ["connection"] }) };
  });
  await zone.ready();
  // One connection, three requests; then another connection.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (id: string) =>
    new Promise<string>((resolve, reject) => {
      const head = { port: zone?.envoy.port, method: "PUT", path: "/c", agent, headers: { "x-id": id } };
      const sent = request(head, (reply) => {
        reply.resume().on("end", () => resolve(String(reply.headers["x-countersign-decision-id"])));
      });
      sent.on("error", reject).end();
    });
  expect([await ask("one"), await ask("two"), await ask("three")]).toEqual(["one", "one", "one"]);
  agent.destroy();
  const other = await zone.ask({ method: "PUT", path: "/c", headers: { "x-id": "four" } });
  expect(other.headers["x-countersign-decision-id"]).toBe("four");
});

it("another epoch drops all grants, and none is kept until the server confirms it", async () => {
  zone = await startGrantingZone(byTenant(counter()));
  await zone.ready();
  const { authz } = zone;
  const path = "/epoch";
  await zone.ask({ path });
  const before = authz.asked.length;
  await zone.ask({ path });
  expect(authz.asked.length).toBe(before);
  authz.epoch = "e2";
  await expect.poll(async () => zone?.metric("dropped")).toBe(1);
  // The server still grants for `e1`: that is not kept.
  await zone.ask({ path });
  await zone.ask({ path });
  expect(authz.asked.length).toBe(before + 2);
});

it("without the server, what was granted goes on for two seconds at most; then 503, never 200", async () => {
  zone = await startGrantingZone(byTenant(counter()));
  await zone.ready();
  expect((await zone.ask({ path: "/ready" })).status).toBe(200);
  await zone.authz.stop();
  const gone = Date.now();
  expect((await zone.ask({ path: "/never-asked" })).status).toBe(503);
  let status = 200;
  let granted = 0;
  while (status === 200 && Date.now() - gone < 10_000) {
    status = (await zone.ask({ path: "/ready" })).status;
    if (status === 200) granted = Date.now();
  }
  expect(status).toBe(503);
  // Of the last poll before the end, and of a busy machine.
  expect(granted - gone).toBeLessThan(4_000);
  expect((await zone.ask({ path: "/ready" })).status).toBe(503);
});
