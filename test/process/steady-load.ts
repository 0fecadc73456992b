/**
 * Checks at an even rate over one channel for each client, as Envoy's workers do. In: an address, what each answer must be. Out: counts,
 * the newest revision seen. Effects: connections, bounded checks under way.
 */
import * as grpc from "@grpc/grpc-js";
import { authorizationService } from "../../ext-authz/transport/protos.ts";

export interface Answered {
  readonly path: string;
  /** `google.rpc.Code` */
  readonly code: number;
  readonly revision: string;
  readonly reason: string;
}

export interface SteadyLoad {
  readonly answered: () => number;
  /** What went wrong, in words; at most 20. */
  readonly failures: () => readonly string[];
  /** Resolves with the first answer from now on that fits. Rejects when none comes for long. */
  until(fits: (answer: Answered) => boolean): Promise<Answered>;
  /** Resolves when everything under way is answered. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly address: string;
  readonly credentials: grpc.ChannelCredentials;
  readonly clients: number;
  /** Checks in a second. */
  readonly rate: number;
  readonly paths: readonly string[];
  /** What is wrong with an answer; undefined = nothing. */
  readonly judge: (answer: Answered) => string | undefined;
}

const TICK_MS = 10;
const MAX_UNDER_WAY = 200;
const PATIENCE_MS = 30_000;

interface WireAnswer {
  readonly status?: { readonly code?: number };
  readonly dynamic_metadata?: { readonly fields?: Readonly<Record<string, { readonly stringValue?: string }>> };
}

export function steadyLoad(options: LoadOptions): SteadyLoad {
  const clients = Array.from({ length: options.clients }, () => openClient(options));
  const waiting = new Set<(answer: Answered) => void>();
  const failures: string[] = [];
  let count = 0;
  let sent = 0;
  let underWay = 0;
  const fail = (why: string): void => {
    if (failures.length < 20) failures.push(why);
  };
  const send = async (): Promise<void> => {
    const client = clients[sent % clients.length];
    const path = options.paths[sent % options.paths.length] ?? "/";
    sent++;
    if (client === undefined || underWay >= MAX_UNDER_WAY) return fail("too many checks under way");
    underWay++;
    try {
      const answer = await check(client, path);
      const wrong = options.judge(answer);
      if (wrong !== undefined) fail(wrong);
      for (const wait of [...waiting]) wait(answer);
    } catch (cause) {
      fail(String(cause));
    }
    count++;
    underWay--;
  };
  const timer = setInterval(() => {
    for (let n = 0; n < (options.rate * TICK_MS) / 1000; n++) void send();
  }, TICK_MS);
  return {
    answered: () => count,
    failures: () => failures,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const wait = (answer: Answered): void => {
          if (!fits(answer)) return;
          clearTimeout(patience);
          waiting.delete(wait);
          resolve(answer);
        };
        const patience = setTimeout(() => {
          waiting.delete(wait);
          reject(new Error(`no such answer among ${count}; ${failures.join("; ")}`));
        }, PATIENCE_MS);
        waiting.add(wait);
      }),
    async stop() {
      clearInterval(timer);
      while (underWay > 0) await new Promise((resolve) => setImmediate(resolve));
      for (const client of clients) client.close();
    },
  };
}

export function openClient({ address, credentials }: Pick<LoadOptions, "address" | "credentials">): grpc.Client {
  return new grpc.Client(address, credentials, { "grpc.use_local_subchannel_pool": 1 });
}

/** Rejects with gRPC's own error. */
export function check(client: grpc.Client, path: string, deadlineMs = 10_000): Promise<Answered> {
  const method = authorizationService["Check"];
  if (method === undefined) throw new Error("no Check");
  const request = { attributes: { request: { http: { method: "GET", path, host: "h", scheme: "http" } } } };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<object, WireAnswer>(
      method.path,
      method.requestSerialize,
      (bytes) => method.responseDeserialize(bytes) as WireAnswer,
      request,
      { deadline: Date.now() + deadlineMs },
      (error, answer) => {
        if (error !== null) return reject(error);
        const field = (name: string): string => answer?.dynamic_metadata?.fields?.[name]?.stringValue ?? "";
        resolve({ path, code: answer?.status?.code ?? 0, revision: field("revision"), reason: field("reason") });
      },
    );
  });
}
