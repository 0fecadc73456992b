/** Waits for what another process does in its own time. In: a question, what is waited for. Out: nothing, or it throws. */
import { setTimeout as pause } from "node:timers/promises";

const DEADLINE_MS = 30_000;

export async function until(what: string, happened: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    if (await happened()) return;
    await pause(50);
  }
  throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s`);
}
