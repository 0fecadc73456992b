/**
 * A check server that answers what a test says, beside an HTTP side that tells an epoch. In: a function from a request's
 * headers and context to an answer. Out: ports, the number of checks, ways to stop. Effects: two listening sockets.
 */
import { createServer, type Server } from "node:http";
import * as grpc from "@grpc/grpc-js";
import { authorizationService } from "../../ext-authz/transport/protos.ts";

export interface FakeAsked {
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly context: Readonly<Record<string, string>>;
}

/** `set` lines overwrite; `grant` is the text of the metadata member; `deny` answers 403. */
export interface FakeAnswer {
  readonly id: string;
  readonly deny?: boolean;
  readonly grant?: string;
  readonly set?: readonly (readonly [string, string])[];
  readonly remove?: readonly string[];
  readonly removeQueryParameters?: readonly string[];
}

export interface FakeAuthz {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Undefined = 503, as of a server that is not ready. */
  epoch: string | undefined;
  /** The requests that were asked, in order. */
  readonly asked: FakeAsked[];
  /** How often the epoch was asked for. */
  polls(): number;
  stopHttp(): Promise<void>;
  stop(): Promise<void>;
}

type Answering = (asked: FakeAsked) => FakeAnswer | Promise<FakeAnswer>;

export async function startFakeAuthz(answer: Answering): Promise<FakeAuthz> {
  const asked: FakeAsked[] = [];
  let polls = 0;
  const server = new grpc.Server();
  server.addService(authorizationService, {
    Check(call: { request: unknown }, done: (error: null, response: object) => void) {
      const request = readRequest(call.request);
      asked.push(request);
      // A bug of the test's own answers nothing: the proxy then says 503.
      void Promise.resolve(answer(request)).then((said) => done(null, response(said)));
    },
  });
  const grpcPort = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  const http = createServer((_, reply) => {
    polls++;
    if (fake.epoch === undefined) reply.writeHead(503).end();
    else reply.writeHead(200, { "x-countersign-epoch": fake.epoch }).end(JSON.stringify({ epoch: fake.epoch }));
  });
  const httpPort = await listen(http);
  const stopHttp = () =>
    new Promise<void>((resolve) => {
      http.close(() => resolve());
      http.closeAllConnections();
    });
  const fake: FakeAuthz = {
    grpcPort,
    httpPort,
    epoch: "e1",
    asked,
    polls: () => polls,
    stopHttp,
    async stop() {
      server.forceShutdown();
      await stopHttp();
    },
  };
  return fake;
}

async function listen(http: Server): Promise<number> {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const bound = http.address();
  if (typeof bound !== "object" || bound === null) throw new Error("no port");
  return bound.port;
}

function at(value: unknown, ...names: readonly string[]): unknown {
  let node = value;
  for (const name of names) {
    node = typeof node === "object" && node !== null && Object.hasOwn(node, name) ? Reflect.get(node, name) : undefined;
  }
  return node;
}

function readRequest(request: unknown): FakeAsked {
  const headers = new Map<string, string[]>();
  const lines = at(request, "attributes", "request", "http", "header_map", "headers");
  for (const line of Array.isArray(lines) ? lines : []) {
    const name = String(at(line, "key"));
    const raw = at(line, "raw_value");
    const value = raw instanceof Uint8Array ? Buffer.from(raw).toString("latin1") : String(at(line, "value") ?? "");
    headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  const context = at(request, "attributes", "context_extensions");
  const pairs = typeof context === "object" && context !== null ? Object.entries(context) : [];
  return { headers, context: Object.fromEntries(pairs.map(([name, value]) => [name, String(value)])) };
}

function response(answer: FakeAnswer): object {
  const { id, deny = false, grant, set = [], remove = [], removeQueryParameters = [] } = answer;
  const overwrite = ([key, value]: readonly [string, string]) => ({ header: { key, value }, append_action: 2 });
  const metadata = { decision_id: id, effect: deny ? "deny" : "allow", ...(grant !== undefined && { grant }) };
  const fields = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, { stringValue: value }]));
  const common = { dynamic_metadata: { fields } };
  if (deny) return { ...common, status: { code: 7 }, denied_response: { status: { code: 403 } } };
  return {
    ...common,
    status: { code: 0 },
    ok_response: {
      headers: set.map(overwrite),
      headers_to_remove: remove,
      query_parameters_to_remove: removeQueryParameters,
      response_headers_to_add: [overwrite(["x-countersign-decision-id", id])],
    },
  };
}
