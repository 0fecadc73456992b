/**
 * A connection's bytes become frames. In: chunks, cut anywhere. Out: each frame once it is whole; a code for one that is too
 * large. What is left of a chunk is copied, so that no chunk is kept, and never more than one frame of it.
 */
import { MAX_FRAME } from "./bounds.ts";
import { FRAME_SIZE_ERROR, NO_ERROR } from "./error-codes.ts";
import { HEAD, readNumber31 } from "./frame-layout.ts";

/** The same object for every frame: valid until the function that was given it returns. */
export interface Frame {
  bytes: Buffer;
  type: number;
  flags: number;
  stream: number;
  /** Of the payload in `bytes`. */
  from: number;
  to: number;
}

const NONE = Buffer.alloc(0);
const LEAST_ROOM = 512;

export class FrameSplitter {
  private readonly frame: Frame = { bytes: NONE, type: 0, flags: 0, stream: 0, from: 0, to: 0 };
  /** Frames so far. */
  taken = 0;
  private part = NONE;
  private partLength = 0;

  /** Bytes held of a frame that has begun and is not whole. */
  get held(): number {
    return this.part.length;
  }

  /** @param take its code ends the reading */
  feed(chunk: Buffer, from: number, take: (frame: Frame) => number): number {
    let at = from;
    while (at < chunk.length) {
      const rest = chunk.length - at;
      let code = NO_ERROR;
      if (this.partLength === 0 && rest >= HEAD) {
        const length = lengthAt(chunk, at);
        if (length > MAX_FRAME) return FRAME_SIZE_ERROR;
        if (rest >= HEAD + length) {
          code = take(this.frameAt(chunk, at, length));
          at += HEAD + length;
        } else at += this.keep(chunk, at, HEAD + length);
      } else {
        at += this.keep(chunk, at, this.partLength < HEAD ? HEAD : HEAD + lengthAt(this.part, 0));
        code = this.takePart(take);
      }
      if (code !== NO_ERROR) return code;
    }
    this.frame.bytes = NONE;
    return NO_ERROR;
  }

  private takePart(take: (frame: Frame) => number): number {
    if (this.partLength < HEAD) return NO_ERROR;
    const length = lengthAt(this.part, 0);
    if (length > MAX_FRAME) return FRAME_SIZE_ERROR;
    if (this.partLength < HEAD + length) return NO_ERROR;
    const { part } = this;
    this.part = NONE;
    this.partLength = 0;
    return take(this.frameAt(part, 0, length));
  }

  /** @returns how many bytes of the chunk went into the part, which then has at most `wanted` */
  private keep(chunk: Buffer, at: number, wanted: number): number {
    const count = Math.min(wanted - this.partLength, chunk.length - at);
    const length = this.partLength + count;
    if (length > this.part.length) {
      // Room for what has come and as much again, not for what a length promises.
      const larger = Buffer.allocUnsafeSlow(Math.min(HEAD + MAX_FRAME, Math.max(LEAST_ROOM, 2 * length)));
      this.part.copy(larger, 0, 0, this.partLength);
      this.part = larger;
    }
    chunk.copy(this.part, this.partLength, at, at + count);
    this.partLength = length;
    return count;
  }

  private frameAt(bytes: Buffer, at: number, length: number): Frame {
    const { frame } = this;
    this.taken++;
    frame.bytes = bytes;
    frame.type = bytes[at + 3] ?? 0;
    frame.flags = bytes[at + 4] ?? 0;
    frame.stream = readNumber31(bytes, at + 5);
    frame.from = at + HEAD;
    frame.to = at + HEAD + length;
    return frame;
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}
