/**
 * The decision log: JSON lines that `countersign replay` reads. In: records. Out: lines through the sink. No token, no
 * secret header, no claim but those that policies read or the operator asked for.
 * Lines: `snapshot` (what the records of a revision show), `decision`, `shadow` (what a shadow would have changed).
 */
import type { DecisionLogSettings } from "../config/settings.ts";
import type { DecisionRecord } from "./decision-record.ts";
import { redact } from "./log.ts";
import { faithful, type RecordRules } from "./recorded-request.ts";
import type { ShadowChange } from "./shadow-changes.ts";

export interface DecisionLog {
  /** A new snapshot is in force: what its records will show. */
  snapshot(revision: string, rules: RecordRules): void;
  /** Makes the record only when the sample takes it. */
  decided(record: () => DecisionRecord): void;
  changed(record: DecisionRecord, change: ShadowChange, candidate: CandidateInWords | undefined): void;
}

export interface CandidateInWords {
  readonly effect: string;
  readonly reason: string;
  readonly policy: string;
  readonly revision: string;
}

/** Takes whole lines. Must not throw or block. `again` is what a new file must begin with. */
export interface LineSink {
  write(line: string): void;
  again(lines: readonly string[]): void;
}

/** Of one minute: a candidate that changes everything must not fill the disk. All are counted in the metrics. */
const SHADOW_LINES = 600;

export interface DecisionLogEffects {
  readonly sink: LineSink;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

export function createDecisionLog(
  { sample }: Pick<DecisionLogSettings, "sample">,
  effects: DecisionLogEffects,
): DecisionLog {
  const { sink, random, now } = effects;
  let minute = 0;
  let shadowLines = 0;
  const line = (value: object): string => `${redact(JSON.stringify(value))}\n`;
  const allowance = (): boolean => {
    const current = Math.floor(now() / 60);
    if (current !== minute) {
      minute = current;
      shadowLines = 0;
    }
    return ++shadowLines <= SHADOW_LINES;
  };
  return {
    snapshot(revision, rules) {
      const { headers, claims, other } = faithful(rules);
      const head = line({
        type: "snapshot",
        revision,
        headers: [...headers].sort(),
        claims: [...claims].sort(),
        other,
      });
      sink.again([head]);
      sink.write(head);
    },
    decided(record) {
      if (random() < sample) sink.write(line({ type: "decision", ...record() }));
    },
    changed(record, { change, source, policy: by }, candidate) {
      if (allowance()) sink.write(line({ type: "shadow", ...record, change, source, by, candidate }));
    },
  };
}
