/** The gRPC side with the settings of this process. In: settings, the stages. Out: the server, NOT_SERVING until told. */
import { randomBytes } from "node:crypto";
import type { Settings } from "../config/settings.ts";
import { type GrpcServer, startGrpcServer } from "../transport/grpc-server.ts";
import type { ServerTls } from "../transport/tls.ts";
import { newIds } from "./new-ids.ts";
import type { Stages } from "./stages.ts";

/** @throws when the address cannot be bound. */
export function startChecks(
  settings: Settings,
  stages: Pick<Stages, "check" | "revision" | "observe">,
  tls: ServerTls | undefined,
): Promise<GrpcServer> {
  return startGrpcServer(settings.listen.grpc, {
    check: stages.check,
    maxChecks: settings.limits.checks,
    maxWaitMs: settings.serving.maxWaitMs || Number.POSITIVE_INFINITY,
    newId: newIds(randomBytes),
    revision: stages.revision,
    observe: stages.observe,
    clock: () => performance.now(),
    tls,
  });
}
