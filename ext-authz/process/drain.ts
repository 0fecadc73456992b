/**
 * The end of a process that is still asked. In: the gRPC side, how long. Effects: NOT_SERVING, a pause in which health
 * checks see it and checks are still answered, GOAWAY, the rest of what is under way, then the cut.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ServingSettings } from "../config/settings.ts";
import type { GrpcServer } from "../transport/grpc-server.ts";

/**
 * @param quietly another process answers on the same address: this one only sends its connections there. NOT_SERVING
 *   from one of several would be taken for all of them.
 */
export async function drain(
  grpc: Pick<GrpcServer, "setServing" | "stop">,
  { drainSeconds, graceSeconds }: ServingSettings,
  quietly = false,
): Promise<void> {
  if (!quietly) {
    grpc.setServing(false);
    if (drainSeconds > 0) await pause(drainSeconds * 1000);
  }
  await grpc.stop(graceSeconds * 1000, quietly);
}
