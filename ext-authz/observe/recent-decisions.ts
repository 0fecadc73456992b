/**
 * The last decisions, for `GET /v1/decisions/{id}`, as bytes in one block: of each what its record is made of, once somebody
 * asks. In: decisions. Out: their records. A life: one block, never more, whatever requests hold; the oldest make room.
 *
 * Why bytes: a thousand decisions kept as objects outlive the young generation, and moving them cost a fifth of a check. And
 * texts of a request are windows into its whole message: kept, they would keep its token too.
 */
import type { Decision, JsonObject, PolicyRef, ShadowVerdict, Workload } from "../model.ts";
import { reasonOf } from "../respond/answer.ts";
import type { CandidateInWords } from "./decision-log.ts";
import { type DecisionRecord, detailOf, type Remembered, recordOf, shownPrincipal } from "./decision-record.ts";
import { ABSENT, PACKED_TEXTS, packRequest, unpackRequest } from "./packed-request.ts";
import { cut, type RecordRules, slimClaims } from "./recorded-request.ts";
import { changesOf } from "./shadow-changes.ts";

export interface RecentDecisions {
  /** @param at milliseconds since the epoch. @param rules undefined while no snapshot is in force */
  add(decision: Decision, milliseconds: number, at: number, rules: RecordRules | undefined): void;
  find(id: string): (DecisionRecord & { readonly candidate?: CandidateInWords }) | undefined;
  /** Adds what the candidate set said, where the decision is still kept. */
  compared(id: string, candidate: CandidateInWords): void;
}

/** Of which the largest request takes an eighth at the most. */
const BYTES = 2 * 1024 * 1024;

/** One object for many decisions, which lives with the policies: kept as it is. */
interface Shared {
  readonly effect: Decision["effect"];
  readonly reason: string;
  readonly policy: PolicyRef | undefined;
  readonly revision: string;
  readonly rules: RecordRules | undefined;
  /** Undefined when there was no request, or no snapshot. */
  readonly workload: Workload | undefined;
  readonly judged: boolean;
  readonly shadow: readonly ShadowVerdict[];
}

const NO_SHADOW: readonly ShadowVerdict[] = [];
/** Before those of the request: id, principal, detail. */
const OWN_TEXTS = 3;
const TEXTS = OWN_TEXTS + PACKED_TEXTS;
/** When, how long it took, the ports of source and destination. */
const NUMBERS = 4;

/** @param decisions at most so many */
export function createRecentDecisions(decisions: number, bytes = BYTES): RecentDecisions {
  const block = Buffer.alloc(bytes);
  const starts = new Uint32Array(decisions);
  const lengths = new Uint16Array(TEXTS * decisions);
  const numbers = new Float64Array(NUMBERS * decisions);
  const shared: (Shared | undefined)[] = [];
  const claims: (JsonObject | undefined)[] = [];
  const candidates = new Map<number, CandidateInWords>();
  let oldest = 0;
  let count = 0;
  let free = 0;
  let last: Shared | undefined;

  /** Most decisions share all of it with the one before: then no object is made. */
  function share(decision: Decision, rules: RecordRules | undefined, workload: Workload | undefined): Shared {
    const { effect, policy, revision } = decision;
    const reason = reasonOf(decision);
    const judged = decision.evidence?.judged !== undefined;
    const shadow = decision.shadow.length === 0 ? NO_SHADOW : decision.shadow;
    if (
      last?.policy !== policy ||
      last?.reason !== reason ||
      last.effect !== effect ||
      last.revision !== revision ||
      last.rules !== rules ||
      last.workload !== workload ||
      last.judged !== judged ||
      last.shadow !== shadow
    ) {
      last = { effect, reason, policy, revision, rules, workload, judged, shadow };
    }
    return last;
  }

  function dropOldest(): void {
    shared[oldest] = undefined;
    claims[oldest] = undefined;
    candidates.delete(oldest);
    oldest = (oldest + 1) % decisions;
    count--;
  }

  /** Whose place it is are forgotten. @returns where so many bytes may be written */
  function placeFor(size: number): number {
    const oldestIsIn = (from: number, to: number): boolean => {
      const start = starts[oldest] ?? 0;
      return count > 0 && start >= from && start < to;
    };
    if (count === decisions) dropOldest();
    if (free + size > block.length) {
      // From here to the end stand the oldest.
      while (oldestIsIn(free, block.length + 1)) dropOldest();
      free = 0;
    }
    while (oldestIsIn(free, free + Math.max(size, 1))) dropOldest();
    return free;
  }

  /** From the newest back: what is asked for is seldom old, and asking is rare where adding is not. */
  function slotOf(id: string): number | undefined {
    for (let back = count - 1; back >= 0; back--) {
      const slot = (oldest + back) % decisions;
      const at = starts[slot] ?? 0;
      if (lengths[TEXTS * slot] !== id.length) continue;
      if (block.toString("utf16le", at, at + 2 * id.length) === id) return slot;
    }
    return undefined;
  }

  function textsOf(slot: number): readonly (string | undefined)[] {
    let at = starts[slot] ?? 0;
    return Array.from(lengths.subarray(TEXTS * slot, TEXTS * (slot + 1)), (length) => {
      if (length === ABSENT) return undefined;
      at += 2 * length;
      return block.toString("utf16le", at - 2 * length, at);
    });
  }

  function read(slot: number): Remembered | undefined {
    const of = shared[slot];
    if (of === undefined) return undefined;
    const { effect, reason, policy, revision, rules, workload, judged, shadow } = of;
    const [id = "", principal = "", detail = "", ...texts] = textsOf(slot);
    const [at = 0, milliseconds = 0, from = 0, to = 0] = numbers.subarray(NUMBERS * slot, NUMBERS * (slot + 1));
    const received = workload === undefined ? undefined : unpackRequest(texts, workload, [from, to]);
    return {
      decided: {
        ...{ id, effect, policy, revision, shadow, milliseconds, reason, detail, principal },
        at: new Date(at),
      },
      seen: received && { received, judged: judged ? received : undefined, payload: claims[slot] },
      rules,
      changes: changesOf(effect, reason, shadow),
    };
  }

  return {
    add(decision, milliseconds, at, rules) {
      if (decisions < 1) return;
      const { id, evidence } = decision;
      if (count === decisions) dropOldest();
      const slot = (oldest + count) % decisions;
      const principal = bounded(shownPrincipal(decision, rules));
      const detail = bounded(detailOf(decision));
      let text = `${id}${principal}${detail}`;
      lengths[TEXTS * slot] = id.length;
      lengths[TEXTS * slot + 1] = principal.length;
      lengths[TEXTS * slot + 2] = detail.length;
      const seen = evidence?.judged ?? evidence?.received;
      const isKept = seen !== undefined && evidence !== undefined && rules !== undefined;
      if (isKept) text += packRequest(seen, evidence.judged !== undefined, rules, lengths, TEXTS * slot + OWN_TEXTS);
      else lengths.fill(0, TEXTS * slot + OWN_TEXTS, TEXTS * (slot + 1));
      const size = 2 * text.length;
      if (size > block.length) return;
      const start = placeFor(size);
      block.write(text, start, "utf16le");
      free = start + size;
      count++;
      starts[slot] = start;
      numbers[NUMBERS * slot] = at;
      numbers[NUMBERS * slot + 1] = milliseconds;
      numbers[NUMBERS * slot + 2] = seen?.source.port ?? 0;
      numbers[NUMBERS * slot + 3] = seen?.destination.port ?? 0;
      shared[slot] = share(decision, rules, isKept ? seen.workload : undefined);
      claims[slot] = isKept ? slimClaims(evidence.payload, rules) : undefined;
    },
    find(id) {
      const slot = slotOf(id);
      const found = slot === undefined ? undefined : read(slot);
      if (slot === undefined || found === undefined) return undefined;
      const candidate = candidates.get(slot);
      return candidate === undefined ? recordOf(found) : { ...recordOf(found), candidate };
    },
    compared(id, candidate) {
      const slot = slotOf(id);
      if (slot !== undefined) candidates.set(slot, candidate);
    },
  };
}

/** Characters: a length must fit 16 bits. */
const MAX_OWN = 0x4000;

function bounded(text: string): string {
  return text.length <= MAX_OWN ? text : cut(text);
}
