/**
 * A small strict JSON reader (RFC 8259), for plugin configuration and for JWT parts. In come bytes, out goes a document
 * of flat nodes or a problem. Refused: depth or size beyond the bound, invalid UTF-8, lone surrogates, duplicate members,
 * anything after the value. Recursion is bounded by the depth; no other effects.
 */
import { byteAt, decimal, isDigit, spells, textOf } from "./ascii";
import { repeatsName } from "./json-names";
import { ARRAY, FALSE, JsonNodes, NULL, NUMBER, OBJECT, STRING, TRUE } from "./json-node";
import { exactNumber } from "./json-number";
import { escapedUnit, plainEscape, unescape } from "./json-string";
import { utf8Length } from "./utf8";

const MAX_NODES: i32 = 65536;

/** The nodes in the order of the text. Objects hold name, value, name, value … */
export class JsonDocument {
  nodes: JsonNodes = new JsonNodes();
  /** "" when the text was read as a whole. */
  problem: string = "";
  private at: i32 = 0;

  constructor(
    public source: Uint8Array,
    maxDepth: i32,
  ) {
    this.value(maxDepth);
    this.blanks();
    if (this.problem == "" && this.at != source.length) this.fail("text after the value");
  }

  /** The kind of a node; -1 for an index outside. */
  kind(node: i32): i32 {
    return this.nodes.kind(node);
  }

  /** The value of the member `name` (ASCII) of an object; -1 when there is none. */
  member(object: i32, name: string): i32 {
    if (this.kind(object) != OBJECT) return -1;
    const end = this.nodes.next(object);
    for (let at = object + 1; at < end; at = this.nodes.next(at + 1)) {
      if (this.nameIs(at, name)) return at + 1;
    }
    return -1;
  }

  /** A string's value, or a number's text. */
  text(node: i32): string {
    if (this.kind(node) < NUMBER) return "";
    const start = this.nodes.start(node);
    const end = this.nodes.end(node);
    return this.nodes.escaped(node) ? unescape(this.source, start, end) : textOf(this.source, start, end);
  }

  /** A number's value, NaN for anything else and for a number that is not exact in a few steps (json-number.ts). */
  number(node: i32): f64 {
    return this.kind(node) == NUMBER ? exactNumber(this.source, this.nodes.start(node)) : NaN;
  }

  nameIs(node: i32, name: string): bool {
    if (this.nodes.escaped(node)) return this.text(node) == name;
    return spells(this.source, this.nodes.start(node), this.nodes.end(node), name);
  }

  private fail(problem: string): void {
    if (this.problem == "") this.problem = `${problem} at byte ${decimal(this.at)}`;
  }

  private blanks(): void {
    for (;;) {
      const code = byteAt(this.source, this.at);
      if (code != 0x20 && code != 0x09 && code != 0x0a && code != 0x0d) return;
      this.at++;
    }
  }

  private node(kind: i32, start: i32): i32 {
    const node = this.nodes.add(kind, start);
    if (this.nodes.length > MAX_NODES) this.fail("too many values");
    return node;
  }

  private value(depth: i32): void {
    this.blanks();
    const code = byteAt(this.source, this.at);
    if (code == 0x7b) this.container(OBJECT, 0x7d, depth);
    else if (code == 0x5b) this.container(ARRAY, 0x5d, depth);
    else if (code == 0x22) this.string();
    else if (code == 0x2d || isDigit(code)) this.digits();
    else if (spells(this.source, this.at, this.at + 4, "true")) this.word(TRUE, 4);
    else if (spells(this.source, this.at, this.at + 5, "false")) this.word(FALSE, 5);
    else if (spells(this.source, this.at, this.at + 4, "null")) this.word(NULL, 4);
    else this.fail("no JSON value");
  }

  private word(kind: i32, length: i32): void {
    const node = this.node(kind, this.at);
    this.at += length;
    this.nodes.close(node, this.at);
  }

  private container(kind: i32, close: u8, depth: i32): void {
    if (depth <= 0) return this.fail("nested too deeply");
    const node = this.node(kind, this.at);
    this.at++;
    this.blanks();
    if (byteAt(this.source, this.at) != close) {
      for (;;) {
        if (kind == OBJECT) {
          this.blanks();
          if (byteAt(this.source, this.at) != 0x22) return this.fail("a member's name is missing");
          this.string();
          this.blanks();
          if (byteAt(this.source, this.at) != 0x3a) return this.fail("':' is missing");
          this.at++;
        }
        if (this.problem == "") this.value(depth - 1);
        if (this.problem != "") return;
        this.blanks();
        if (byteAt(this.source, this.at) != 0x2c) break;
        this.at++;
      }
    }
    if (byteAt(this.source, this.at) != close) return this.fail("',' or the end of a list or object is missing");
    this.at++;
    this.nodes.close(node, this.at);
    if (kind == OBJECT && repeatsName(this.source, this.nodes, node))
      this.fail("a member stands twice in the object before the end");
  }

  private string(): void {
    this.at++;
    const node = this.node(STRING, this.at);
    for (;;) {
      const code = this.plainEnd();
      if (code == 0x22) break;
      if (code < 0x20) return this.fail("a control byte or the end inside a string");
      if (code == 0x5c) {
        this.nodes.markEscaped(node);
        if (!this.escape()) return this.fail("a wrong escape");
      } else {
        const length = utf8Length(this.source, this.at);
        if (length == 0) return this.fail("invalid UTF-8");
        this.at += length;
      }
    }
    this.nodes.close(node, this.at);
    this.at++;
  }

  /** Past ASCII that needs no look; the byte there. */
  private plainEnd(): u8 {
    const start = this.source.dataStart;
    const end = this.source.length;
    let at = this.at;
    let code: u8 = 0;
    for (; at < end; at++) {
      code = load<u8>(start + at);
      if (code < 0x20 || code == 0x22 || code == 0x5c || code >= 0x80) break;
    }
    this.at = at;
    return at < end ? code : 0;
  }

  /** Past one escape; surrogates must come in pairs. */
  private escape(): bool {
    const code = byteAt(this.source, this.at + 1);
    if (code != 0x75) {
      this.at += 2;
      return plainEscape(code) != 0;
    }
    const unit = escapedUnit(this.source, this.at + 2);
    this.at += 6;
    if (unit < 0xd800 || unit > 0xdfff) return unit >= 0;
    if (unit > 0xdbff || !spells(this.source, this.at, this.at + 2, "\\u")) return false;
    const low = escapedUnit(this.source, this.at + 2);
    this.at += 6;
    return low >= 0xdc00 && low <= 0xdfff;
  }

  private digits(): void {
    const node = this.node(NUMBER, this.at);
    if (byteAt(this.source, this.at) == 0x2d) this.at++;
    const first = byteAt(this.source, this.at);
    const whole = this.run();
    let sound = whole > 0 && (first != 0x30 || whole == 1);
    if (byteAt(this.source, this.at) == 0x2e) {
      this.at++;
      sound = this.run() > 0 && sound;
    }
    if ((byteAt(this.source, this.at) | 0x20) == 0x65) {
      this.at++;
      const sign = byteAt(this.source, this.at);
      if (sign == 0x2b || sign == 0x2d) this.at++;
      sound = this.run() > 0 && sound;
    }
    this.nodes.close(node, this.at);
    if (!sound) this.fail("a malformed number");
  }

  private run(): i32 {
    const from = this.at;
    while (isDigit(byteAt(this.source, this.at))) this.at++;
    return this.at - from;
  }
}
