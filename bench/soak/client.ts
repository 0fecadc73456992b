/**
 * An HTTP/1.1 client that sends prepared batches as they are and reads status lines. In: port, batches, one after another.
 * Out: the statuses of each batch in order. Effects: one connection, opened again when the peer closes it.
 */
import { connect, type Socket } from "node:net";

const MARK = "HTTP/1.1 ";
const MARK_LENGTH = MARK.length + 3;
const QUIET_MS = 30_000;

export interface Client {
  /** @throws when the peer closes or is silent before it has answered all of them. */
  send(bytes: Buffer, answers: number): Promise<readonly number[]>;
  close(): void;
}

export async function openClient(port: number): Promise<Client> {
  const socket = await open(port);
  let rest = "";
  let statuses: number[] = [];
  let wanted = 0;
  let settle: { resolve: (statuses: readonly number[]) => void; reject: (error: Error) => void } | undefined;
  const fail = (error: Error): void => {
    settle?.reject(error);
    settle = undefined;
  };
  socket.setEncoding("latin1");
  socket.setTimeout(QUIET_MS, () => fail(new Error(`${statuses.length} of ${wanted} answers in ${QUIET_MS / 1000} s`)));
  socket.on("error", fail);
  socket.on("close", () => fail(new Error(`closed after ${statuses.length} of ${wanted} answers`)));
  socket.on("data", (chunk: string) => {
    const text = rest + chunk;
    let next = 0;
    for (let at = text.indexOf(MARK); at >= 0 && at + MARK_LENGTH <= text.length; at = text.indexOf(MARK, next)) {
      statuses.push(Number(text.slice(at + MARK.length, at + MARK_LENGTH)));
      next = at + MARK_LENGTH;
    }
    // A status line may be cut at the end of a chunk.
    rest = text.slice(Math.max(next, text.length - MARK_LENGTH + 1));
    if (statuses.length < wanted) return;
    settle?.resolve(statuses);
    settle = undefined;
  });
  return {
    send(bytes, answers) {
      statuses = [];
      wanted = answers;
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
        socket.write(bytes);
      });
    },
    close: () => void socket.destroy(),
  };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}
