/** Waits until a process takes connections. In: the process, its address. Out: nothing, or StartError. Effects: sockets. */
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Child, startError } from "../../examples/demo/child.ts";

const READY_MS = 60_000;

/** @throws StartError when it ended, or took none in time; it is stopped then. */
export async function answering(child: Child, host: string, port: number): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline && child.running(); ) {
    if (await takes(host, port)) return;
    await pause(20);
  }
  const error = startError(child, child.running() ? "did not answer" : "ended at start");
  await child.stop();
  throw error;
}

function takes(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const say = (taken: boolean) => (): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", say(true));
    socket.once("error", say(false));
  });
}
