/** The conformance tables in real Envoy, where one is found. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, createServer as createTcpServer, type Server as NetServer } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import * as grpcJs from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findEnvoy } from "../../setup/envoy.mjs";
import { compile, example } from "./compile.ts";
import { bodyAnswer, conformanceCases, environmentAnswer } from "./conformance-cases.ts";
import { ask, type EnvoyProcess, startEnvoy } from "./envoy-process.ts";
import { connectionCases, exchangeCases, grpcAnswer, keysAnswer, type Seen } from "./exchange-cases.ts";

const found = await findEnvoy().then(
  (envoy: { path: string }) => envoy.path,
  () => undefined,
);

describe.runIf(found)("in Envoy", () => {
  let envoy: EnvoyProcess | undefined;
  beforeAll(async () => {
    const environment = { ONE: "1", EMPTY: "" };
    envoy = await startEnvoy(found ?? "", await compile(example("probe")), "probe", { environment });
  });
  afterAll(() => envoy?.stop());

  test.each(conformanceCases)("$title", async ({ headers = [], probe, answer }) => {
    const got = await ask(envoy?.port ?? 0, [["x-probe", probe], ...headers]);
    expect(got).toMatchObject({ status: 200, body: answer });
  });

  test("a local reply passes the response callbacks of the filter that sent it", async () => {
    const got = await ask(envoy?.port ?? 0, [["x-probe", "clock"]]);
    expect(got.headers).toMatchObject({ "x-t-probe": "yes", "x-t-response": "seen", "content-type": "text/probe" });
  });

  test("a body is read by range and changed at both ends, not in the middle", async () => {
    const got = await ask(envoy?.port ?? 0, [["x-probe", "body"]], ["abc", "def"]);
    expect(got).toMatchObject({ status: 200, body: bodyAnswer });
  });

  test("variables of the VM's environment are given over", async () => {
    expect((await ask(envoy?.port ?? 0, [["x-probe", "environment"]])).body).toBe(environmentAnswer);
  });

  test("a trap refuses this and every later request", async () => {
    expect((await ask(envoy?.port ?? 0, [["x-probe", "trap"]])).status).toBe(503);
    expect((await ask(envoy?.port ?? 0, [])).status).toBe(503);
  });
});

function textsOf(values: NodeJS.Dict<string>): Seen["trailers"] {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/** The service behind, and the cluster "keys": answers to `/keys`, else with what it saw. */
function startService(): Server {
  const service = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const call = String(request.headers["x-t-call"] ?? "").replace(/^\d+ /, "");
      const seen: Seen = { body, trailers: textsOf(request.trailers), call };
      response.end(request.url === "/keys" ? keysAnswer : JSON.stringify(seen));
    });
  });
  return service.listen(0, "127.0.0.1");
}

async function portOf(server: NetServer): Promise<number> {
  if (!server.listening) await once(server, "listening");
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

/** `acme.Keys/Get` with raw bytes. */
async function startGrpc(): Promise<{ readonly server: grpcJs.Server; readonly port: number }> {
  const server = new grpcJs.Server();
  const bytes = (value: Buffer) => value;
  const method = { path: "/acme.Keys/Get", requestStream: false, responseStream: false } as const;
  const codec = {
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  server.addService(
    { get: { ...method, ...codec } },
    {
      get: (_call: unknown, callback: grpcJs.sendUnaryData<Buffer>) => callback(null, Buffer.from(grpcAnswer)),
    },
  );
  const bind = promisify(server.bindAsync.bind(server));
  return { server, port: await bind("127.0.0.1:0", grpcJs.ServerCredentials.createInsecure()) };
}

describe.runIf(found)("in Envoy, with a service behind", () => {
  let envoy: EnvoyProcess | undefined;
  let service: Server | undefined;
  let grpc: grpcJs.Server | undefined;
  beforeAll(async () => {
    service = startService();
    const answering = await startGrpc();
    grpc = answering.server;
    const options = { configuration: "tick", service: await portOf(service), grpc: answering.port };
    envoy = await startEnvoy(found ?? "", await compile(example("probe")), "probe", options);
  });
  afterAll(async () => {
    await envoy?.stop();
    service?.closeAllConnections();
    service?.close();
    grpc?.forceShutdown();
  });

  test.each(exchangeCases)("$title", async ({ headers, chunks, trailers, seen }) => {
    const announced: readonly (readonly [string, string])[] =
      Object.keys(trailers).length > 0 ? [["trailer", Object.keys(trailers).join()]] : [];
    const got = await ask(envoy?.port ?? 0, [["x-upstream", "1"], ...announced, ...headers], chunks, trailers);
    expect(got.status).toBe(200);
    expect(JSON.parse(got.body)).toEqual(seen);
  });

  test("ticks come again and again", async () => {
    const ticks = async () => (await ask(envoy?.port ?? 0, [["x-probe", "get-shared:ticks"]])).body;
    await expect.poll(ticks).toMatch(/^0\[([3-9]|\d{2,})\]\n$/);
  });
});

describe.runIf(found)("in Envoy, TCP", () => {
  let envoy: EnvoyProcess | undefined;
  let service: NetServer | undefined;
  beforeAll(async () => {
    // Answers what it read and closes.
    service = createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (bytes: Buffer) => socket.end(bytes));
    }).listen(0, "127.0.0.1");
    const options = { tcp: true, service: await portOf(service) };
    envoy = await startEnvoy(found ?? "", await compile(example("probe")), "echo", options);
  });
  afterAll(async () => {
    await envoy?.stop();
    service?.close();
  });

  test.each(connectionCases)("$title", async ({ sent, back }) => {
    const socket = connect(envoy?.port ?? 0, "127.0.0.1");
    await once(socket, "connect");
    socket.setNoDelay(true);
    socket.write(sent.slice(0, 1));
    socket.write(sent.slice(1));
    expect(await text(socket)).toBe(back);
  });
});
