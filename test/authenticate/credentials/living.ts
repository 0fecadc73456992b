/**
 * Real sources for the tests of this folder: a server on a free port of the loopback that answers as a test says, a clock
 * and timers that move by hand. Effects: connections to that server.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createCredentialSources } from "../../../ext-authz/authenticate/credentials/credential-sources.ts";
import { createIntrospectionPost } from "../../../ext-authz/authenticate/credentials/introspection-post.ts";
import { readBoundedFile } from "../../../ext-authz/authenticate/credentials/read-bounded-file.ts";
import { createJwksFetch } from "../../../ext-authz/authenticate/jwks-fetch.ts";
import { ok } from "../../../ext-authz/result.ts";
import { NOW } from "../forge.ts";
import { type HandClock, handClock } from "../hand-clock.ts";

export interface Asked {
  readonly method: string;
  readonly authorization: string;
  readonly contentType: string;
  readonly form: URLSearchParams;
}

export interface HttpServer {
  readonly url: string;
  readonly asked: Asked[];
  /** How it answers from now on. */
  answer: RequestListener;
  /** Resolves when so many requests have come in whole. */
  received(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startHttpServer(answer: RequestListener): Promise<HttpServer> {
  const asked: Asked[] = [];
  let woken = () => {};
  const server: Server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { authorization = "", "content-type": contentType = "" } = request.headers;
      asked.push({ method: request.method ?? "", authorization, contentType, form: new URLSearchParams(body) });
      woken();
      running.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const running: HttpServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    answer,
    async received(count) {
      while (asked.length < count) {
        await new Promise<void>((resolve) => {
          woken = resolve;
        });
      }
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return running;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

export const json =
  (value: unknown): RequestListener =>
  (_, response) =>
    response
      .setHeader("content-type", "application/json")
      .end(typeof value === "string" ? value : JSON.stringify(value));

export interface Living {
  readonly sources: ReturnType<typeof createCredentialSources>;
  readonly clock: HandClock;
  /** How many timers were ever set. */
  timers(): number;
  readonly warnings: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
}

/** The client's secret is what `/policies/secret` holds; all other files are real ones. */
export function livingSources(): Living {
  const clock = handClock(NOW);
  let timers = 0;
  const warnings: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const sources = createCredentialSources({
    fetch: createJwksFetch({ caPem: "", allowPrivateAddresses: false }),
    post: createIntrospectionPost({ caPem: "", allowPrivateAddresses: false }),
    readFile: async (path, maxBytes) =>
      path === "/policies/secret" ? ok("s3cr€t&\n") : readBoundedFile(path, maxBytes),
    now: clock.now,
    setTimer(run, milliseconds) {
      timers++;
      return clock.setTimer(run, milliseconds);
    },
    secret: new Uint8Array(32),
    jsonDepth: 32,
    log: { info() {}, warn: (message, fields) => warnings.push({ message, fields }) },
  });
  return { sources, clock, timers: () => timers, warnings };
}
