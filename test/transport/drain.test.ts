/** The end of a gRPC side that is still asked: what is under way is answered, then nothing is taken on. Real sockets. */
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { failed } from "../../ext-authz/decision.ts";
import type { Decision } from "../../ext-authz/model.ts";
import { drain } from "../../ext-authz/process/drain.ts";
import { startGrpcServer } from "../../ext-authz/transport/grpc-server.ts";
import { check, openClient } from "../process/steady-load.ts";

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function setting() {
  let answer = (_: Decision): void => {};
  let asked = 0;
  const server = await startGrpcServer("127.0.0.1:0", {
    check: () => {
      asked++;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    ...{ maxChecks: 10, newId: () => "d", revision: () => "r", observe: () => {}, clock: () => 0 },
  });
  ends.push(() => server.stop(0));
  const client = openClient({ address: server.address, credentials: grpc.credentials.createInsecure() });
  ends.push(() => client.close());
  const release = (): void => answer(failed({ id: "d", revision: "r" }, "not_ready"));
  return { server, client, release, asked: () => asked };
}

describe("drain", () => {
  it("what is under way is answered, a new connection is not taken", async () => {
    const { server, client, release, asked } = await setting();
    const underWay = check(client, "/");
    await expect.poll(asked).toBe(1);
    const drained = drain(server, { drainSeconds: 0, graceSeconds: 30, maxWaitMs: 50, watch: false });
    const late = openClient({ address: server.address, credentials: grpc.credentials.createInsecure() });
    ends.push(() => late.close());
    await expect(check(late, "/", 2_000)).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
    release();
    expect((await underWay).reason).toBe("not_ready");
    await drained;
    expect(asked()).toBe(1);
  });

  it("what takes longer than the grace is cut, and is no allow", async () => {
    const { server, client, asked } = await setting();
    const underWay = check(client, "/");
    const cut = expect(underWay).rejects.toMatchObject({ code: expect.any(Number) });
    await expect.poll(asked).toBe(1);
    await drain(server, { drainSeconds: 0, graceSeconds: 0, maxWaitMs: 50, watch: false });
    await cut;
  });

  it.each([
    [false, ["serving false", "stop 5000 false"]],
    [true, ["stop 5000 true"]],
  ])("quietly %s", async (quietly, expected) => {
    const events: string[] = [];
    const server = {
      setServing: (serving: boolean) => void events.push(`serving ${serving}`),
      stop: async (graceMs: number, quiet = false) => void events.push(`stop ${graceMs} ${quiet}`),
    };
    await drain(server, { drainSeconds: 0, graceSeconds: 5, maxWaitMs: 50, watch: false }, quietly);
    expect(events).toEqual(expected);
  });
});
