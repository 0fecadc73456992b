/**
 * Whether anybody is there: a ping, and a time for its answer. In: when to ask, what pings came back. Effects: a ping on the
 * connection, a timer; a connection whose client does not answer is ended without a word.
 */
import { KEEPALIVE_ANSWER_MS } from "./bounds.ts";
import { frame, PING } from "./frame-layout.ts";
import type { Output } from "./output.ts";

const PAYLOAD = Buffer.from("alive???", "latin1");

export class Keepalive {
  private readonly output: Output;
  private readonly dead: () => void;
  private waiting: NodeJS.Timeout | undefined = undefined;

  constructor(output: Output, dead: () => void) {
    this.output = output;
    this.dead = dead;
  }

  probe(): void {
    if (this.waiting !== undefined) return;
    this.output.append(frame(PING, 0, 0, PAYLOAD));
    this.waiting = setTimeout(this.dead, KEEPALIVE_ANSWER_MS).unref();
  }

  answered(payload: Buffer): void {
    if (payload.equals(PAYLOAD)) this.end();
  }

  end(): void {
    clearTimeout(this.waiting);
    this.waiting = undefined;
  }
}
