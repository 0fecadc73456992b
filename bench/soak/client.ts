/**
 * An HTTP/1.1 client that sends prepared requests as they are, one after another, and reads the statuses. In: port,
 * requests. Out: their statuses in order. Effects: one connection, kept open; a new one after the peer said that it closes.
 */
import { connect, type Socket } from "node:net";

const QUIET_MS = 60_000;
const STATUS = /^HTTP\/1\.1 (\d{3})/;
const LENGTH = /\r\ncontent-length: (\d{1,9})\r\n/;
const CLOSES = "\r\nconnection: close\r\n";

export interface Client {
  /** @throws when the peer closes unannounced, is silent, or answers what is no plain HTTP/1.1. */
  send(request: Buffer): Promise<number>;
  close(): void;
}

export function openClient(port: number): Client {
  let open: Connection | undefined;
  return {
    async send(request) {
      open ??= await connectTo(port);
      const { status, closes } = await open.send(request);
      if (closes) {
        open.close();
        open = undefined;
      }
      return status;
    },
    close: () => open?.close(),
  };
}

interface Answer {
  readonly status: number;
  readonly closes: boolean;
}

interface Connection {
  send(request: Buffer): Promise<Answer>;
  close(): void;
}

async function connectTo(port: number): Promise<Connection> {
  const socket = await opened(port);
  let text = "";
  let closed = false;
  let settle: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  const fail = (error: Error): void => {
    settle?.reject(error);
    settle = undefined;
  };
  socket.setEncoding("latin1");
  socket.setTimeout(QUIET_MS, () => fail(new Error(`no answer in ${QUIET_MS / 1000} s`)));
  socket.on("error", fail);
  socket.on("close", () => {
    closed = true;
    fail(new Error("the peer closed without an answer"));
  });
  socket.on("data", (chunk: string) => {
    text += chunk;
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = LENGTH.exec(text)?.[1];
    const status = STATUS.exec(text)?.[1];
    if (length === undefined || status === undefined)
      return fail(new Error(`no answer of Envoy's: ${text.slice(0, 200)}`));
    if (text.length < end + 4 + Number(length)) return;
    const at = text.indexOf(CLOSES);
    const closes = at >= 0 && at < end;
    text = "";
    const { resolve } = settle ?? { resolve: () => {} };
    settle = undefined;
    resolve({ status: Number(status), closes });
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error("the peer has closed"));
        settle = { resolve, reject };
        socket.write(request);
      }),
    close: () => void socket.destroy(),
  };
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}
