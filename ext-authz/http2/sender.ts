/**
 * The sending half of a connection: frames leave as the client's windows allow, the rest is held. In: answers, and what the client
 * says of its windows. Out: codes for what breaks RFC 9113 §6.9. Effects: the connection's output.
 */
import { DEFAULT_WINDOW, MAX_FRAME, MAX_WINDOW } from "./bounds.ts";
import type { ByteShare } from "./byte-pool.ts";
import { ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, NO_ERROR } from "./error-codes.ts";
import { DATA, END_HEADERS, END_STREAM, HEAD, HEADERS, numbersFrame, RST_STREAM, writeHead } from "./frame-layout.ts";
import type { Output } from "./output.ts";

/** What sending knows of a stream. */
export interface Outgoing {
  readonly id: number;
  /** The client's window for this stream, less what it grants every stream: its changes of that apply to all. */
  windowChange: number;
  /** Not sent yet, from `heldFrom` on. */
  held: Buffer | undefined;
  heldFrom: number;
  /** Follow what is held and end the stream; undefined: more may come. */
  trailers: Buffer | undefined;
}

export interface SenderEvents<S> {
  /** All of the answer has left, as far as this side goes. */
  readonly ended: (stream: S) => void;
  /** More is held than one client is worth. */
  readonly broken: (code: number) => void;
}

export class Sender<S extends Outgoing> {
  readonly output: Output;
  private readonly events: SenderEvents<S>;
  /** Bytes that the client takes on this connection; each of the two may be below zero (§6.9.2). */
  private window = DEFAULT_WINDOW;
  private perStream = DEFAULT_WINDOW;
  private readonly share: ByteShare;
  private readonly holding = new Set<S>();
  /** Those held for the connection's window alone: one byte more of it never looks through all that are held. */
  private readonly ready = new Set<S>();

  constructor(output: Output, share: ByteShare, events: SenderEvents<S>) {
    this.share = share;
    this.output = output;
    this.events = events;
  }

  /** A whole answer. @param headers blocks, no longer than a frame, as `trailers` are */
  answer(stream: S, headers: Buffer, body: Buffer, trailers: Buffer): void {
    const size = body.length;
    if (size > MAX_FRAME || size > this.window || size > this.perStream + stream.windowChange) {
      this.headers(stream, headers);
      this.data(stream, body, trailers);
      return;
    }
    this.window -= size;
    const all = 3 * HEAD + headers.length + size + trailers.length;
    const into = this.output.place(all);
    let at = writeHead(into, this.output.at(), headers.length, HEADERS, END_HEADERS, stream.id);
    at += headers.copy(into, at);
    at = writeHead(into, at, size, DATA, 0, stream.id);
    at += body.copy(into, at);
    at = writeHead(into, at, trailers.length, HEADERS, END_HEADERS | END_STREAM, stream.id);
    trailers.copy(into, at);
    this.output.use(all);
    this.events.ended(stream);
  }

  /** An answer that has no body. */
  end(stream: S, headers: Buffer): void {
    this.block(stream.id, headers, END_STREAM);
    this.events.ended(stream);
  }

  headers(stream: S, headers: Buffer): void {
    this.block(stream.id, headers, 0);
  }

  /** @param trailers end the stream when all has left */
  data(stream: S, body: Buffer, trailers: Buffer | undefined): void {
    const rest = stream.held?.subarray(stream.heldFrom);
    stream.held = rest === undefined ? body : Buffer.concat([rest, body]);
    stream.heldFrom = 0;
    stream.trailers = trailers;
    this.holding.add(stream);
    const fits = this.share.take(body.length);
    this.push(stream);
    if (!fits && stream.held !== undefined) this.events.broken(ENHANCE_YOUR_CALM);
  }

  reset(id: number, code: number): void {
    this.output.append(numbersFrame(RST_STREAM, id, code));
  }

  /** What a stream that ends has not sent is not sent. */
  forget(stream: S): void {
    if (stream.held === undefined) return;
    this.share.giveBack(stream.held.length - stream.heldFrom);
    stream.held = undefined;
    this.holding.delete(stream);
    this.ready.delete(stream);
  }

  /** Nothing leaves any more. */
  forgetAll(): void {
    for (const stream of this.holding) this.forget(stream);
  }

  /** @returns a connection's error */
  widen(increment: number): number {
    this.window += increment;
    if (this.window > MAX_WINDOW) return FLOW_CONTROL_ERROR;
    for (const stream of this.ready) {
      if (this.window <= 0) break;
      this.push(stream);
    }
    return NO_ERROR;
  }

  /** @returns a stream's error */
  widenStream(stream: S, increment: number): number {
    stream.windowChange += increment;
    if (this.perStream + stream.windowChange > MAX_WINDOW) return FLOW_CONTROL_ERROR;
    if (stream.held !== undefined) this.push(stream);
    return NO_ERROR;
  }

  /** For every stream, those that are open too; `pushAll` follows. */
  grantEach(window: number): void {
    this.perStream = window;
  }

  /** @returns a connection's error */
  pushAll(): number {
    for (const stream of this.holding) {
      if (this.perStream + stream.windowChange > MAX_WINDOW) return FLOW_CONTROL_ERROR;
      this.push(stream);
    }
    return NO_ERROR;
  }

  private push(stream: S): void {
    const { held } = stream;
    if (held === undefined) return;
    while (stream.heldFrom < held.length) {
      const own = this.perStream + stream.windowChange;
      const size = Math.min(held.length - stream.heldFrom, MAX_FRAME, this.window, own);
      if (size <= 0) {
        if (own > 0) this.ready.add(stream);
        else this.ready.delete(stream);
        return;
      }
      const into = this.output.place(HEAD + size);
      const at = writeHead(into, this.output.at(), size, DATA, 0, stream.id);
      held.copy(into, at, stream.heldFrom, stream.heldFrom + size);
      this.output.use(HEAD + size);
      stream.heldFrom += size;
      stream.windowChange -= size;
      this.window -= size;
      this.share.giveBack(size);
    }
    this.forget(stream);
    if (stream.trailers !== undefined) this.end(stream, stream.trailers);
  }

  private block(id: number, headers: Buffer, flags: number): void {
    const into = this.output.place(HEAD + headers.length);
    headers.copy(into, writeHead(into, this.output.at(), headers.length, HEADERS, END_HEADERS | flags, id));
    this.output.use(HEAD + headers.length);
  }
}
