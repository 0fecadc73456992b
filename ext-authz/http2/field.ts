/**
 * One header field, judged once: a field in the dynamic table is referred to by thousands of requests. In: its name and value as
 * text, one character a byte. Out: what it means to us, and whether RFC 9113 lets it stand in a request. Pure.
 */

/** What a field is to us; `PLAIN` ones are judged and counted only. */
export const PLAIN = 0;
export const METHOD = 1;
export const PATH = 2;
export const SCHEME = 3;
export const AUTHORITY = 4;
/** A name that begins with a colon and is none of a request's. */
export const NO_PSEUDO = 5;
/** HTTP/1 framing, RFC 9113 §8.2.2. */
export const CONNECTION = 6;
export const TE = 7;
export const CONTENT_TYPE = 8;
export const CONTENT_LENGTH = 9;
export const GRPC_ENCODING = 10;
export const GRPC_TIMEOUT = 11;

const MEANINGS: ReadonlyMap<string, number> = new Map([
  [":method", METHOD],
  [":path", PATH],
  [":scheme", SCHEME],
  [":authority", AUTHORITY],
  ["connection", CONNECTION],
  ["keep-alive", CONNECTION],
  ["proxy-connection", CONNECTION],
  ["transfer-encoding", CONNECTION],
  ["upgrade", CONNECTION],
  ["te", TE],
  ["content-type", CONTENT_TYPE],
  ["content-length", CONTENT_LENGTH],
  ["grpc-encoding", GRPC_ENCODING],
  ["grpc-timeout", GRPC_TIMEOUT],
]);

export interface Field {
  readonly name: string;
  readonly value: string;
  readonly meaning: number;
  /** Name and value may stand in a request, in this form at all. */
  readonly sound: boolean;
  readonly nameSound: boolean;
  /** RFC 7541 §4.1. */
  readonly size: number;
}

/** RFC 7541 §4.1: what an entry is taken to cost beside its bytes. */
const OVERHEAD = 32;

export function fieldOf(name: string, value: string): Field {
  return make(name, value, meaningOf(name), isNameSound(name));
}

/** A field with another's name, which is not judged again. */
export function withValue({ name, meaning, nameSound }: Field, value: string): Field {
  return make(name, value, meaning, nameSound);
}

function make(name: string, value: string, meaning: number, nameSound: boolean): Field {
  const sound = nameSound && isValueSound(value) && mayStand(meaning, value);
  return { name, value, meaning, sound, nameSound, size: name.length + value.length + OVERHEAD };
}

function meaningOf(name: string): number {
  return MEANINGS.get(name) ?? (name.startsWith(":") ? NO_PSEUDO : PLAIN);
}

function mayStand(meaning: number, value: string): boolean {
  if (meaning === NO_PSEUDO || meaning === CONNECTION) return false;
  return meaning !== TE || value === "trailers";
}

/** RFC 9110 §5.6.2's token characters without upper case, RFC 9113 §8.2.1. */
const NAME_CHARACTERS = new Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz");
const NAME_CODES = Uint8Array.from({ length: 256 }, (_, code) =>
  NAME_CHARACTERS.has(String.fromCharCode(code)) ? 1 : 0,
);
const COLON = 0x3a;

function isNameSound(name: string): boolean {
  const from = name.charCodeAt(0) === COLON ? 1 : 0;
  if (name.length === from) return false;
  for (let at = from; at < name.length; at++) {
    if (NAME_CODES[name.charCodeAt(at)] !== 1) return false;
  }
  return true;
}

/** RFC 9113 §8.2.1: no NUL, line feed or carriage return; no blank at either end. */
function isValueSound(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code === 0 || code === 0x0a || code === 0x0d) return false;
  }
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
