/**
 * One stream: a request that comes in, and its answer. In: what the connection reads. Out: whatever its receiver sends, in order,
 * once; to a stream that is closed nothing is sent. Effects: the connection's sending half.
 */
import { MAX_HEADER_LIST, MAX_HELD_STREAM, STREAM_BYTES } from "./bounds.ts";
import type { ByteShare } from "./byte-pool.ts";
import { CANCEL } from "./error-codes.ts";
import type { RequestHead } from "./request-head.ts";
import type { Outgoing, Sender } from "./sender.ts";

/** Takes one request's body on. None of these may throw. */
export interface Receiver {
  /**
   * @param piece a view into what the socket read: whoever keeps it keeps all of that, up to 64 KiB
   * @param ended nothing follows
   */
  data(piece: Buffer, ended: boolean): void;
  /** The body should be here by now. */
  late(): void;
  /** The connection ends once its streams have: who would never end, ends now. */
  leaving(): void;
  /** Once: nothing is read or sent any more, whoever ended it. */
  closed(): void;
}

/** Makes the receiver of a stream whose head is in and may stand. It may answer at once. */
export type Accept = (stream: ServerStream) => Receiver;

export interface StreamOwner {
  readonly sender: Sender<ServerStream>;
  /** What this connection's client makes us hold of its requests. */
  readonly incoming: ByteShare;
  /** Ends a stream for what went wrong on our side, or took too long. */
  cancel(stream: ServerStream, code: number): void;
}

export class ServerStream implements Outgoing {
  readonly id: number;
  readonly head: RequestHead;
  /** The sweep in which it began. */
  readonly born: number;
  receiver: Receiver | undefined = undefined;
  isOpen = true;
  readonly cost: number;
  /** All of the request is here. */
  requestEnded = false;
  headersSent = false;
  /** Bytes of the body so far. */
  received = 0;
  /** Bytes that came and that its window has not been widened for. */
  uncredited = 0;
  windowChange = 0;
  held: Buffer | undefined = undefined;
  heldFrom = 0;
  /** Sweeps that found something held. */
  heldSweeps = 0;
  trailers: Buffer | undefined = undefined;
  private readonly owner: StreamOwner;

  constructor(id: number, head: RequestHead, born: number, owner: StreamOwner) {
    this.id = id;
    this.head = head;
    this.born = born;
    this.owner = owner;
    this.cost = STREAM_BYTES + Math.max(0, Math.min(head.size, MAX_HEADER_LIST) - 1024);
  }

  /** For receivers, of what they keep. @returns false: no room for more; counted until `release` all the same */
  hold(bytes: number): boolean {
    return this.owner.incoming.take(bytes);
  }

  release(bytes: number): void {
    this.owner.incoming.giveBack(bytes);
  }

  /** Headers, one body, trailers. */
  answer(headers: Buffer, body: Buffer, trailers: Buffer): void {
    if (!this.isOpen || this.headersSent) return;
    this.headersSent = true;
    this.owner.sender.answer(this, headers, body, trailers);
  }

  /** Headers that are the whole answer. */
  end(headers: Buffer): void {
    if (!this.isOpen || this.headersSent) return;
    this.headersSent = true;
    this.owner.sender.end(this, headers);
  }

  /** For answers in parts: then `write`, at last `finish`. */
  begin(headers: Buffer): void {
    if (!this.isOpen || this.headersSent) return;
    this.headersSent = true;
    this.owner.sender.headers(this, headers);
  }

  write(part: Buffer): void {
    if (!this.isOpen || !this.headersSent || this.trailers !== undefined) return;
    if ((this.held?.length ?? 0) - this.heldFrom + part.length > MAX_HELD_STREAM) this.reset(CANCEL);
    else this.owner.sender.data(this, part, undefined);
  }

  finish(trailers: Buffer): void {
    if (!this.isOpen || !this.headersSent || this.trailers !== undefined) return;
    this.trailers = trailers;
    if (this.held === undefined) this.owner.sender.end(this, trailers);
  }

  reset(code: number): void {
    if (this.isOpen) this.owner.cancel(this, code);
  }
}
