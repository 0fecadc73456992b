/**
 * The primary of several workers: it decides nothing about requests. In: settings, policies. Out: one HTTP side for all, one
 * signing key, the same policies everywhere. Effects: processes; the connections are spread in turn (round robin).
 */
import cluster from "node:cluster";
import type { Settings } from "../config/settings.ts";
import type { Countersign } from "../main.ts";
import type { Log } from "../observe/log.ts";
import { startHttpServer } from "../transport/http-server.ts";
import { joinAnswers } from "./join-answers.ts";
import { joinMetrics } from "./join-metrics.ts";
import { forkMember } from "./member.ts";
import { readSigningKey } from "./signing-key-file.ts";
import { watchStampKeys } from "./stamp-keys.ts";
import { setTimer } from "./timer.ts";
import { unsharedMemory } from "./unshared-memory.ts";
import { watchTls } from "./watch-tls.ts";
import { createWorkers } from "./workers.ts";

export interface Primary extends Countersign {
  /** Restarts the workers one after the other; somebody serves all the time. */
  roll(): Promise<void>;
}

/** Milliseconds beyond drain and grace for a worker to end by itself. */
const END_MS = 5_000;

/** @throws when an address cannot be bound or a file cannot be used. Workers come up with the first `apply`. */
export async function startPrimary(settings: Settings, log: Log): Promise<Primary> {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  // Maps and bytes of policies go over the channel as they are.
  cluster.setupPrimary({ serialization: "advanced" });
  const { privateKey } = await readSigningKey(settings.mint.keyFile);
  const signingKeyPem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const tls = await watchTls(settings.listen.tls, log);
  const stampKeys = await watchStampKeys(settings.stampKeys, log);
  const { drainSeconds, graceSeconds } = settings.serving;
  let departed = "";
  const workers = createWorkers({
    slots: settings.workers,
    fork: (slot, policies) =>
      forkMember({
        start: { type: "start", slot, settings, signingKeyPem, policies },
        departed: (metrics) => {
          departed = joinMetrics([], [departed, metrics]);
        },
      }),
    setTimer,
    clock: () => performance.now(),
    log,
    killMs: (drainSeconds + graceSeconds) * 1000 + END_MS,
  });
  const joined = joinAnswers({
    workers: () => workers.members().map((member) => member.ask),
    departed: () => [departed],
  });
  const answer = stampKeys?.before(joined) ?? joined;
  const failed = (cause: unknown): void => log.error("http request failed", { cause });
  const http = await startHttpServer(settings.listen.http, answer, failed, tls?.server);
  let grpc = "";
  return {
    get grpc() {
      return grpc;
    },
    http: http.address,
    async apply(resources, candidates = []) {
      const unshared = unsharedMemory(resources);
      if (unshared !== undefined) throw new Error(unshared);
      await workers.apply({ resources, candidates });
      if (grpc !== "") return;
      grpc = (await workers.members()[0]?.serving) ?? "";
      log.info("listening", { grpc, http: http.address, workers: settings.workers });
    },
    refuse: workers.refuse,
    roll: workers.roll,
    async stop() {
      await workers.stop();
      await http.stop();
      stampKeys?.stop();
      tls?.stop();
    },
  };
}
