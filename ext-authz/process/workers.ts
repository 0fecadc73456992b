/**
 * The workers of one primary. In: how to fork one, the policies. Out: the same policies in all of them, and as many of them
 * as there are slots: one that dies is replaced, later each time; a roll brings up the new one before the old one drains.
 */
import type { Log } from "../observe/log.ts";
import type { Member } from "./member.ts";
import type { Policies } from "./message.ts";

export interface Workers {
  /** In service, by slot. */
  members(): readonly Member[];
  /** The first call brings them up. @returns the address. @throws when no worker takes them; what was in force stays. */
  apply(policies: Policies): Promise<void>;
  refuse(problems: number): void;
  /** One after the other. @throws when a new one does not come up; the old one then stays. */
  roll(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorkersEffects {
  readonly slots: number;
  readonly fork: (slot: number, policies: Policies) => Member;
  readonly setTimer: (run: () => void, milliseconds: number) => () => void;
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
  readonly log: Log;
  /** Milliseconds that a drain may take. */
  readonly killMs: number;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** Who lived so long did not die of its start. */
const HEALTHY_MS = 60_000;

export function createWorkers({ slots, fork, setTimer, clock, log, killMs }: WorkersEffects): Workers {
  const inService = new Map<number, Member>();
  const alive = new Set<Member>();
  const deaths = new Map<number, number>();
  let current: Policies | undefined;
  let stopping = false;
  let rolling: Promise<void> = Promise.resolve();

  async function fill(slot: number, first: Policies): Promise<void> {
    let given = first;
    const member = fork(slot, given);
    alive.add(member);
    void member.gone.then(() => alive.delete(member));
    try {
      await member.serving;
      // Policies may have moved on while it started.
      while (current !== undefined && current !== given) {
        given = current;
        const error = await member.apply(given);
        if (error !== "") throw new Error(error);
      }
    } catch (cause) {
      member.kill();
      throw cause;
    }
    const since = clock();
    const before = inService.get(slot);
    inService.set(slot, member);
    void member.gone.then((why) => lost(member, why, clock() - since));
    log.info("worker in service", { worker: slot, pid: member.pid });
    await before?.retire(true, killMs);
  }

  function lost(member: Member, why: string, livedMs: number): void {
    const { slot, pid } = member;
    // A newer one took its place: it was told to go.
    if (stopping || inService.get(slot) !== member) return;
    inService.delete(slot);
    if (livedMs >= HEALTHY_MS) deaths.delete(slot);
    log.error("worker lost", { worker: slot, pid, why, left: inService.size });
    refill(slot);
  }

  function refill(slot: number): void {
    const died = deaths.get(slot) ?? 0;
    deaths.set(slot, died + 1);
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(died, 20));
    setTimer(() => {
      if (stopping || current === undefined) return;
      fill(slot, current).catch((cause: unknown) => {
        if (stopping) return;
        log.error("worker did not come up", { worker: slot, cause });
        refill(slot);
      });
    }, wait);
  }

  async function replace(policies: Policies): Promise<void> {
    const outcomes = new Map<Member, string>();
    const unasked = (): readonly Member[] => [...inService.values()].filter((member) => !outcomes.has(member));
    // Again for those who came into service meanwhile, with the policies before.
    for (let next = unasked(); next.length > 0; next = unasked()) {
      await Promise.all(next.map(async (member) => outcomes.set(member, await member.apply(policies))));
      if ([...outcomes.values()].includes("")) current = policies;
    }
    if (current !== policies) throw new Error([...outcomes.values()][0] ?? "no worker is in service to try them");
    for (const member of inService.values()) {
      if (outcomes.get(member) === "") continue;
      log.error("worker did not take the policies and is ended", { worker: member.slot, why: outcomes.get(member) });
      member.kill();
    }
  }

  return {
    members: () => [...inService].sort(([a], [b]) => a - b).map(([, member]) => member),
    async apply(policies) {
      if (current !== undefined) return replace(policies);
      current = policies;
      await Promise.all(Array.from({ length: slots }, (_, index) => fill(index + 1, policies)));
    },
    refuse(problems) {
      for (const member of inService.values()) member.refuse(problems);
    },
    roll() {
      const next = rolling.then(async () => {
        for (const slot of [...inService.keys()].sort((a, b) => a - b)) {
          if (current !== undefined && !stopping) await fill(slot, current);
        }
        log.info("workers restarted", { workers: inService.size });
      });
      rolling = next.catch(() => {});
      return next;
    },
    async stop() {
      stopping = true;
      const serving = new Set(inService.values());
      for (const member of alive) if (!serving.has(member)) member.kill();
      await Promise.all([...serving].map((member) => member.retire(false, killMs)));
    },
  };
}
