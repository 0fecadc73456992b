/**
 * One set-up at a time in one clone (`npm test` and `npm run demo` may start together). In: a lock file's path.
 * Out: a function that gives the lock back. Effects: the lock file, which holds the owner's process id.
 */
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/**
 * @param {{ waitMs?: number, onWait?: (owner: number) => void }} [options] waits at most `waitMs` for another owner
 * @returns {Promise<() => Promise<void>>}
 */
export async function takeLock(path, options = {}) {
  const { waitMs = 900_000, onWait = () => {} } = options;
  await mkdir(dirname(path), { recursive: true });
  const deadline = Date.now() + waitMs;
  let told = false;
  for (;;) {
    const file = await open(path, "wx").catch((error) => {
      if (error.code === "EEXIST") return undefined;
      throw error;
    });
    if (file) {
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    }
    const owner = Number(await readFile(path, "utf8").catch(() => "0"));
    // An owner that died left its lock behind. Id 0: not written yet, so the owner has only just come.
    if (owner > 0 && !alive(owner)) await rm(path, { force: true });
    else if (Date.now() > deadline) throw new Error(`another set-up (process ${owner}) holds ${path} for too long`);
    else {
      if (!told) onWait(owner);
      told = true;
      await pause(200);
    }
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
