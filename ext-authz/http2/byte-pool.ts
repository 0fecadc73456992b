/**
 * Memory that clients make us hold, of all connections of a server. In: how many bytes more, and for which connection. Out:
 * whether there is room. Pure but for its own numbers.
 */

/** A connection may hold a quarter of what is still free: one alone gets a fifth of all, and leaves four fifths to others. */
const PART = 4;

export class BytePool {
  readonly limit: number;
  /** What each connection may hold whatever others do: no client, and no number of clients, takes that from who comes new. */
  readonly own: number;
  total = 0;

  constructor(limit: number, own: number) {
    this.limit = limit;
    this.own = own;
  }
}

/** One connection's. */
export class ByteShare {
  bytes = 0;
  private readonly pool: BytePool;

  constructor(pool: BytePool) {
    this.pool = pool;
  }

  /** All connections together hold more than there is. */
  get isPoolFull(): boolean {
    return this.pool.total > this.pool.limit;
  }

  /** @returns false: no room; they are counted all the same, until they are given back */
  take(bytes: number): boolean {
    this.bytes += bytes;
    this.pool.total += bytes;
    const { own, limit, total } = this.pool;
    return this.bytes <= own || this.bytes * PART <= limit - total;
  }

  /** As `take` and `giveBack`, for who knows only how many there are. */
  set(bytes: number): boolean {
    return this.take(bytes - this.bytes);
  }

  giveBack(bytes: number): void {
    this.bytes -= bytes;
    this.pool.total -= bytes;
  }
}
