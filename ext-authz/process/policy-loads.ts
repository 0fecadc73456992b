/**
 * Policies from disk into force, one load after the other. In: a way to read them, where they go. Out: the last good set
 * stays whatever is read. A request to load during a load is remembered once: it reads what is there then.
 */
import type { Log } from "../observe/log.ts";
import type { Result } from "../result.ts";
import type { Policies } from "./message.ts";

export interface PolicyLoads {
  /** Asks for a load. @returns when it is done, whatever came of it. */
  again(): Promise<void>;
}

export interface PolicyLoadsEffects {
  /** Errors are sentences for the log. */
  readonly read: () => Promise<Result<Policies, readonly string[]>>;
  readonly apply: (policies: Policies) => Promise<void>;
  readonly refuse: (problems: number) => void;
  readonly log: Log;
}

/** @param first the load that must end before any other */
export function createPolicyLoads(first: Promise<unknown>, effects: PolicyLoadsEffects): PolicyLoads {
  const { read, apply, refuse, log } = effects;
  let waiting: Promise<void> | undefined;
  let last: Promise<unknown> = first.catch(() => {});
  const load = async (): Promise<void> => {
    waiting = undefined;
    try {
      const next = await read();
      if (next.ok) return await apply(next.value);
      for (const problem of next.error) log.error("policy", { problem });
      refuse(next.error.length);
    } catch (cause) {
      log.error("policies could not be put in force", { cause });
      refuse(1);
    }
  };
  return {
    again() {
      waiting ??= last.then(load);
      last = waiting;
      return waiting;
    },
  };
}
