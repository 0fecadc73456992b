/**
 * The receiving half of a connection's streams: HEADERS, CONTINUATION, DATA and RST_STREAM become requests for a receiver. In:
 * frames. Out: a connection's error, or none. Effects: streams begun, fed and ended. Source: RFC 9113 §5.1, §6.1, §6.2, §6.4, §6.10, §8.1.
 */
import type { Allowance } from "./allowance.ts";
import { MAX_CONTINUATIONS, MAX_HEADER_BLOCK, RECEIVE_WINDOW } from "./bounds.ts";
import * as code from "./error-codes.ts";
import { ENHANCE_YOUR_CALM, NO_ERROR, PROTOCOL_ERROR } from "./error-codes.ts";
import {
  END_HEADERS,
  END_STREAM,
  numbersFrame,
  PADDED,
  readNumber31,
  WINDOW_UPDATE,
  WITH_PRIORITY,
} from "./frame-layout.ts";
import type { Frame } from "./frame-splitter.ts";
import { HeadReader } from "./head-reader.ts";
import { headerBlock } from "./header-block.ts";
import type { RequestHead } from "./request-head.ts";
import { type Accept, ServerStream, type StreamOwner } from "./stream.ts";
import type { Streams } from "./streams.ts";

export interface RequestsDeps extends StreamOwner {
  readonly streams: Streams;
  readonly accept: Accept;
  readonly maxStreams: number;
  /** Streams that end without their answer, frames that are no part of a call. */
  readonly resets: Allowance;
  readonly chores: Allowance;
  /** Sweeps that there have been. */
  readonly sweeps: () => number;
  /** Streams above it came after we had said that none would be taken. */
  readonly lastTaken: () => number;
}

/** A header block whose frames are not all here. */
interface OpenBlock {
  readonly stream: number;
  readonly endsStream: boolean;
  readonly parts: Buffer[];
  readonly since: number;
  bytes: number;
}

const NONE = Buffer.alloc(0);
const TOO_LARGE = headerBlock([[":status", "431"]]);
const PRIORITY_BYTES = 5;

export class Requests {
  private readonly deps: RequestsDeps;
  private readonly heads = new HeadReader();
  private uncredited = 0;
  openBlock: OpenBlock | undefined = undefined;

  constructor(deps: RequestsDeps) {
    this.deps = deps;
  }

  headers(frame: Frame): number {
    const { bytes, flags, stream } = frame;
    const { streams } = this.deps;
    if ((stream & 1) === 0) return PROTOCOL_ERROR;
    if (!unpad(frame)) return PROTOCOL_ERROR;
    if ((flags & WITH_PRIORITY) !== 0) {
      if (frame.to - frame.from < PRIORITY_BYTES) return code.FRAME_SIZE_ERROR;
      // Priorities mean nothing any more (§5.3); one that depends on itself never did.
      if (readNumber31(bytes, frame.from) === stream) return PROTOCOL_ERROR;
      frame.from += PRIORITY_BYTES;
    }
    if (stream <= streams.lastId && !streams.open.has(stream) && !streams.wasReset(stream)) return code.STREAM_CLOSED;
    const endsStream = (flags & END_STREAM) !== 0;
    if ((flags & END_HEADERS) !== 0) return this.block(stream, endsStream, bytes, frame.from, frame.to);
    const part = Buffer.from(bytes.subarray(frame.from, frame.to));
    this.openBlock = { stream, endsStream, parts: [part], since: this.deps.sweeps(), bytes: part.length };
    return NO_ERROR;
  }

  continuation({ bytes, from, to, flags, stream }: Frame): number {
    const block = this.openBlock;
    if (block === undefined || block.stream !== stream) return PROTOCOL_ERROR;
    block.bytes += to - from;
    if (block.parts.length > MAX_CONTINUATIONS || block.bytes > MAX_HEADER_BLOCK) return ENHANCE_YOUR_CALM;
    block.parts.push(Buffer.from(bytes.subarray(from, to)));
    if ((flags & END_HEADERS) === 0) return NO_ERROR;
    this.openBlock = undefined;
    return this.block(stream, block.endsStream, Buffer.concat(block.parts), 0, block.bytes);
  }

  data(frame: Frame): number {
    const { streams, sender, chores } = this.deps;
    const { bytes, flags, stream: id } = frame;
    if (id === 0 || id > streams.lastId) return PROTOCOL_ERROR;
    const flow = frame.to - frame.from;
    this.credit(flow);
    if (!unpad(frame)) return PROTOCOL_ERROR;
    const stream = streams.open.get(id);
    if (stream === undefined) return this.stray(id);
    if (stream.requestEnded) return this.fault(stream, code.STREAM_CLOSED);
    stream.uncredited += flow;
    const size = frame.to - frame.from;
    stream.received += size;
    const ended = (flags & END_STREAM) !== 0;
    if (!isLengthKept(stream, ended)) return this.fault(stream, PROTOCOL_ERROR);
    if (size === 0 && !ended) return chores.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
    stream.requestEnded = ended;
    stream.receiver?.data(bytes.subarray(frame.from, frame.to), ended);
    if (!ended && stream.isOpen && stream.uncredited > RECEIVE_WINDOW / 2) {
      sender.output.append(numbersFrame(WINDOW_UPDATE, id, stream.uncredited));
      stream.uncredited = 0;
    }
    return NO_ERROR;
  }

  reset({ stream: id, from, to }: Frame): number {
    const { streams, sender, resets, chores } = this.deps;
    if (to - from !== 4) return code.FRAME_SIZE_ERROR;
    if (id === 0 || id > streams.lastId) return PROTOCOL_ERROR;
    const stream = streams.open.get(id);
    if (stream === undefined) return chores.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
    sender.forget(stream);
    streams.close(stream);
    return resets.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
  }

  /** Ends one stream for what its client did, and counts it. @returns whether that was once too often */
  fault(stream: ServerStream, why: number): number {
    this.deps.cancel(stream, why);
    return this.deps.resets.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
  }

  /**
   * Widens the connection's window by what was read, in large steps. It is wide again as soon as something is read, so it is never
   * overrun: what bounds a client is what we read of it, and what its messages may hold.
   */
  private credit(bytes: number): void {
    this.uncredited += bytes;
    if (this.uncredited <= RECEIVE_WINDOW / 2) return;
    this.deps.sender.output.append(numbersFrame(WINDOW_UPDATE, 0, this.uncredited));
    this.uncredited = 0;
  }

  private block(id: number, endsStream: boolean, bytes: Buffer, from: number, to: number): number {
    const { streams, chores } = this.deps;
    if (id > streams.lastId) {
      const head = this.heads.request(bytes, from, to);
      streams.lastId = id;
      return head === undefined ? code.COMPRESSION_ERROR : this.begin(id, head, endsStream);
    }
    // What is not wanted any more is read all the same: later blocks refer to it.
    const trailer = this.heads.trailer(bytes, from, to);
    if (trailer === undefined) return code.COMPRESSION_ERROR;
    const stream = streams.open.get(id);
    if (stream === undefined) return chores.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
    if (stream.requestEnded) return this.fault(stream, code.STREAM_CLOSED);
    if (!endsStream || trailer.fault !== undefined || !isLengthKept(stream, true)) {
      return this.fault(stream, PROTOCOL_ERROR);
    }
    stream.requestEnded = true;
    stream.receiver?.data(NONE, true);
    return NO_ERROR;
  }

  private begin(id: number, head: RequestHead, ended: boolean): number {
    const { streams, accept, maxStreams, chores, sweeps, lastTaken } = this.deps;
    if (id > lastTaken() || streams.open.size >= maxStreams) {
      this.refuse(id, code.REFUSED_STREAM);
      return chores.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
    }
    const stream = new ServerStream(id, head, sweeps(), this.deps);
    stream.requestEnded = ended;
    if (head.fault === "malformed" || !isLengthKept(stream, ended)) {
      this.refuse(id, PROTOCOL_ERROR);
      return this.deps.resets.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
    }
    if (!streams.begin(stream)) {
      this.refuse(id, code.REFUSED_STREAM);
      return chores.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
    }
    if (head.fault === "too large") stream.end(TOO_LARGE);
    else {
      stream.receiver = accept(stream);
      if (ended && stream.isOpen) stream.receiver.data(NONE, true);
    }
    return NO_ERROR;
  }

  private refuse(id: number, why: number): void {
    this.deps.sender.reset(id, why);
    this.deps.streams.rememberReset(id);
  }

  /** DATA for a stream that is closed: on its way when we reset it, or sent after its own end. */
  private stray(id: number): number {
    const { streams, sender, resets, chores } = this.deps;
    if (streams.wasReset(id)) return chores.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
    sender.reset(id, code.STREAM_CLOSED);
    return resets.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
  }
}

/** Takes the padding off. @returns false: there is more of it than of the frame */
function unpad(frame: Frame): boolean {
  if ((frame.flags & PADDED) === 0) return true;
  if (frame.from >= frame.to) return false;
  const padding = frame.bytes[frame.from] ?? 0;
  frame.from++;
  frame.to -= padding;
  return frame.from <= frame.to;
}

/** §8.1.1: a body of another length than its head says is no message. */
function isLengthKept({ head: { contentLength }, received }: ServerStream, ended: boolean): boolean {
  if (contentLength === undefined) return true;
  return ended ? received === contentLength : received <= contentLength;
}
