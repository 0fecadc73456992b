/**
 * The life of one serving process: reads as a list in start order; stops in reverse. The stages are composed in
 * `process/stages.ts`; with more than one worker, `process/primary.ts` and `process/worker.ts` share this list.
 */
import type { Settings } from "./config/settings.ts";
import type { Log } from "./observe/log.ts";
import { startChecks } from "./process/check-side.ts";
import { drain } from "./process/drain.ts";
import { readSigningKey } from "./process/signing-key-file.ts";
import { composeStages, type Stages } from "./process/stages.ts";
import { watchStampKeys } from "./process/stamp-keys.ts";
import { watchTls } from "./process/watch-tls.ts";
import { startHttpServer } from "./transport/http-server.ts";

export interface Countersign extends Pick<Stages, "apply" | "refuse" | "stop"> {
  readonly grpc: string;
  readonly http: string;
}

/** @throws when an address cannot be bound or a file cannot be used. Not ready until the first `apply`. */
export async function start(settings: Settings, log: Log): Promise<Countersign> {
  const stages = await composeStages(settings, log, await readSigningKey(settings.mint.keyFile));
  const tls = await watchTls(settings.listen.tls, log);
  const stampKeys = await watchStampKeys(settings.stampKeys, log);
  const grpc = await startChecks(settings, stages, tls?.server);
  const failed = (cause: unknown): void => log.error("http request failed", { cause });
  const answer = stampKeys?.before(stages.answer) ?? stages.answer;
  const http = await startHttpServer(settings.listen.http, answer, failed, tls?.server);
  log.info("listening", { grpc: grpc.address, http: http.address });
  return {
    grpc: grpc.address,
    http: http.address,
    async apply(resources, candidate) {
      await stages.apply(resources, candidate);
      grpc.setServing(true);
    },
    refuse: stages.refuse,
    async stop() {
      await drain(grpc, settings.serving);
      await http.stop();
      stampKeys?.stop();
      tls?.stop();
      await stages.stop();
    },
  };
}
