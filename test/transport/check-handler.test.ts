import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import type { Check } from "../../ext-authz/check.ts";
import { signalOf } from "../../ext-authz/deadline.ts";
import { allowed } from "../../ext-authz/decision.ts";
import type { Decision } from "../../ext-authz/model.ts";
import { type GrpcServer, startGrpcServer } from "../../ext-authz/transport/grpc-server.ts";
import { authorizationService, healthService } from "../../ext-authz/transport/protos.ts";

const context = { id: "d", revision: "r" };
const anAllow = allowed(context, {
  token: undefined,
  verdict: { effect: "allow", policy: undefined, shadow: [] },
  changes: [],
});

let stop: () => Promise<void> = async () => {};
afterEach(() => stop());

interface Started {
  readonly server: GrpcServer;
  readonly client: grpc.Client;
  readonly seen: Decision[];
}

async function started(check: Check, maxChecks = 10): Promise<Started> {
  const seen: Decision[] = [];
  const server = await startGrpcServer("127.0.0.1:0", {
    check,
    maxChecks,
    newId: () => "new",
    revision: () => "r",
    observe: (decision) => seen.push(decision),
    clock: () => 0,
  });
  const client = new grpc.Client(server.address, grpc.credentials.createInsecure());
  stop = async () => {
    client.close();
    await server.stop(100);
  };
  return { server, client, seen };
}

function send(
  client: grpc.Client,
  bytes: Buffer,
  deadlineMs = 5000,
  service = authorizationService,
): Promise<{ status: { code: number }; error_response?: object; denied_response?: { status: { code: number } } }> {
  const method = service["Check"];
  if (method === undefined) throw new Error("no Check");
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      (value: Buffer) => value,
      method.responseDeserialize,
      bytes,
      { deadline: Date.now() + deadlineMs },
      (error: grpc.ServiceError | null, value?: unknown) => (error === null ? resolve(value as never) : reject(error)),
    );
  });
}

const EMPTY = Buffer.alloc(0);

describe("whatever happens below, the answer is never an accidental allow", () => {
  test("a throw ends as 503 with the cause in the log only", async () => {
    const { client, seen } = await started(() => Promise.reject(new Error("bug with eyJsecret")));
    expect(await send(client, EMPTY)).toMatchObject({
      status: { code: 14 },
      error_response: { status: { code: 503 } },
    });
    expect(seen).toMatchObject([{ effect: "error", reason: "internal_error", cause: new Error("bug with eyJsecret") }]);
  });

  test("a synchronous throw too", async () => {
    const { client } = await started(() => {
      throw new TypeError("bug");
    });
    expect((await send(client, EMPTY)).status.code).toBe(14);
  });

  test("bytes that are no CheckRequest end as a gRPC error", async () => {
    const { client, seen } = await started(() => Promise.resolve(anAllow));
    await expect(send(client, Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]))).rejects.toMatchObject({
      code: grpc.status.INTERNAL,
    });
    expect(seen).toEqual([]);
  });

  test("a message over the bound is refused before it is decoded", async () => {
    const { client } = await started(() => Promise.resolve(anAllow));
    const large = Buffer.concat([Buffer.from([0x7a, 0xff, 0xff, 0xff, 0x02]), Buffer.alloc(6_291_455)]);
    await expect(send(client, large)).rejects.toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
  });

  test("more checks than the bound are answered overloaded at once", async () => {
    let release = (_: Decision): void => {};
    const { client } = await started(() => new Promise((resolve) => (release = resolve)), 1);
    const first = send(client, EMPTY);
    await expect.poll(() => release.length).toBe(1);
    expect(await send(client, EMPTY)).toMatchObject({
      status: { code: 14 },
      denied_response: { status: { code: 503 } },
    });
    release(anAllow);
    expect((await first).status.code).toBe(0);
  });

  test("the deadline reaches the stages as an aborted signal", async () => {
    let aborted = false;
    const { client } = await started((_, deadline) => {
      return new Promise(() => {
        signalOf(deadline).addEventListener("abort", () => {
          aborted = true;
        });
      });
    });
    await expect(send(client, EMPTY, 500)).rejects.toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
    await expect.poll(() => aborted).toBe(true);
  });
});

describe("health", () => {
  test("serves only when told so", async () => {
    const { client, server } = await started(() => Promise.resolve(anAllow));
    expect(await send(client, EMPTY, 5000, healthService)).toEqual({ status: 2 });
    server.setServing(true);
    expect(await send(client, EMPTY, 5000, healthService)).toEqual({ status: 1 });
    const unknown = Buffer.from([0x0a, 0x01, 0x78]);
    await expect(send(client, unknown, 5000, healthService)).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
  });
});
