/**
 * How often a connection may do what only costs us. In: each time it is done, and what was earned. Out: whether it is too often.
 * Effects: the clock, as given, read only when what was there is spent.
 */

export interface AllowanceRule {
  readonly burst: number;
  readonly perSecond: number;
  /** For each answered call. */
  readonly earned: number;
}

export class Allowance {
  private left: number;
  private since: number;
  private readonly rule: AllowanceRule;
  private readonly clock: () => number;

  /** @param clock milliseconds, monotonic */
  constructor(rule: AllowanceRule, clock: () => number) {
    this.rule = rule;
    this.clock = clock;
    this.left = rule.burst;
    this.since = clock();
  }

  /** @returns false: that was once too often */
  take(cost = 1): boolean {
    this.left -= cost;
    if (this.left >= 0) return true;
    const now = this.clock();
    this.left = Math.min(this.rule.burst, this.left + ((now - this.since) / 1000) * this.rule.perSecond);
    this.since = now;
    return this.left >= 0;
  }

  earn(): void {
    if (this.left < this.rule.burst) this.left += this.rule.earned;
  }
}
