/**
 * The streams of one connection that are open, and what is still known of those that are not. Bounded by the streams that a client
 * may have at once, and by how many resets are remembered. Pure but for itself. Source: RFC 9113 §5.1.
 */
import { REMEMBERED_RESETS } from "./bounds.ts";
import { CANCEL } from "./error-codes.ts";
import type { ServerStream } from "./stream.ts";

export class Streams {
  /** The highest id that a client has used: lower ones are in use or closed for ever (§5.1.1). */
  lastId = 0;
  readonly open = new Map<number, ServerStream>();
  private readonly resets = new Set<number>();

  /** Frames of it may be on their way: until it hears of the reset, the client does nothing wrong. */
  rememberReset(id: number): void {
    this.resets.add(id);
    if (this.resets.size <= REMEMBERED_RESETS) return;
    for (const oldest of this.resets) {
      this.resets.delete(oldest);
      break;
    }
  }

  wasReset(id: number): boolean {
    return this.resets.has(id);
  }

  /** @returns false: there is no room for it, and it is not open */
  begin(stream: ServerStream): boolean {
    if (!stream.hold(stream.cost)) {
      stream.release(stream.cost);
      return false;
    }
    this.open.set(stream.id, stream);
    return true;
  }

  /** No more frames of it are read or sent. */
  close(stream: ServerStream): void {
    if (!stream.isOpen) return;
    stream.isOpen = false;
    this.open.delete(stream.id);
    stream.release(stream.cost);
    stream.receiver?.closed();
  }

  /** Asks for what began before a sweep and should be here, resets what has not left since two. */
  sweep(limit: number): void {
    for (const stream of this.open.values()) {
      if (!stream.requestEnded && stream.born <= limit) stream.receiver?.late();
      if (stream.held === undefined) stream.heldSweeps = 0;
      else if (++stream.heldSweeps > 2) stream.reset(CANCEL);
    }
  }

  closeAll(): void {
    for (const stream of this.open.values()) this.close(stream);
  }
}
