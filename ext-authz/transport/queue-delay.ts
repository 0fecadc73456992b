/**
 * How long a check may have waited for us before we looked at it: in sockets and in the kernel, where nobody counts. In: every
 * turn of the event loop, and every time a connection brings a whole message. Out: an upper bound in milliseconds. Effects:
 * none but its own numbers.
 *
 * A turn of the loop reads what every socket holds. So what a connection brings now was not there when it was read before, nor
 * when the turn before began to look; and when the loop had been idle just before this turn, nothing had been there at all.
 */

export interface QueueDelay {
  /** A turn of the loop has ended: every socket was read. */
  turned(now: number): void;
  /**
   * @param connection whose message is whole now
   * @param bytes of it
   * @param now milliseconds, monotonic
   */
  waited(connection: object, bytes: number, now: number): number;
  /** Whether the loop had an idle moment before this turn: then no queue is older than the turn. */
  idle(): boolean;
}

interface Reads {
  turn: number;
  /** In that turn. */
  bytes: number;
  /** The last read, in that turn. */
  last: number;
  /** What it brings now came after this. */
  since: number;
}

/** libuv leaves a socket after 32 reads of 64 KiB; well below that it has read all that there was. */
const READ_WHOLE = 1_500_000;

/** @param idleTime milliseconds that the event loop has waited for something to do, since it began */
export function createQueueDelay(idleTime: () => number): QueueDelay {
  const connections = new WeakMap<object, Reads>();
  let turn = 0;
  /** When this turn and the one before began to look at sockets; no sooner than that. */
  let looking = 0;
  let looked = 0;
  /** When this turn brought its first message; undefined = not yet. */
  let first: number | undefined;
  let idleBefore = idleTime();
  let wasIdle = true;

  function begin(now: number): void {
    first = now;
    const idle = idleTime();
    wasIdle = idle > idleBefore;
    idleBefore = idle;
  }

  return {
    turned(now) {
      turn++;
      looked = looking;
      looking = now;
      first = undefined;
    },
    waited(connection, bytes, now) {
      if (first === undefined) begin(now);
      let reads = connections.get(connection);
      if (reads === undefined) {
        reads = { turn, bytes: 0, last: now, since: looked };
        connections.set(connection, reads);
      } else if (reads.turn !== turn) {
        if (reads.bytes < READ_WHOLE) reads.since = Math.max(looked, reads.last);
        reads.turn = turn;
        reads.bytes = 0;
      }
      reads.last = now;
      reads.bytes += bytes;
      return now - (wasIdle ? (first ?? now) : reads.since);
    },
    idle: () => wasIdle,
  };
}
