/** What was sent, and so what must have been counted. In: shots as they are answered. Out: counts and wrong answers. No effects. */
import type { Counts } from "./counters.ts";
import type { Shot } from "./shot.ts";

const MOST_WRONG = 20;

export class Tally {
  sent = 0;
  /** By those who send, before they do. */
  started = 0;
  pushes = 0;
  readonly wrong: string[] = [];
  private readonly reasons = new Map<string, number>();
  private readonly at = { edge: 0, zone: 0, deep: 0, passed: 0, denied: 0, errors: 0 };

  count(
    to: "edge" | "zone",
    { stamped, deep, denied }: Shot,
    { status, reason }: Pick<Shot, "status" | "reason">,
  ): void {
    const { at } = this;
    this.sent++;
    at[to]++;
    if (stamped) at.zone++;
    if (deep && status === 200) at.deep++;
    if (denied) at.denied++;
    // The stamp stands behind the check.
    else if (to === "edge" && (reason === "" || reason.startsWith("response_"))) at.passed++;
    if (status >= 500) at.errors++;
    if (reason !== "") this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }

  miss(text: string): void {
    if (this.wrong.length < MOST_WRONG) this.wrong.push(text);
  }

  get wanted(): Counts {
    const { edge, zone, deep, passed, denied, errors } = this.at;
    return {
      "requests at the edge": edge,
      "requests in the zone": zone,
      "requests behind the zone": deep,
      "allowed or granted": passed,
      "denied by the server": denied,
      "checks that failed": 0,
      "pushes at the edge": this.pushes,
      "pushes in the zone": this.pushes,
      "pushes refused": 0,
      "traps and reloads": 0,
      "server errors": errors,
      ...Object.fromEntries(this.reasons),
    };
  }
}
