/**
 * The header lines of a CheckRequest, left as they lie in its bytes. In: the message, where each line's name and value are. Out:
 * `Headers` that make the text of a value when it is asked for. What is not plain (a name that is not in lower case, a line of
 * two values, a large message) never gets here: `decode-http.ts` reads it at once, by the rules of `header-lines.ts`. Pure.
 */
import type { Headers } from "../model.ts";
import { LazyHeaders } from "../request/lazy-headers.ts";
import { addLine, type HeaderLines } from "./header-lines.ts";
import { fromLatin1 } from "./protobuf-reader.ts";

/** Where it begins and how long it is, 14 bits each: a number that V8 keeps without an object. */
export type Span = number;

const BITS = 14;
const LENGTH = (1 << BITS) - 1;

/** @param from @param to below 16 Ki */
export function span(from: number, to: number): Span {
  return (from << BITS) | (to - from);
}

/** Such a name is its own lower case: visible ASCII without A to Z. */
export function isPlainName(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte <= 0x20 || byte > 0x7e || (byte >= 0x41 && byte <= 0x5a)) return false;
  }
  return true;
}

/** More lines than this are put in a map: each question walks over all of them. */
const FEW = 100;

export class WireHeaders extends LazyHeaders {
  /** Work done for questions: once it is as much as the message is long, all values are made, once and for ever. */
  private spent = 0;
  private readonly message: string;
  /** Name and value of each line in turn. */
  private readonly spans: readonly Span[];

  /** @param message one character for each byte */
  constructor(message: string, spans: readonly Span[]) {
    super();
    this.message = message;
    this.spans = spans;
  }

  get(name: string): readonly string[] | undefined {
    const { message, spans } = this;
    if (spans.length > 2 * FEW || this.spent > message.length) return this.whole().get(name);
    this.spent += spans.length;
    let lines: string[] | undefined;
    for (let at = 0; at < spans.length; at += 2) {
      const key = spans[at] ?? 0;
      if ((key & LENGTH) !== name.length || !message.startsWith(name, key >>> BITS)) continue;
      this.spent += (spans[at + 1] ?? 0) & LENGTH;
      const value = fromLatin1(textAt(message, spans[at + 1] ?? 0));
      if (lines === undefined) lines = [value];
      else lines.push(value);
    }
    return lines;
  }

  protected read(): Headers {
    return linesAt(this.message, this.spans);
  }
}

/** The same as a map, to which other lines may be added. */
export function linesAt(message: string, spans: readonly Span[]): HeaderLines {
  const lines: HeaderLines = new Map();
  for (let at = 0; at < spans.length; at += 2) {
    addLine(lines, textAt(message, spans[at] ?? 0), fromLatin1(textAt(message, spans[at + 1] ?? 0)));
  }
  return lines;
}

function textAt(message: string, at: Span): string {
  const from = at >>> BITS;
  return message.slice(from, from + (at & LENGTH));
}
