/**
 * Sends bytes as they are, for requests that no HTTP client would make. In: port, lines. Out: the status lines and the
 * text that came back until the peer closed. Effects: one connection, bounded in time and size.
 */
import { connect } from "node:net";

const MAX_ANSWER = 1_000_000;

export interface RawAnswer {
  /** Of every response on the connection, in order. */
  readonly statuses: readonly number[];
  readonly text: string;
}

/** @param head request line and header lines without line ends; `connection: close` is added. */
export function sendRaw(
  port: number,
  head: readonly (string | Buffer)[],
  body: string | Buffer = "",
): Promise<RawAnswer> {
  const lines = [...head, "connection: close", "", ""].flatMap((line, index) => [
    ...(index === 0 ? [] : [Buffer.from("\r\n")]),
    Buffer.from(line),
  ]);
  return sendBytes(port, Buffer.concat([...lines, Buffer.from(body)]));
}

export function sendBytes(port: number, bytes: Buffer): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let text = "";
    const finish = (): void => {
      const statuses = [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map((match) => Number(match[1]));
      resolve({ statuses, text });
    };
    socket.setEncoding("latin1");
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer in 10 s")));
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk: string) => {
      text += chunk;
      // Answered: our end is done. Envoy would wait a second for that; a second answer, if any, still comes.
      if (text.includes("\r\n\r\n")) socket.end();
      if (text.length > MAX_ANSWER) socket.destroy(new Error("the answer is too large"));
    });
    // A peer that resets after it answered has answered.
    socket.on("error", (error) => (text === "" ? reject(error) : finish()));
    socket.on("close", finish);
  });
}
