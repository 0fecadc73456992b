/**
 * In: the text of one IP address. Out: its bytes, or undefined. Pure.
 * Strict on purpose: `010.0.0.1`, `10.1`, zone ids and spaces are refused, since two readers that disagree about one
 * text are how address rules are dodged. IPv4-mapped IPv6 becomes IPv4 here, once, for everybody.
 */
import type { IpAddress } from "../model.ts";

const LONGEST = 45; // "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/**
 * @param text dotted IPv4 (RFC 6943 §3.1.1 strict form) or IPv6 (RFC 4291 §2.2, no zone)
 * @returns the address with canonical text (RFC 5952), or undefined
 */
export function parseIp(text: string): IpAddress | undefined {
  if (text.length === 0 || text.length > LONGEST) return undefined;
  if (!text.includes(":")) {
    const bytes = parseOctets(text);
    // As strictly as it is read, there is one spelling.
    return bytes === undefined ? undefined : { bytes, text };
  }
  const groups = parseGroups(text);
  if (groups === undefined) return undefined;
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff]);
  if (MAPPED.every((byte, index) => bytes[index] === byte)) return ipv4(bytes.slice(12));
  return { bytes: Uint8Array.from(bytes), text: formatGroups(groups) };
}

function ipv4(octets: readonly number[]): IpAddress {
  return { bytes: Uint8Array.from(octets), text: octets.join(".") };
}

const DOT = 0x2e;

/** In one pass, since each request has a few: digits without a leading zero, up to 255, four times. */
function parseOctets(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4);
  let at = 0;
  for (let index = 0; index < 4; index++) {
    if (index > 0 && text.charCodeAt(at++) !== DOT) return undefined;
    let value = text.charCodeAt(at) - 0x30;
    // Not a number at the end of the text: comparisons with it are false.
    if (!(value >= 0 && value <= 9)) return undefined;
    at++;
    for (;;) {
      const digit = text.charCodeAt(at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      if (value === 0) return undefined;
      value = 10 * value + digit;
      if (value > 255) return undefined;
      at++;
    }
    octets[index] = value;
  }
  return at === text.length ? octets : undefined;
}

/** Decimal digits without sign or leading zero, at most `max`. */
export function parseDecimal(text: string, max: number): number | undefined {
  if (text.length === 0 || text.length > 5 || (text.length > 1 && text.startsWith("0"))) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= max ? value : undefined;
}

/** Eight 16-bit groups, with at most one `::` and an optional dotted tail. */
function parseGroups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [left = "", right] = halves;
  const head = parseColonList(left, right === undefined);
  const tail = right === undefined ? [] : parseColonList(right, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function parseColonList(text: string, dottedTail: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (part.includes(".")) {
      const octets = dottedTail && index === parts.length - 1 ? parseOctets(part) : undefined;
      if (octets === undefined) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = octets;
      groups.push((a << 8) | b, (c << 8) | d);
      continue;
    }
    if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function formatGroups(groups: readonly number[]): string {
  let start = -1;
  let length = 1;
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  const hex = groups.map((group) => group.toString(16));
  return start < 0 ? hex.join(":") : `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}
