/**
 * Header blocks of one connection become request heads. In: the bytes of a whole block. Out: a head; undefined for what is no HPACK.
 * Effects: the connection's header table.
 */
import { HpackDecoder } from "./hpack-decoder.ts";
import { HeadBuilder, type RequestHead } from "./request-head.ts";

/** A block as its client repeats it is some ten bytes long. */
const MAX_REMEMBERED = 256;

export class HeadReader {
  private readonly hpack = new HpackDecoder();
  /**
   * The last block that left the table as it was. The same bytes with the same table mean the same head, and a client that repeats
   * its headers sends the same bytes.
   */
  private readonly known = Buffer.allocUnsafe(MAX_REMEMBERED);
  private knownLength = -1;
  private knownVersion = 0;
  private knownHead: RequestHead | undefined = undefined;

  request(bytes: Buffer, from: number, to: number): RequestHead | undefined {
    const { version } = this.hpack;
    if (version === this.knownVersion && this.isKnown(bytes, from, to)) return this.knownHead;
    const head = this.decode(bytes, from, to, false);
    if (head !== undefined && version === this.hpack.version && to - from <= MAX_REMEMBERED) {
      bytes.copy(this.known, 0, from, to);
      this.knownLength = to - from;
      this.knownVersion = version;
      this.knownHead = head;
    }
    return head;
  }

  trailer(bytes: Buffer, from: number, to: number): RequestHead | undefined {
    return this.decode(bytes, from, to, true);
  }

  private isKnown(bytes: Buffer, from: number, to: number): boolean {
    if (to - from !== this.knownLength) return false;
    for (let at = from, other = 0; at < to; at++, other++) {
      if (bytes[at] !== this.known[other]) return false;
    }
    return true;
  }

  private decode(bytes: Buffer, from: number, to: number, isTrailer: boolean): RequestHead | undefined {
    const head = new HeadBuilder();
    if (!this.hpack.decode(bytes, from, to, head)) return undefined;
    head.end(isTrailer);
    return head;
  }
}
