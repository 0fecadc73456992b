/** A client that sends any bytes over a real socket and notes every frame that comes back. Tests end it with `end`. */
import { connect, type Socket } from "node:net";
import * as layout from "../../ext-authz/http2/frame-layout.ts";

export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export interface RawClient {
  readonly socket: Socket;
  readonly seen: readonly SeenFrame[];
  /** Everything that came, as text of one character a byte. */
  text(): string;
  send(...parts: readonly Uint8Array[]): void;
  /** The first frame that fits, past ones too; rejects when the connection ends without it. */
  until(fits: (frame: SeenFrame) => boolean): Promise<SeenFrame>;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  end(): void;
}

export function rawClient(port: number, socket = connect(port, "127.0.0.1")): RawClient {
  const seen: SeenFrame[] = [];
  const chunks: Buffer[] = [];
  const waiting = new Set<() => void>();
  let rest = Buffer.alloc(0);
  let isClosed = false;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    rest = Buffer.concat([rest, chunk]);
    for (let length = frameLength(rest); rest.length >= length; length = frameLength(rest)) {
      const [type = 0, flags = 0] = [rest[3], rest[4]];
      seen.push({ type, flags, stream: layout.readNumber31(rest, 5), payload: rest.subarray(layout.HEAD, length) });
      rest = rest.subarray(length);
    }
    wake();
  });
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isClosed = true;
      wake();
      resolve();
    });
  });
  return {
    socket,
    seen,
    closed,
    text: () => Buffer.concat(chunks).toString("latin1"),
    send: (...parts) => void socket.write(Buffer.concat(parts)),
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = seen.find(fits);
          if (found === undefined && !isClosed) return;
          waiting.delete(look);
          if (found === undefined) reject(new Error(`closed after ${JSON.stringify(seen.map(({ type }) => type))}`));
          else resolve(found);
        };
        waiting.add(look);
        look();
      }),
    end: () => void socket.destroy(),
  };
}

function frameLength(bytes: Buffer): number {
  return bytes.length < layout.HEAD ? Number.POSITIVE_INFINITY : layout.HEAD + bytes.readUIntBE(0, 3);
}

const { frame } = layout;

export const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ""), "hex");

/** POST / by HPACK's static table alone. */
export const POST = bytes("838684");
export const SETTINGS = frame(layout.SETTINGS, 0, 0, bytes(""));
export const HELLO = Buffer.concat([layout.PREFACE, SETTINGS]);

export const headers = (stream: number, block: Uint8Array = POST, flags = layout.END_HEADERS): Buffer =>
  frame(layout.HEADERS, flags, stream, block);
export const data = (stream: number, body: string, flags = layout.END_STREAM): Buffer =>
  frame(layout.DATA, flags, stream, Buffer.from(body));
export const call = (stream: number, body = "x", block: Uint8Array = POST): Buffer =>
  Buffer.concat([headers(stream, block), data(stream, body)]);
export const reset = (stream: number, code = 8): Buffer => layout.numbersFrame(layout.RST_STREAM, stream, code);
export const windowUpdate = (stream: number, increment: number): Buffer =>
  layout.numbersFrame(layout.WINDOW_UPDATE, stream, increment);
export const ping = (text = "12345678", flags = 0): Buffer => frame(layout.PING, flags, 0, Buffer.from(text));

/** A literal that enters no table, or with `0x40` the dynamic one. */
export function field(name: string, value: string, form = 0): Buffer {
  const text = (of: string): Buffer => Buffer.concat([integer(of.length), Buffer.from(of, "latin1")]);
  return Buffer.concat([Buffer.of(form), text(name), text(value)]);
}

function integer(value: number): Buffer {
  const octets = value < 127 ? [value] : [127];
  for (let rest = value - 127; value >= 127; rest >>>= 7) {
    octets.push(rest < 128 ? rest : (rest & 127) | 128);
    if (rest < 128) break;
  }
  return Buffer.from(octets);
}

export const isGoaway = ({ type }: SeenFrame): boolean => type === layout.GOAWAY;
export const codeOfGoaway = ({ payload }: SeenFrame): number => payload.readUInt32BE(4);
export const endOf =
  (stream: number) =>
  (seen: SeenFrame): boolean =>
    seen.stream === stream &&
    (seen.type === layout.RST_STREAM || (seen.type === layout.HEADERS && (seen.flags & layout.END_STREAM) !== 0));
export const resetOf =
  (stream: number) =>
  (seen: SeenFrame): boolean =>
    seen.stream === stream && seen.type === layout.RST_STREAM;
