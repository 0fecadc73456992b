/**
 * One worker as its primary sees it. In: what it starts with. Out: promises of its life and questions to it, each of which
 * ends: by an answer, by a timeout, or by its death. Effects: forks a process.
 */
import cluster from "node:cluster";
import type { HttpAnswer } from "../transport/http-server.ts";
import { isFromWorker, type Policies, type ToWorker } from "./message.ts";

export interface Member {
  readonly slot: number;
  readonly pid: number;
  /** The address on which it takes connections. Rejects when it ends before. */
  readonly serving: Promise<string>;
  /** Why it ended. */
  readonly gone: Promise<string>;
  /** @returns "" when they are in force, else why not */
  apply(policies: Policies): Promise<string>;
  refuse(problems: number): void;
  /** Undefined when there was no answer in time. */
  ask(path: string): Promise<HttpAnswer | undefined>;
  /** Drains it; when that takes longer than `killMs`, ends it. Resolves when it is gone. */
  retire(quietly: boolean, killMs: number): Promise<void>;
  kill(): void;
}

export interface MemberOptions {
  readonly start: ToWorker & { readonly type: "start" };
  /** Told the last metrics of a worker that ends well. */
  readonly departed: (metrics: string) => void;
}

/** Milliseconds: no worker's answer takes so long that a prober would still wait for it. */
const ASK_MS = 2_000;
/** Key sources are tried once before policies are in force, and each has its own timeout. */
const APPLY_MS = 60_000;
const START_MS = 60_000;

export function forkMember({ start, departed }: MemberOptions): Member {
  const worker = cluster.fork();
  const asks = new Map<number, (answer: HttpAnswer | undefined) => void>();
  const applies = new Map<number, (error: string) => void>();
  let last = 0;
  const gone = new Promise<string>((resolve) => {
    worker.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const send = (message: ToWorker): void => {
    // A channel that closes under the message: `gone` tells.
    if (worker.isConnected()) worker.send(message, () => {});
  };
  const question = <T>(
    pending: Map<number, (value: T) => void>,
    milliseconds: number,
    failed: T,
    message: (id: number) => ToWorker,
  ): Promise<T> =>
    new Promise((resolve) => {
      const id = ++last;
      const finish = (value: T): void => {
        clearTimeout(timer);
        pending.delete(id);
        resolve(value);
      };
      const timer = setTimeout(() => finish(failed), milliseconds);
      pending.set(id, finish);
      if (worker.isConnected()) send(message(id));
      else finish(failed);
    });
  const serving = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the worker takes too long to start")), START_MS);
    const settle = (): void => clearTimeout(timer);
    worker.on("message", (message: unknown) => {
      if (!isFromWorker(message)) return;
      if (message.type === "hello") send(start);
      else if (message.type === "serving") {
        settle();
        resolve(message.grpc);
      } else if (message.type === "outcome") applies.get(message.id)?.(message.error);
      else if (message.type === "answer") asks.get(message.id)?.(message.answer);
      else departed(message.metrics);
    });
    void gone.then((why) => {
      settle();
      reject(new Error(`the worker ended before it served: ${why}`));
      for (const finish of asks.values()) finish(undefined);
      for (const finish of applies.values()) finish("the worker ended");
    });
  });
  // An error of the channel is followed by the exit.
  worker.on("error", () => {});
  return {
    slot: start.slot,
    pid: worker.process.pid ?? -1,
    serving,
    gone,
    apply: (policies) =>
      question(applies, APPLY_MS, "the worker did not answer", (id) => ({ type: "apply", id, policies })),
    refuse: (problems) => send({ type: "refuse", problems }),
    ask: (path) => question(asks, ASK_MS, undefined, (id) => ({ type: "ask", id, path })),
    async retire(quietly, killMs) {
      send({ type: "drain", quietly });
      const force = setTimeout(() => worker.process.kill("SIGKILL"), killMs);
      await gone;
      clearTimeout(force);
    },
    kill: () => void worker.process.kill("SIGKILL"),
  };
}
