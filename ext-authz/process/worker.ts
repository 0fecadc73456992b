/**
 * One worker: the stages and the gRPC side, no HTTP. In: messages of the primary. Out: answers to them. It takes
 * connections only once its first policies and keys are in; before that the others have them. Effects: a listening socket.
 */

import type { Settings } from "../config/settings.ts";
import { loadSigningKey } from "../mint/signing-key.ts";
import { createLog, type Log, type LogFields } from "../observe/log.ts";
import type { GrpcServer } from "../transport/grpc-server.ts";
import type { HttpAnswer } from "../transport/http-server.ts";
import { startChecks } from "./check-side.ts";
import { drain } from "./drain.ts";
import { dropLeftovers } from "./heap.ts";
import { type FromWorker, isToWorker, type ToWorker } from "./message.ts";
import { composeStages, type Stages } from "./stages.ts";
import { type WatchedTls, watchTls } from "./watch-tls.ts";

const EXIT_FAILED = 3;

interface Running {
  readonly settings: Settings;
  readonly stages: Stages;
  readonly tls: WatchedTls | undefined;
  readonly grpc: GrpcServer;
}

/** Resolves when it was told to end and has ended. @throws when it cannot start. */
export function runWorker(): Promise<void> {
  // A terminal sends these to the whole group: the primary decides what they mean.
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR2"] as const) process.on(signal, () => {});
  const send = (message: FromWorker): void => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  return new Promise((resolve, reject) => {
    let running: Running | undefined;
    let ending = false;
    const end = async (quietly: boolean): Promise<void> => {
      if (ending) return;
      ending = true;
      if (running === undefined) return process.exit(0);
      await drain(running.grpc, running.settings.serving, quietly);
      send({ type: "departed", metrics: await metricsOf(running.stages) });
      running.tls?.stop();
      await running.stages.stop();
      if (process.connected) process.disconnect();
      resolve();
    };
    const take = async (message: ToWorker): Promise<void> => {
      switch (message.type) {
        case "start":
          running = await begin(message);
          return send({ type: "serving", grpc: running.grpc.address });
        case "apply":
          return send({ type: "outcome", id: message.id, error: await apply(running, message) });
        case "refuse":
          return running?.stages.refuse(message.problems);
        case "ask":
          if (running === undefined) return;
          return send({ type: "answer", id: message.id, answer: await answer(running, message.path) });
        case "drain":
          return end(message.quietly);
      }
    };
    // The channel to the primary keeps a process alive: one that cannot go on must end, or nobody replaces it.
    const fail = (cause: unknown): void => {
      reject(cause);
      setImmediate(() => process.exit(EXIT_FAILED));
    };
    process.on("SIGTERM", () => void end(true).catch(fail));
    process.on("message", (message: unknown) => {
      if (isToWorker(message)) void take(message).catch(fail);
    });
    send({ type: "hello" });
  });
}

async function begin({ slot, settings, signingKeyPem, policies }: ToWorker & { type: "start" }): Promise<Running> {
  const log = named(slot, settings);
  const key = await loadSigningKey(signingKeyPem);
  if (!key.ok) throw new Error(key.error);
  const stages = await composeStages(ofSlot(slot, settings), log, key.value);
  await stages.apply(policies.resources, policies.candidates);
  dropLeftovers();
  const tls = await watchTls(settings.listen.tls, log);
  const grpc = await startChecks(settings, stages, tls?.server);
  grpc.setServing(true);
  return { settings, stages, tls, grpc };
}

async function apply(running: Running | undefined, { policies }: ToWorker & { type: "apply" }): Promise<string> {
  try {
    await running?.stages.apply(policies.resources, policies.candidates);
    return running === undefined ? "not started" : "";
  } catch (cause) {
    return cause instanceof Error ? cause.message : "unknown";
  } finally {
    dropLeftovers();
  }
}

async function answer({ stages }: Running, path: string): Promise<HttpAnswer> {
  try {
    return await stages.answer(path);
  } catch {
    return { status: 500, contentType: "text/plain", body: "internal error\n" };
  }
}

async function metricsOf(stages: Stages): Promise<string> {
  const { body } = await stages.answer("/metrics");
  return typeof body === "string" ? body : "";
}

/** Two processes that turn one file over would lose what the other wrote. */
function ofSlot(slot: number, settings: Settings): Settings {
  const { decisionLog } = settings;
  const file = decisionLog.file === "" ? "" : `${decisionLog.file}.worker-${slot}`;
  return { ...settings, decisionLog: { ...decisionLog, file } };
}

function named(worker: number, settings: Settings): Log {
  const log = createLog(
    settings.log,
    (line) => process.stderr.write(line),
    () => new Date(),
  );
  const tagged = (fields?: LogFields): LogFields => ({ worker, ...fields });
  return {
    debugging: log.debugging !== false,
    informing: log.informing !== false,
    debug: (message, fields) => log.debug(message, tagged(fields)),
    info: (message, fields) => log.info(message, tagged(fields)),
    warn: (message, fields) => log.warn(message, tagged(fields)),
    error: (message, fields) => log.error(message, tagged(fields)),
  };
}
