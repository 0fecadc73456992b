/**
 * The pure parts as functions that a test can call with byte strings. Built by `build.mjs --test` alone; nothing of it is in
 * the module for Envoy.
 */
import { bytesOf, textOf } from "./ascii";
import { decodeBase64, writeBase64 } from "./base64";
import { ByteWriter } from "./byte-writer";
import { Covered } from "./covered";
import { toDer, toRaw } from "./der-signature";
import { OwnedHeaders } from "./header-firewall";
import { HmacKey } from "./hmac-sha256";
import { JsonDocument } from "./json";
import { isKnownAlgorithm, refuseToken, TokenRules } from "./jwt-shape";
import { unpackData } from "./packed-data";
import { ambiguity } from "./path";
import { sha256 } from "./sha256";
import { signatureBase } from "./signature-base";
import { SignedMessage } from "./signed-message";
import { LabelledMember, withoutOurs } from "./stamp-fields";
import { readStampParameters } from "./stamp-parameters";
import { Dictionary } from "./structured-fields";

export function digest(data: Uint8Array): Uint8Array {
  return sha256(data);
}

export function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return new HmacKey(key).sign(data);
}

/** The same of `data`, after `before` was signed with the key; `known` bytes of each are likely to come again. */
export function hmacAfter(key: Uint8Array, before: Uint8Array, data: Uint8Array, known: i32): Uint8Array {
  const made = new HmacKey(key);
  made.sign(before, known);
  return made.sign(data, known);
}

export function base64Decode(text: Uint8Array, url: bool): Uint8Array | null {
  return decodeBase64(text, 0, text.length, url);
}

export function base64Encode(data: Uint8Array): string {
  const out = new ByteWriter();
  writeBase64(out, data);
  return textOf(out.view(), 0, out.length);
}

export function derSignature(raw: Uint8Array): Uint8Array | null {
  return toDer(raw);
}

export function rawSignature(der: Uint8Array): Uint8Array | null {
  return toRaw(der);
}

/** "" when the text is read, else the problem. */
export function jsonProblem(text: Uint8Array, depth: i32): string {
  return new JsonDocument(text, depth).problem;
}

/** The text of a member of the top-level object. */
export function jsonText(text: Uint8Array, name: string): string {
  const document = new JsonDocument(text, 64);
  return document.problem == "" ? document.text(document.member(0, name)) : "";
}

/** The number that is all of the text; NaN for no number and for one that is in doubt. */
export function jsonNumber(text: Uint8Array): f64 {
  const document = new JsonDocument(text, 1);
  return document.problem == "" ? document.number(0) : NaN;
}

/** The memory image of `size` bytes that was packed. */
export function unpacked(packed: Uint8Array, size: i32): Uint8Array {
  const out = new Uint8Array(size);
  assert(unpackData(packed.dataStart, out.dataStart) == packed.dataStart + packed.length);
  return out;
}

/** One line per member: key, kind, value, each parameter as `key=value`; `!` when the line does not parse. */
export function dictionary(line: Uint8Array): string {
  const read = new Dictionary(line);
  if (!read.ok) return "!";
  const out: string[] = [];
  for (let i = 0; i < read.members.length; i++) {
    const member = read.members[i];
    const words: string[] = [textOf(line, member.keyStart, member.keyEnd), member.value.kind.toString()];
    words.push(textOf(line, member.value.start, member.value.end));
    for (let p = 0; p < member.value.parameters.length; p++) {
      const parameter = member.value.parameters[p];
      words.push(
        `${textOf(line, parameter.keyStart, parameter.keyEnd)}=${textOf(line, parameter.value.start, parameter.value.end)}`,
      );
    }
    out.push(words.join("|"));
  }
  return out.join("\n");
}

/** The re-serialised parameters of the first member when it is a stamp's; "!" otherwise. */
export function stampParameters(line: Uint8Array): string {
  const read = new Dictionary(line);
  if (!read.ok || read.members.length == 0) return "!";
  const found = readStampParameters(new LabelledMember(line, read.members[0]));
  return found === null ? "!" : textOf(found.serialised, 0, found.serialised.length);
}

export function othersOnly(line: Uint8Array): Uint8Array {
  return withoutOurs([line]);
}

export function pathAmbiguity(target: Uint8Array, method: Uint8Array, normalized: bool): string {
  return ambiguity(target, method, normalized);
}

/** `patterns` separated by spaces. */
export function owns(patterns: string, name: Uint8Array): bool {
  return ownedBy(patterns).owns(name, 0, name.length);
}

export function mayOwn(patterns: string, name: Uint8Array): bool {
  return ownedBy(patterns).mayOwn(name.dataStart, name.length);
}

function ownedBy(patterns: string): OwnedHeaders {
  const owned = new OwnedHeaders();
  const list = patterns.split(" ");
  for (let i = 0; i < list.length; i++) owned.add(list[i]);
  return owned;
}

/** `reason text`, or "" when there is nothing to refuse. */
export function tokenRefusal(token: Uint8Array, now: f64, requireExpiry: bool, algorithm: string): string {
  const rules = new TokenRules();
  rules.requireExpiry = requireExpiry;
  if (isKnownAlgorithm(algorithm)) rules.algorithms.push(algorithm);
  const refusal = refuseToken(token, rules, <i64>now);
  return refusal === null ? "" : `${refusal.reason} ${refusal.text}`;
}

/** `head` = method, scheme, authority, target by line feeds; `fields` = lines of `name: value`; components by spaces. */
export function base(head: string, fields: string, components: string, parameters: string): Uint8Array | null {
  const parts = head.split("\n");
  const message = new SignedMessage(bytesOf(parts[0]), bytesOf(parts[1]), bytesOf(parts[2]), bytesOf(parts[3]));
  const lines: string[] = fields == "" ? new Array<string>(0) : fields.split("\n");
  const names: string[] = [];
  const values: Uint8Array[][] = [];
  for (let i = 0; i < lines.length; i++) {
    const colon = lines[i].indexOf(": ");
    const name = lines[i].slice(0, colon);
    const at = names.indexOf(name);
    const value = bytesOf(lines[i].slice(colon + 2));
    if (at >= 0) values[at].push(value);
    else {
      names.push(name);
      values.push([value]);
    }
  }
  for (let i = 0; i < names.length; i++) message.field(names[i], values[i]);
  return signatureBase(message, new Covered(components.split(" ")), bytesOf(parameters));
}
