/**
 * One HTTP/2 connection of the load client. In: where to, what to do with each answer. Out: a way to send exchanges. Effects:
 * a TCP socket. It writes what a turn of the event loop made in one go and looks at no more of an answer than its verdict. What it
 * writes and reads stands in blocks that are used again: its own collections of garbage would be half of the p99 that it measures.
 */
import { connect } from "node:net";
import {
  type Exchange,
  FLAG,
  FRAME,
  FRAME_HEAD,
  frame,
  mostStreamsOf,
  preface,
  RECEIVE_WINDOW,
  saysOk,
  windowUpdate,
} from "./http2-frames.ts";

/** What an answer says: a Check's decision, or a status of 200 and any other. `failed`: no answer to speak of. */
export type Verdict = "allowed" | "denied" | "failed";
const VERDICTS: readonly Verdict[] = ["failed", "allowed", "denied"];

export interface Connection {
  /** Its time counts from now, also when the server's limits make it wait here. @param tag is handed back with the answer */
  send(exchange: Exchange, tag: number): void;
  /** Writes what was sent since. */
  flush(): void;
  readonly underWay: () => number;
  close(): void;
}

export type Answered = (verdict: Verdict, sentAt: number, now: number, tag: number) => void;

/** Under way at once on one connection, at most. */
const SLOTS = 1 << 16;
/** Of what is written or read at once. */
const BLOCK = 1 << 18;
/** Blocks that wait to be used again, at most. */
const SPARE = 16;
const NOTHING = Buffer.alloc(0);
const slotOf = (id: number): number => (id >>> 1) & (SLOTS - 1);

/** @param grpc answers are CheckResponses; else plain HTTP. Resolves when the server has said its settings. */
export function openConnection(host: string, port: number, grpc: boolean, answered: Answered): Promise<Connection> {
  const onread = {
    buffer: Buffer.allocUnsafeSlow(BLOCK),
    callback: (length: number, block: Uint8Array) => took(length, block),
  };
  const socket = connect({ host, port, noDelay: true, onread });
  const sentAt = new Float64Array(SLOTS);
  const tags = new Float64Array(SLOTS);
  const states = new Uint8Array(SLOTS);
  const open = new Uint8Array(SLOTS);
  let waiting: (readonly [exchange: Exchange, tag: number, dueAt: number])[] = [];
  /** Of those that wait, the next one. */
  let head = 0;
  const spare: Buffer[] = [];
  let out: Buffer = Buffer.allocUnsafeSlow(BLOCK);
  let written = 0;
  let rest: Buffer = NOTHING;
  let nextId = 1;
  let window = 65_535;
  let received = 0;
  let underWay = 0;
  /** Streams that are open, and how many the server takes. */
  let streams = 0;
  let mostStreams = SLOTS - 1;
  let dead = false;

  const flush = (): void => {
    if (dead) written = 0;
    if (written === 0) return;
    const block = out;
    socket.write(block.subarray(0, written), () => {
      if (spare.length < SPARE) spare.push(block);
    });
    out = spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK);
    written = 0;
  };
  /** Where the bytes stand from now on, in `out`. */
  const stage = (bytes: Buffer): number => {
    if (bytes.length > BLOCK) throw new Error("an exchange that is larger than a block");
    if (written + bytes.length > BLOCK) flush();
    const at = written;
    written += bytes.copy(out, at);
    return at;
  };
  const put = (exchange: Exchange, tag: number, dueAt: number): void => {
    const from = stage(exchange.bytes);
    for (const at of exchange.idsAt) out.writeUInt32BE(nextId, from + at);
    const slot = slotOf(nextId);
    sentAt[slot] = dueAt;
    tags[slot] = tag;
    states[slot] = 0;
    open[slot] = 1;
    nextId += 2;
    streams++;
    window -= exchange.body;
  };
  const send = (exchange: Exchange, tag: number): void => {
    const now = performance.now();
    underWay++;
    if (dead) done(-1, now);
    else if (head < waiting.length || !mayPut(exchange)) waiting.push([exchange, tag, now]);
    else put(exchange, tag, now);
  };
  const mayPut = (exchange: Exchange): boolean => exchange.body <= window && streams < mostStreams;
  const putWaiting = (): void => {
    for (let next = waiting[head]; next !== undefined && mayPut(next[0]); next = waiting[++head]) put(...next);
    if (head < waiting.length || head === 0) return;
    waiting = [];
    head = 0;
  };
  const done = (id: number, now: number): void => {
    const slot = slotOf(id);
    if (id >= 0) {
      if (open[slot] !== 1) return;
      open[slot] = 0;
      streams--;
    }
    underWay--;
    answered(id < 0 ? "failed" : (VERDICTS[states[slot] ?? 0] ?? "failed"), sentAt[slot] ?? now, now, tags[slot] ?? 0);
  };
  /** Of a CheckResponse: google.rpc.Status stands first, 0a LENGTH 08 CODE; no code is OK. After the five bytes of gRPC's frame. */
  const decided = (bytes: Buffer, at: number): number =>
    bytes[at + 5] === 0x0a && (bytes[at + 6] ?? 0) > 1 && bytes[at + 7] === 0x08 && bytes[at + 8] !== 0 ? 2 : 1;
  const take = (bytes: Buffer, at: number, length: number, now: number): void => {
    const [type, flags] = [bytes[at + 3] ?? 0, bytes[at + 4] ?? 0];
    const id = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    const payload = at + FRAME_HEAD;
    if (type === FRAME.data) {
      received += length;
      if (grpc && length > 5 && states[slotOf(id)] === 0) states[slotOf(id)] = decided(bytes, payload);
    } else if (type === FRAME.headers) {
      if (!grpc && states[slotOf(id)] === 0) states[slotOf(id)] = saysOk(bytes, payload, payload + length) ? 1 : 2;
    } else if (type === FRAME.windowUpdate) {
      if (id === 0) window += bytes.readUInt32BE(payload);
    } else if (type === FRAME.settings && (flags & FLAG.ack) === 0) {
      mostStreams = Math.min(mostStreams, mostStreamsOf(bytes.subarray(payload, payload + length)));
      stage(frame(FRAME.settings, FLAG.ack, Buffer.alloc(0)));
    } else if (type === FRAME.ping && (flags & FLAG.ack) === 0) {
      stage(frame(FRAME.ping, FLAG.ack, Buffer.from(bytes.subarray(payload, payload + length))));
    } else if (type === FRAME.reset) {
      states[slotOf(id)] = 0;
      done(id, now);
    }
    if ((type === FRAME.data || type === FRAME.headers) && (flags & FLAG.endStream) !== 0) done(id, now);
  };
  const die = (): void => {
    if (dead) return;
    dead = true;
    const now = performance.now();
    waiting = [];
    head = 0;
    for (let left = underWay; left > 0; left--) done(-1, now);
  };
  socket.on("error", die);
  socket.on("close", die);
  let opened = (): void => {};
  /** What was read; the block is read into again when this returns. */
  function took(length: number, block: Uint8Array): boolean {
    const now = performance.now();
    const chunk = Buffer.from(block.buffer, block.byteOffset, length);
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + FRAME_HEAD <= bytes.length) {
      const size = bytes.readUIntBE(at, 3);
      if (at + FRAME_HEAD + size > bytes.length) break;
      take(bytes, at, size, now);
      at += FRAME_HEAD + size;
    }
    rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
    if (received > RECEIVE_WINDOW / 2) {
      stage(windowUpdate(received));
      received = 0;
    }
    putWaiting();
    flush();
    opened();
    return true;
  }
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => socket.write(preface()));
    opened = () => resolve({ send, flush, underWay: () => underWay, close: () => socket.destroy() });
  });
}
