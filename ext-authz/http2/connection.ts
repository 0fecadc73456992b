/**
 * One connection's life: preface, frames, the end of it. In: a socket, what takes its requests on. Out: what RFC 9113 says, on the
 * socket. Effects: the socket, timers. Whatever its client sends ends in an answer, a reset stream or a GOAWAY and a closed socket.
 */
import type { Socket } from "node:net";
import { Allowance } from "./allowance.ts";
import { CHORES, LINGER_MS, RESETS } from "./bounds.ts";
import { type BytePool, ByteShare } from "./byte-pool.ts";
import { Controls } from "./controls.ts";
import { dispatch } from "./dispatch.ts";
import { ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR } from "./error-codes.ts";
import { Farewell } from "./farewell.ts";
import * as layout from "./frame-layout.ts";
import { type Frame, FrameSplitter } from "./frame-splitter.ts";
import { Keepalive } from "./keepalive.ts";
import { Output, type Outputs } from "./output.ts";
import { greeting, Preface } from "./preface.ts";
import { Requests } from "./requests.ts";
import { Sender } from "./sender.ts";
import type { Accept, ServerStream } from "./stream.ts";
import { Streams } from "./streams.ts";

export interface ConnectionDeps {
  readonly accept: Accept;
  readonly maxStreams: number;
  readonly outputs: Outputs;
  /** Of requests. */
  readonly incoming: BytePool;
  /** Of answers: held by clients' windows, and not taken by their sockets. */
  readonly held: BytePool;
  readonly unsent: BytePool;
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
  /** Sweeps that there have been. */
  readonly sweeps: () => number;
  readonly closed: (connection: Connection) => void;
}

export class Connection {
  private readonly socket: Socket;
  private readonly deps: ConnectionDeps;
  private readonly streams = new Streams();
  private readonly output: Output;
  private readonly sender: Sender<ServerStream>;
  private readonly requests: Requests;
  private readonly controls: Controls;
  private readonly parts: ByteShare;
  private readonly splitter = new FrameSplitter();
  private readonly preface = new Preface();
  private readonly resets: Allowance;
  private readonly chores: Allowance;
  private readonly keepalive: Keepalive;
  private readonly farewell: Farewell;
  private readonly born: number;
  /** Without a word. */
  readonly destroy = (): void => void this.socket.destroy();
  /** The client's SETTINGS are in: its first frame. */
  private hasBegun = false;
  private isLeaving = false;
  /** GOAWAY with a code is out, or all is said: nothing that comes is looked at. */
  private isOver = false;
  /** The frame that a sweep found begun, by its number, and since which sweep: a busy connection is often within one, another each time. */
  private within = { frame: -1, since: 0 };
  private readonly takeFrame = (frame: Frame): number => this.take(frame);

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.socket = socket;
    this.deps = deps;
    this.born = deps.sweeps();
    this.parts = new ByteShare(deps.incoming);
    this.resets = new Allowance(RESETS, deps.clock);
    this.chores = new Allowance(CHORES, deps.clock);
    this.output = new Output(socket, deps.outputs, new ByteShare(deps.unsent));
    this.farewell = new Farewell(this.output);
    this.keepalive = new Keepalive(this.output, this.destroy);
    this.sender = new Sender(this.output, new ByteShare(deps.held), {
      ended: (stream) => this.answered(stream),
      broken: (why) => this.fail(why),
    });
    const { streams, sender, resets, chores } = this;
    this.requests = new Requests({
      ...{ streams, sender, resets, chores, accept: deps.accept, maxStreams: deps.maxStreams, sweeps: deps.sweeps },
      incoming: new ByteShare(deps.incoming),
      lastTaken: () => this.farewell.lastTaken,
      cancel: (stream, why) => this.cancel(stream, why),
    });
    this.controls = new Controls({
      ...{ streams, sender, chores },
      answered: (payload) => this.pinged(payload),
      fault: (stream, why) => this.requests.fault(stream, why),
    });
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.read(chunk));
    // A client that cuts its connection is no error of ours; an unheard one would end the process.
    socket.on("error", () => {});
    socket.on("end", this.destroy);
    socket.on("close", () => this.gone());
  }

  /** Asks whether anybody is there. */
  probe(): void {
    if (!this.isOver && this.hasBegun) this.keepalive.probe();
  }

  /** Ends what has begun two sweeps ago and is still not whole. */
  sweep(now: number): void {
    if (this.isOver) return;
    this.output.recount();
    const limit = now - 2;
    if (!this.hasBegun) {
      if (this.born <= limit) this.socket.destroy();
      return;
    }
    const { held, taken } = this.splitter;
    if (held === 0 || taken !== this.within.frame) this.within = { frame: taken, since: now };
    if (this.within.since <= limit || (this.requests.openBlock?.since ?? now) <= limit) {
      this.fail(ENHANCE_YOUR_CALM);
      return;
    }
    this.streams.sweep(limit);
  }

  /** No more calls are taken; closes when those that are have been answered. */
  leave(): void {
    if (this.isOver || this.isLeaving) return;
    if (this.hasBegun) this.farewell.begin();
    this.isLeaving = true;
    setTimeout(() => (this.hasBegun ? this.closeDoor() : this.destroy()), LINGER_MS).unref();
  }

  private read(chunk: Buffer): void {
    if (this.isOver) return;
    this.output.isReading = true;
    try {
      const from = this.preface.isWhole ? 0 : this.begin(chunk);
      const wrong = from < 0 ? NO_ERROR : this.splitter.feed(chunk, from, this.takeFrame);
      if (wrong !== NO_ERROR) this.fail(wrong);
    } catch {
      // A bug of ours: this connection cannot be trusted any further, the others can.
      this.fail(INTERNAL_ERROR);
    }
    this.output.isReading = false;
    this.output.flush();
    this.count();
    this.closeIfDone();
  }

  /** What is held of frames and header blocks that are not whole. */
  private count(): void {
    const bytes = this.splitter.held + (this.requests.openBlock?.bytes ?? 0);
    if (bytes !== this.parts.bytes && !this.parts.set(bytes)) this.fail(ENHANCE_YOUR_CALM);
  }

  /** @returns where the frames begin; -1: nowhere */
  private begin(chunk: Buffer): number {
    const from = this.preface.read(chunk);
    if (from === undefined) {
      if (this.preface.isHttp1) this.socket.write(this.preface.http1Answer);
      else this.fail(PROTOCOL_ERROR);
      this.close();
      return -1;
    }
    if (this.preface.isWhole) this.output.append(greeting(this.deps.maxStreams));
    return from;
  }

  private take(frame: Frame): number {
    if (this.isOver) return NO_ERROR;
    if (!this.hasBegun) {
      if (frame.type !== layout.SETTINGS || (frame.flags & layout.ACK) !== 0) return PROTOCOL_ERROR;
      this.hasBegun = true;
      if (this.isLeaving) this.farewell.begin();
    }
    return dispatch(frame, this.requests, this.controls);
  }

  private answered(stream: ServerStream): void {
    this.resets.earn();
    this.chores.earn();
    // The answer is whole before the request is (§8.1): what is still on its way is not wanted.
    if (stream.requestEnded) this.endStream(stream);
    else this.cancel(stream, NO_ERROR);
  }

  private cancel(stream: ServerStream, why: number): void {
    this.sender.forget(stream);
    this.sender.reset(stream.id, why);
    this.streams.rememberReset(stream.id);
    this.endStream(stream);
  }

  private endStream(stream: ServerStream): void {
    this.streams.close(stream);
    this.closeIfDone();
  }

  private closeIfDone(): void {
    if (this.farewell.isSaid && this.streams.open.size === 0) this.close();
  }

  private pinged(payload: Buffer): void {
    if (this.farewell.isHeard(payload)) this.closeDoor();
    else this.keepalive.answered(payload);
  }

  private closeDoor(): void {
    if (this.isOver || this.farewell.isSaid) return;
    this.farewell.end(this.streams.lastId);
    for (const stream of this.streams.open.values()) stream.receiver?.leaving();
    this.closeIfDone();
  }

  private fail(why: number): void {
    if (this.isOver) return;
    this.output.append(
      layout.numbersFrame(layout.GOAWAY, 0, Math.min(this.streams.lastId, this.farewell.lastTaken), why),
    );
    this.close();
  }

  /** What is written leaves. */
  private close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.output.flush();
    this.socket.end();
    this.socket.resume();
    this.linger();
    this.streams.closeAll();
  }

  /** Who has broken the rules has a moment to read why. Who was asked to leave may take what was answered: the grace is its end. */
  private linger(): void {
    const over = (): void => {
      if (this.farewell.isSaid && this.socket.writableLength > 0) this.linger();
      else this.destroy();
    };
    setTimeout(over, LINGER_MS).unref();
  }

  private gone(): void {
    this.isOver = true;
    this.keepalive.end();
    this.streams.closeAll();
    this.sender.forgetAll();
    this.parts.set(0);
    this.output.forget();
    this.deps.closed(this);
  }
}
