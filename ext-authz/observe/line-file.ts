/**
 * A file of lines that never grows without end and never holds up a decision. In: lines. Effects: appends to the file,
 * readable by its owner only; when it is full it becomes `<file>.1` and a new one begins. What cannot be written is dropped
 * and counted.
 */
import { constants } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import type { LineSink } from "./decision-log.ts";

export interface LineFile extends LineSink {
  /** Writes what waits, then closes. */
  stop(): Promise<void>;
}

/** Characters that may wait for the disk. */
const MAX_WAITING = 4 * 1024 * 1024;

/**
 * @param maxBytes of one file; the disk holds at most twice that
 * @param dropped told how many lines were lost, and why
 * @throws when the file cannot be opened
 */
export async function openLineFile(
  path: string,
  maxBytes: number,
  dropped: (lines: number, cause: unknown) => void,
): Promise<LineFile> {
  let file = await openAppending(path);
  let size = (await file.stat()).size;
  let head: readonly string[] = [];
  let waiting: string[] = [];
  let length = 0;
  let writing: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      length = 0;
      await append(lines).catch((cause: unknown) => dropped(lines.length, cause));
    }
    writing = undefined;
  }

  async function append(lines: readonly string[]): Promise<void> {
    let text = lines.join("");
    if (size > 0 && size + Buffer.byteLength(text) > maxBytes) {
      await file.close();
      await rename(path, `${path}.1`);
      file = await openAppending(path);
      size = 0;
      text = head.join("") + text;
    }
    await file.appendFile(text);
    size += Buffer.byteLength(text);
  }

  return {
    again(lines) {
      head = lines;
    },
    write(line) {
      if (length + line.length > MAX_WAITING) return dropped(1, new Error("the disk does not keep up"));
      waiting.push(line);
      length += line.length;
      writing ??= drain();
    },
    async stop() {
      await writing;
      await file.close();
    },
  };
}

/** No link is followed: the path may lie where others can write. */
function openAppending(path: string): Promise<FileHandle> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
}
