/**
 * HTTP/2 as far as a load client needs it (RFC 9113, RFC 7541): requests as bytes that are made once and sent many times.
 * In: header lines, a body. Out: frames whose stream id is patched at sending. No effects. Header fields go as literals
 * that no side remembers: a request's bytes are then the same on every connection, and each server reads the same.
 */

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8 } as const;
export const FRAME_HEAD = 9;

/** One request. Stream id 0 stands where its own must be written: at `idsAt`. */
export interface Exchange {
  readonly bytes: Buffer;
  readonly idsAt: readonly number[];
  /** Bytes that flow control counts. */
  readonly body: number;
}

export type HeaderLine = readonly [name: string, value: string];

/** Answers may be this large before the window is opened anew. */
export const RECEIVE_WINDOW = 1 << 30;
const MAX_CONCURRENT_STREAMS = 3;
const STREAM_WINDOW = 1 << 20;

/** What a client says first: magic, its settings (no push, large streams), a large window for the connection. */
export function preface(): Buffer {
  const settings = Buffer.alloc(12);
  settings.writeUInt16BE(2, 0);
  settings.writeUInt16BE(4, 6);
  settings.writeUInt32BE(STREAM_WINDOW, 8);
  const magic = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  return Buffer.concat([magic, frame(FRAME.settings, 0, settings), windowUpdate(RECEIVE_WINDOW - 65_535)]);
}

export function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(FRAME.windowUpdate, 0, payload);
}

export function frame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  return Buffer.concat([head, payload]);
}

/** What a SETTINGS frame's payload says of streams at once (RFC 9113 §6.5.2); Infinity: nothing. */
export function mostStreamsOf(payload: Buffer): number {
  let most = Number.POSITIVE_INFINITY;
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    if (payload.readUInt16BE(at) === MAX_CONCURRENT_STREAMS) most = payload.readUInt32BE(at + 2);
  }
  return most;
}

/** @param lines pseudo headers first, names in lower case */
export function exchange(lines: readonly HeaderLine[], body: Buffer | undefined): Exchange {
  const block = Buffer.concat(lines.map(literal));
  const ends = FLAG.endHeaders | (body === undefined ? FLAG.endStream : 0);
  const headers = frame(FRAME.headers, ends, block);
  if (body === undefined) return { bytes: headers, idsAt: [5], body: 0 };
  const data = frame(FRAME.data, FLAG.endStream, body);
  return { bytes: Buffer.concat([headers, data]), idsAt: [5, headers.length + 5], body: body.length };
}

/** RFC 7541 §6.2.2: literal without indexing, new name, no Huffman. */
function literal([name, value]: HeaderLine): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  return Buffer.concat([length(bytes.length), bytes]);
}

/** RFC 7541 §5.1 with a prefix of 7 bits. */
function length(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const out = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return Buffer.from([...out, rest]);
}

/** Whether an answer's header block begins with `:status: 200` (RFC 7541 A, index 8), after changes of the table's size. */
export function saysOk(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  const byte = (): number => (at < end ? (bytes[at] ?? 0) : 0);
  while ((byte() & 0xe0) === 0x20) {
    const long = (byte() & 0x1f) === 0x1f;
    at++;
    if (!long) continue;
    while (byte() >= 0x80) at++;
    at++;
  }
  return byte() === 0x88;
}
