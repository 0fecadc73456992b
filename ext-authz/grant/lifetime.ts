/**
 * How long a grant may live. In: what ends a decision, each in seconds. Out: milliseconds from the guard's receipt, or
 * undefined when too little is left to be worth it. Pure.
 */
import { FRESH } from "../mint/minted-tokens.ts";

export interface Bounds {
  /** Seconds since the epoch. */
  readonly now: number;
  /** `grants.maxTtl`, in seconds. */
  readonly maxSeconds: number;
  /** Seconds since the epoch at which credentials may be judged otherwise. */
  readonly until: number;
  /** The shortest life of what is minted, in seconds. */
  readonly mintedSeconds: number;
}

/** Seconds: the answer is on its way for a while before the guard's clock starts. */
const ON_THE_WAY = 0.25;
/** Seconds that a minted token must have left when it is repeated for the last time. */
const LEFT = 1;
const LEAST_MS = 1000;

export function grantMilliseconds({ now, maxSeconds, until, mintedSeconds }: Bounds): number | undefined {
  // Minted maybe for an earlier request; and its `exp` counts from a whole second that may be almost over.
  const minted = FRESH * mintedSeconds - 1 - LEFT;
  // What is minted ends with the incoming token at the latest.
  const left = mintedSeconds === Number.POSITIVE_INFINITY ? 0 : LEFT;
  const seconds = Math.min(maxSeconds, until - now - left - ON_THE_WAY, minted - ON_THE_WAY);
  const milliseconds = Math.floor(seconds * 1000);
  return milliseconds >= LEAST_MS ? milliseconds : undefined;
}
