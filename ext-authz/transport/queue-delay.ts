/**
 * How long a check may have waited for us before we looked at it: in sockets and in the kernel, where nobody counts. In: every
 * time a connection brings a whole message. Out: an upper bound in milliseconds. Effects: the turns of the event loop, as they
 * were given.
 *
 * A turn of the loop reads what every socket holds. So what a connection brings now was not there when it was read in a turn
 * before; and when the loop had been idle just before this turn, nothing had been there at all.
 */

export interface QueueDelay {
  /**
   * @param connection whose message is whole now
   * @param bytes of it
   * @param now milliseconds, monotonic
   */
  waited(connection: object, bytes: number, now: number): number;
  /** Whether the loop had an idle moment before this turn: then no queue is older than the turn. */
  idle(): boolean;
}

export interface LoopEffects {
  /** Milliseconds that the event loop has waited for something to do, since it began. */
  readonly idleTime: () => number;
  /** Runs when this turn has read every socket. */
  readonly atEndOfTurn: (run: () => void) => void;
}

interface Reads {
  turn: number;
  /** In that turn. */
  bytes: number;
  /** The last read, in that turn. */
  last: number;
  /** The last read in a turn before it that left nothing behind. */
  before: number;
}

/** libuv leaves a socket after 32 reads of 64 KiB; well below that it has read all that there was. */
const READ_WHOLE = 1_500_000;

export function createQueueDelay({ idleTime, atEndOfTurn }: LoopEffects): QueueDelay {
  const reads = new WeakMap<object, Reads>();
  let turn = 0;
  let inTurn = false;
  let begun = 0;
  let previous = 0;
  let idleBefore = idleTime();
  let wasIdle = true;

  function beginTurn(now: number): void {
    inTurn = true;
    turn++;
    previous = begun;
    begun = now;
    const idle = idleTime();
    wasIdle = idle > idleBefore;
    idleBefore = idle;
    atEndOfTurn(() => {
      inTurn = false;
    });
  }

  return {
    waited(connection, bytes, now) {
      if (!inTurn) beginTurn(now);
      let read = reads.get(connection);
      if (read === undefined) {
        // New connections are accepted in the turn before they are read.
        read = { turn, bytes: 0, last: now, before: previous };
        reads.set(connection, read);
      } else if (read.turn !== turn) {
        if (read.bytes < READ_WHOLE) read.before = Math.max(previous, read.last);
        read.turn = turn;
        read.bytes = 0;
      }
      read.last = now;
      read.bytes += bytes;
      return now - (wasIdle ? begun : read.before);
    },
    idle: () => wasIdle,
  };
}
