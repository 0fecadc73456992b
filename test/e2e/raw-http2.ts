/**
 * Sends HTTP/2 frames as they are, with names and values that no library would let through. In: port, header lines, body,
 * trailers. Out: all DATA that came back, as text. Effects: one connection, bounded in time.
 */
import { connect } from "node:net";

type Lines = readonly (readonly [string, string])[];

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
const END_STREAM = 1;
const END_HEADERS = 4;

export interface Sent {
  readonly headers: Lines;
  readonly body?: string;
  readonly trailers?: Lines;
}

/** Resolves at the end of the stream, its reset, or the connection's end. @throws when nothing comes for ten seconds. */
export function sendHttp2(port: number, { headers, body = "", trailers = [] }: Sent): Promise<string> {
  const more = body !== "" || trailers.length > 0;
  const frames = [PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0)), head(headers, !more)];
  if (more) frames.push(frame(DATA, trailers.length > 0 ? 0 : END_STREAM, 1, Buffer.from(body)));
  if (trailers.length > 0) frames.push(head(trailers, true));
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(Buffer.concat(frames)));
    let rest: Buffer = Buffer.alloc(0);
    let text = "";
    socket.setTimeout(10_000, () => {
      reject(new Error("no answer in 10 s"));
      socket.destroy();
    });
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        const length = rest.readUIntBE(0, 3);
        const type = rest.readUInt8(3);
        const ends = (type === DATA || type === HEADERS) && (rest.readUInt8(4) & END_STREAM) !== 0;
        if (type === DATA) text += rest.toString("latin1", 9, 9 + length);
        rest = rest.subarray(9 + length);
        if (ends || type === RST_STREAM || type === GOAWAY) socket.destroy();
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

function head(lines: Lines, ends: boolean): Buffer {
  const block = Buffer.concat(lines.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
  return frame(HEADERS, END_HEADERS | (ends ? END_STREAM : 0), 1, block);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const start = Buffer.alloc(9);
  start.writeUIntBE(payload.length, 0, 3);
  start.writeUInt8(type, 3);
  start.writeUInt8(flags, 4);
  start.writeUInt32BE(stream, 5);
  return Buffer.concat([start, payload]);
}

/** RFC 7541 §5.2 without Huffman coding; lengths below 127 + 128 * 128. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const over = bytes.length - 127;
  const length = over < 0 ? [bytes.length] : over < 128 ? [127, over] : [127, (over & 127) | 128, over >> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
}
