/**
 * One HTTP/2 connection of the load client. In: where to, what to do with each answer. Out: a way to send exchanges. Effects:
 * a TCP socket. It writes what a turn of the event loop made in one go and looks at no more of an answer than its verdict.
 */
import { connect } from "node:net";
import {
  type Exchange,
  FLAG,
  FRAME,
  FRAME_HEAD,
  frame,
  preface,
  RECEIVE_WINDOW,
  saysOk,
  windowUpdate,
} from "./http2-frames.ts";

/** What an answer says: a Check's decision, or a status of 200 and any other. `failed`: no answer to speak of. */
export type Verdict = "allowed" | "denied" | "failed";
const VERDICTS: readonly Verdict[] = ["failed", "allowed", "denied"];

export interface Connection {
  /** @param tag is handed back with the answer */
  send(exchange: Exchange, tag: number): void;
  /** Writes what was sent since. */
  flush(): void;
  readonly underWay: () => number;
  close(): void;
}

export type Answered = (verdict: Verdict, sentAt: number, now: number, tag: number) => void;

/** Under way at once on one connection, at most. */
const SLOTS = 1 << 16;
const slotOf = (id: number): number => (id >>> 1) & (SLOTS - 1);

/** @param grpc answers are CheckResponses; else plain HTTP. Resolves when the server has said its settings. */
export function openConnection(host: string, port: number, grpc: boolean, answered: Answered): Promise<Connection> {
  const socket = connect({ host, port, noDelay: true });
  const sentAt = new Float64Array(SLOTS);
  const tags = new Float64Array(SLOTS);
  const states = new Uint8Array(SLOTS);
  const open = new Uint8Array(SLOTS);
  const waiting: (readonly [Exchange, number])[] = [];
  let out: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let nextId = 1;
  let window = 65_535;
  let received = 0;
  let underWay = 0;
  let dead = false;

  const flush = (): void => {
    if (out.length === 0 || dead) return;
    const bytes = out.length === 1 && out[0] !== undefined ? out[0] : Buffer.concat(out);
    out = [];
    socket.write(bytes);
  };
  const put = (exchange: Exchange, tag: number): void => {
    const bytes = Buffer.from(exchange.bytes);
    for (const at of exchange.idsAt) bytes.writeUInt32BE(nextId, at);
    const slot = slotOf(nextId);
    sentAt[slot] = performance.now();
    tags[slot] = tag;
    states[slot] = 0;
    open[slot] = 1;
    nextId += 2;
    window -= exchange.body;
    out.push(bytes);
  };
  const send = (exchange: Exchange, tag: number): void => {
    underWay++;
    if (dead) done(-1, performance.now());
    else if (waiting.length > 0 || exchange.body > window) waiting.push([exchange, tag]);
    else put(exchange, tag);
  };
  const done = (id: number, now: number): void => {
    const slot = slotOf(id);
    if (id >= 0) {
      if (open[slot] !== 1) return;
      open[slot] = 0;
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
    } else if (type === FRAME.settings && (flags & FLAG.ack) === 0)
      out.push(frame(FRAME.settings, FLAG.ack, Buffer.alloc(0)));
    else if (type === FRAME.ping && (flags & FLAG.ack) === 0) {
      out.push(frame(FRAME.ping, FLAG.ack, Buffer.from(bytes.subarray(payload, payload + length))));
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
    waiting.length = 0;
    for (let left = underWay; left > 0; left--) done(-1, now);
  };
  socket.on("error", die);
  socket.on("close", die);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => socket.write(preface()));
    socket.once("data", () => resolve({ send, flush, underWay: () => underWay, close: () => socket.destroy() }));
    socket.on("data", (chunk: Buffer) => {
      const now = performance.now();
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (at + FRAME_HEAD <= bytes.length) {
        const length = bytes.readUIntBE(at, 3);
        if (at + FRAME_HEAD + length > bytes.length) break;
        take(bytes, at, length, now);
        at += FRAME_HEAD + length;
      }
      rest = bytes.subarray(at);
      if (received > RECEIVE_WINDOW / 2) {
        out.push(windowUpdate(received));
        received = 0;
      }
      for (let first = waiting[0]; first !== undefined && first[0].body <= window; first = waiting[0]) {
        waiting.shift();
        put(...first);
      }
      flush();
    });
  });
}
