/**
 * What leaves on one connection, gathered: all answers of one turn of the event loop go out in one write. In: bytes written into
 * the place that is offered. Effects: writes to the socket.
 */
import type { Socket } from "node:net";
import { LITTLE_UNSENT, MAX_FRAME, MAX_UNSENT } from "./bounds.ts";
import type { ByteShare } from "./byte-pool.ts";
import { HEAD } from "./frame-layout.ts";

/** Room for one answer's frames at least, and for what one read of a socket usually brings. */
const BUFFER_BYTES = 64 * 1024;
/** Buffers that lie ready: as many connections as may be written to between two turns without a new one. */
const MAX_SPARE = 16;

/** What the connections of one server share, so that an idle one holds nothing. */
export class Outputs {
  private readonly spare: Buffer[] = [];
  private waiting: Output[] = [];
  private readonly flushAll = (): void => {
    const due = this.waiting;
    this.waiting = [];
    for (const output of due) output.flush();
  };

  take(): Buffer {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  giveBack(buffer: Buffer): void {
    if (this.spare.length < MAX_SPARE) this.spare.push(buffer);
  }

  /** After the promises that settle now: what they answer goes along. */
  flushSoon(output: Output): void {
    if (this.waiting.length === 0) process.nextTick(this.flushAll);
    this.waiting.push(output);
  }
}

export class Output {
  /** While a read is taken apart its end flushes. */
  isReading = false;
  /** The last write did not leave at once. */
  private isSlow = false;
  private buffer: Buffer | undefined = undefined;
  private length = 0;
  private readonly socket: Socket;
  private readonly shared: Outputs;
  /** What the socket has not taken. */
  private readonly unsent: ByteShare;

  constructor(socket: Socket, shared: Outputs, unsent: ByteShare) {
    this.socket = socket;
    this.shared = shared;
    this.unsent = unsent;
    socket.on("drain", () => {
      unsent.set(0);
      socket.resume();
    });
  }

  /** @returns where `bytes` bytes may be written, from `at()` on; `use` says how many were. Not kept across calls. */
  place(bytes: number): Buffer {
    if (this.length + bytes > BUFFER_BYTES) this.flush();
    if (this.buffer === undefined) {
      this.buffer = this.shared.take();
      if (!this.isReading) this.shared.flushSoon(this);
    }
    return this.buffer;
  }

  at(): number {
    return this.length;
  }

  use(bytes: number): void {
    this.length += bytes;
  }

  append(bytes: Uint8Array): void {
    this.place(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  flush(): void {
    const { buffer, length, socket } = this;
    if (buffer === undefined) return;
    this.buffer = undefined;
    this.length = 0;
    if (socket.destroyed || !socket.writable) {
      this.shared.giveBack(buffer);
      return;
    }
    const bytes = buffer.subarray(0, length);
    // The system has its own copy of what a socket has written; as long as it has not, the bytes are the socket's. A socket that
    // did not take all at once, as those of TLS never do, is given bytes of its own.
    socket.write(this.isSlow ? Buffer.from(bytes) : bytes);
    const unsent = socket.writableLength;
    if (this.isSlow || unsent === 0) this.shared.giveBack(buffer);
    this.isSlow = unsent > 0;
    const fits = this.unsent.set(unsent);
    if (unsent > LITTLE_UNSENT && this.unsent.isPoolFull) socket.destroy();
    // Who does not read its answers is not read either.
    else if ((!fits || unsent > MAX_UNSENT) && socket.writableNeedDrain) socket.pause();
  }

  /** A socket tells of what has left only when there was much of it. */
  recount(): void {
    this.unsent.set(this.socket.writableLength);
  }

  /** The socket is closed. */
  forget(): void {
    this.unsent.set(0);
  }
}

/** One answer fits whatever the client's windows: headers, a full frame of data, trailers. */
if (BUFFER_BYTES < 2 * (MAX_FRAME + HEAD)) throw new Error("output buffers are too small for an answer");
