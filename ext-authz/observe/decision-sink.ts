/** Where the decision log goes: a file, standard output, both, or nowhere. A life: opened at start, emptied at stop. */
import type { DecisionLogSettings } from "../config/settings.ts";
import { createDecisionLog, type DecisionLog, type LineSink } from "./decision-log.ts";
import { openLineFile } from "./line-file.ts";

export interface DecisionSink {
  readonly log: DecisionLog;
  stop(): Promise<void>;
}

export interface DecisionSinkEffects {
  readonly stdout: (line: string) => void;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly dropped: (lines: number, cause: unknown) => void;
}

/**
 * @returns undefined when nothing is configured
 * @throws when the file cannot be opened: an audit that is asked for must not be missing in silence
 */
export async function openDecisionSink(
  settings: DecisionLogSettings,
  { stdout, random, now, dropped }: DecisionSinkEffects,
): Promise<DecisionSink | undefined> {
  if (settings.file === "" && !settings.stdout) return undefined;
  const file = settings.file === "" ? undefined : await openLineFile(settings.file, settings.maxBytes, dropped);
  const sink: LineSink = {
    write(line) {
      file?.write(line);
      if (settings.stdout) stdout(line);
    },
    again: (lines) => file?.again(lines),
  };
  return {
    log: createDecisionLog(settings, { sink, random, now }),
    stop: async () => file?.stop(),
  };
}
