/**
 * The first bytes of a connection: HTTP/2's preface, or somebody who speaks something else. In: chunks, cut anywhere. Out: where
 * frames begin. Pure but for itself. Source: RFC 9113 §3.4.
 */
import { DEFAULT_WINDOW, MAX_HEADER_LIST, RECEIVE_WINDOW } from "./bounds.ts";
import {
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_HEADER_LIST_SIZE,
  numbersFrame,
  PREFACE,
  settingsFrame,
  WINDOW_UPDATE,
} from "./frame-layout.ts";

/** The request line of somebody who could read the answer. */
const HTTP1 = /^[A-Z]{1,20} \S{1,1000} HTTP\/1\./;
const HTTP1_BYTES = 1100;
const HTTP1_ANSWER = Buffer.from(
  "HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 22\r\n\r\nthis is HTTP/2 (gRPC)\n",
  "latin1",
);

/** What we say first: our SETTINGS, and how much more than its default the connection may carry. */
export function greeting(maxStreams: number): Buffer {
  return Buffer.concat([
    settingsFrame([
      [MAX_CONCURRENT_STREAMS, maxStreams],
      [INITIAL_WINDOW_SIZE, RECEIVE_WINDOW],
      [MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST],
    ]),
    numbersFrame(WINDOW_UPDATE, 0, RECEIVE_WINDOW - DEFAULT_WINDOW),
  ]);
}

export class Preface {
  isWhole = false;
  isHttp1 = false;
  readonly http1Answer = HTTP1_ANSWER;
  private seen = 0;

  /** @returns what of the chunk is read; undefined: this is no HTTP/2 */
  read(chunk: Buffer): number | undefined {
    const count = Math.min(PREFACE.length - this.seen, chunk.length);
    if (PREFACE.compare(chunk, 0, count, this.seen, this.seen + count) !== 0) {
      this.isHttp1 = this.seen === 0 && HTTP1.test(chunk.toString("latin1", 0, HTTP1_BYTES));
      return undefined;
    }
    this.seen += count;
    this.isWhole = this.seen === PREFACE.length;
    return count;
  }
}
