/**
 * The parameters of a stamp, read strictly: each of the six exactly once, no other, integers in their one spelling. In
 * comes our member of Signature-Input, out go its values or nothing. No effects.
 */
import { byteAt, slice, spells, textOf } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { LabelledMember } from "./stamp-fields";
import { INNER_LIST, INTEGER, Item, TEXT } from "./structured-fields";

const MAX_TEXT: i32 = 256;
const KEYS: string[] = ["created", "expires", "nonce", "keyid", "alg", "tag"];
/** A bit for each key. */
const ALL: i32 = 63;

export class StampParameters {
  components: string[] = [];
  created: i64 = -1;
  expires: i64 = -1;
  nonce: string = "";
  keyId: string = "";
  algorithm: string = "";
  tag: string = "";
  /** As they stand in the last line of the signature base (RFC 9421 §2.3). */
  serialised: Uint8Array = new Uint8Array(0);
}

/** Null when the member is not exactly a stamp's. */
export function readStampParameters(ours: LabelledMember): StampParameters | null {
  const line = ours.line;
  const value = ours.member.value;
  if (value.kind != INNER_LIST) return null;
  const found = new StampParameters();
  for (let i = 0; i < value.items.length; i++) {
    const item = value.items[i];
    if (item.kind != TEXT || item.parameters.length > 0) return null;
    found.components.push(plainText(line, item));
  }
  if (!readParameters(found, line, value)) return null;
  found.serialised = serialise(line, value);
  return found;
}

/** The same of a response's signature, whose components must be spelled exactly as we do. */
export function readResponseParameters(ours: LabelledMember, components: string): StampParameters | null {
  const line = ours.line;
  const value = ours.member.value;
  const found = new StampParameters();
  const is = value.kind == INNER_LIST && spells(line, value.start, value.end, components);
  if (!is || !readParameters(found, line, value)) return null;
  found.serialised = slice(line, value.start, ours.member.end);
  return found;
}

function readParameters(found: StampParameters, line: Uint8Array, value: Item): bool {
  let seen = 0;
  for (let i = 0; i < value.parameters.length; i++) {
    const parameter = value.parameters[i];
    const key = textOf(line, parameter.keyStart, parameter.keyEnd);
    const bit = 1 << KEYS.indexOf(key);
    if ((seen & bit) != 0 || !assign(found, key, line, parameter.value)) return false;
    seen |= bit;
  }
  return seen == ALL;
}

function assign(found: StampParameters, key: string, line: Uint8Array, value: Item): bool {
  if (key == "created" || key == "expires") {
    const seconds = integer(line, value);
    if (key == "created") found.created = seconds;
    else found.expires = seconds;
    return seconds >= 0;
  }
  const text = value.kind == TEXT ? plainText(line, value) : "";
  if (key == "nonce") found.nonce = text;
  else if (key == "keyid") found.keyId = text;
  else if (key == "alg") found.algorithm = text;
  else if (key == "tag") found.tag = text;
  else return false;
  return text != "";
}

/** "" for a string that is too long or uses escapes: none of ours does. */
function plainText(line: Uint8Array, item: Item): string {
  if (item.end - item.start > MAX_TEXT) return "";
  for (let at = item.start; at < item.end; at++) if (byteAt(line, at) == 0x5c) return "";
  return textOf(line, item.start + 1, item.end - 1);
}

/** -1 for anything but a non-negative integer without leading zeros. */
function integer(line: Uint8Array, item: Item): i64 {
  const first = byteAt(line, item.start);
  if (item.kind != INTEGER || first == 0x2d || (first == 0x30 && item.end - item.start > 1)) return -1;
  let value: i64 = 0;
  for (let at = item.start; at < item.end; at++) value = value * 10 + (byteAt(line, at) - 0x30);
  return value;
}

/** RFC 9651 §4.1.1.1, on items whose text is canonical already. */
function serialise(line: Uint8Array, value: Item): Uint8Array {
  const out = new ByteWriter();
  out.byte(0x28);
  for (let i = 0; i < value.items.length; i++) {
    if (i > 0) out.byte(0x20);
    out.bytes(slice(line, value.items[i].start, value.items[i].end));
  }
  out.byte(0x29);
  for (let i = 0; i < value.parameters.length; i++) {
    const parameter = value.parameters[i];
    out.byte(0x3b);
    out.bytes(line, parameter.keyStart, parameter.keyEnd);
    out.byte(0x3d);
    out.bytes(line, parameter.value.start, parameter.value.end);
  }
  return out.take();
}
