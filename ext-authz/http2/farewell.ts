/**
 * Saying that no more calls are taken, in two steps (RFC 9113 §6.8): what a client sent before it heard of the first is still taken.
 * In: when to leave, which ping came back. Out: which streams are taken. Effects: GOAWAY and a ping on the connection.
 */
import { MAX_WINDOW } from "./bounds.ts";
import { NO_ERROR } from "./error-codes.ts";
import { frame, GOAWAY, numbersFrame, PING } from "./frame-layout.ts";
import type { Output } from "./output.ts";

const PAYLOAD = Buffer.from("leaving?", "latin1");
/** Above every id that there is, as the largest window is. */
const ALL = MAX_WINDOW;

export class Farewell {
  /** The highest stream that is taken. */
  lastTaken = ALL;
  hasBegun = false;
  isSaid = false;
  private readonly output: Output;

  constructor(output: Output) {
    this.output = output;
  }

  begin(): void {
    this.hasBegun = true;
    this.output.append(numbersFrame(GOAWAY, 0, ALL, NO_ERROR));
    this.output.append(frame(PING, 0, 0, PAYLOAD));
  }

  isHeard(payload: Buffer): boolean {
    return this.hasBegun && payload.equals(PAYLOAD);
  }

  /** The second step. */
  end(lastId: number): void {
    this.isSaid = true;
    this.lastTaken = lastId;
    this.output.append(numbersFrame(GOAWAY, 0, lastId, NO_ERROR));
  }
}
