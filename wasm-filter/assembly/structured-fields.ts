/**
 * Strict reader of Structured Field dictionaries (RFC 9651 §4.2), for Signature and Signature-Input. In comes one line's
 * value, out go its members with their places in the text, or nothing: a line that does not parse has no members. All
 * counts are bounded. No effects.
 */
import { byteAt, hexDigit, isBlank, isDigit, isTokenChar, lower, spells } from "./ascii";
import { decodeBase64, STANDARD } from "./base64";

export const INTEGER: i32 = 0;
export const DECIMAL: i32 = 1;
export const TEXT: i32 = 2;
export const TOKEN: i32 = 3;
export const BYTES: i32 = 4;
export const BOOLEAN: i32 = 5;
export const DATE: i32 = 6;
export const DISPLAY: i32 = 7;
export const INNER_LIST: i32 = 8;

const MAX_BYTES: i32 = 8192;
const MAX_COUNT: i32 = 64;

/** A bare item or inner list with its parameters; `start` to `end` is its text without the parameters. */
export class Item {
  kind: i32 = BOOLEAN;
  start: i32 = 0;
  end: i32 = 0;
  /** Of an inner list. */
  items: Item[] = [];
  parameters: Parameter[] = [];
}

export class Parameter {
  constructor(
    public keyStart: i32,
    public keyEnd: i32,
    public value: Item,
  ) {}
}

/** `keyStart` to `end` is the whole member as it stands in the line. */
export class Member {
  keyStart: i32 = 0;
  keyEnd: i32 = 0;
  end: i32 = 0;
  value: Item = new Item();
}

export class Dictionary {
  ok: bool = true;
  members: Member[] = [];
  private at: i32 = 0;

  constructor(public line: Uint8Array) {
    if (line.length > MAX_BYTES) this.refuse();
    else this.read();
    if (!this.ok) this.members = [];
  }

  /** True when the member's key is `label`. */
  isLabelled(member: Member, label: string): bool {
    return spells(this.line, member.keyStart, member.keyEnd, label);
  }

  /** True when the member has a parameter `tag` (RFC 9421 §2.3) that is the string `tag`. */
  isTagged(member: Member, tag: string): bool {
    const parameters = member.value.parameters;
    for (let i = 0; i < parameters.length; i++) {
      const item = parameters[i].value;
      if (!spells(this.line, parameters[i].keyStart, parameters[i].keyEnd, "tag") || item.kind != TEXT) continue;
      if (spells(this.line, item.start + 1, item.end - 1, tag)) return true;
    }
    return false;
  }

  private refuse(): void {
    this.ok = false;
  }

  private here(): u8 {
    return byteAt(this.line, this.at);
  }

  /** Takes `code` if it is next. */
  private take(code: u8): bool {
    if (this.at >= this.line.length || this.here() != code) return false;
    this.at++;
    return true;
  }

  private spaces(tabs: bool): void {
    while (this.here() == 0x20 || (tabs && isBlank(this.here()))) this.at++;
  }

  private read(): void {
    this.spaces(false);
    if (this.at == this.line.length) return;
    for (;;) {
      const member = new Member();
      member.keyStart = this.at;
      this.key();
      member.keyEnd = this.at;
      if (this.take(0x3d)) member.value = this.here() == 0x28 ? this.innerList() : this.bareItem();
      if (this.ok) member.value.parameters = this.parameters();
      member.end = this.at;
      this.members.push(member);
      if (!this.ok || this.members.length > MAX_COUNT) return this.refuse();
      this.spaces(true);
      if (this.at == this.line.length) return;
      if (!this.take(0x2c)) return this.refuse();
      this.spaces(true);
      // A trailing comma is an error (RFC 9651 §4.2.2).
      if (this.at == this.line.length) return this.refuse();
    }
  }

  private key(): void {
    const first = this.here();
    if (!(first == 0x2a || (first >= 0x61 && first <= 0x7a))) return this.refuse();
    for (;;) {
      const code = this.here();
      const letter = code >= 0x61 && code <= 0x7a;
      if (!(letter || isDigit(code) || code == 0x5f || code == 0x2d || code == 0x2e || code == 0x2a)) return;
      this.at++;
    }
  }

  private parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    while (this.ok && this.take(0x3b)) {
      this.spaces(false);
      const start = this.at;
      this.key();
      const end = this.at;
      const value = this.take(0x3d) ? this.bareItem() : new Item();
      parameters.push(new Parameter(start, end, value));
      if (parameters.length > MAX_COUNT) this.refuse();
    }
    return parameters;
  }

  private innerList(): Item {
    const list = new Item();
    list.kind = INNER_LIST;
    list.start = this.at;
    this.at++;
    while (this.ok) {
      this.spaces(false);
      if (this.take(0x29)) {
        list.end = this.at;
        return list;
      }
      const item = this.bareItem();
      if (this.ok) item.parameters = this.parameters();
      list.items.push(item);
      if (list.items.length > MAX_COUNT || (this.here() != 0x20 && this.here() != 0x29)) this.refuse();
    }
    return list;
  }

  private bareItem(): Item {
    const item = new Item();
    item.start = this.at;
    const code = this.here();
    if (code == 0x2d || isDigit(code)) item.kind = this.number();
    else if (code == 0x22) item.kind = this.quoted();
    else if (code == 0x2a || (lower(code) >= 0x61 && lower(code) <= 0x7a)) item.kind = this.token();
    else if (this.take(0x3a)) item.kind = this.binary();
    else if (this.take(0x3f)) {
      if (!this.take(0x30) && !this.take(0x31)) this.refuse();
    } else if (this.take(0x40)) {
      item.kind = DATE;
      if (this.number() != INTEGER) this.refuse();
    } else if (this.take(0x25)) item.kind = this.display();
    else this.refuse();
    item.end = this.at;
    return item;
  }

  private number(): i32 {
    this.take(0x2d);
    const whole = this.digits();
    if (!this.take(0x2e)) {
      if (whole < 1 || whole > 15) this.refuse();
      return INTEGER;
    }
    const fraction = this.digits();
    if (whole < 1 || whole > 12 || fraction < 1 || fraction > 3) this.refuse();
    return DECIMAL;
  }

  private digits(): i32 {
    const from = this.at;
    while (isDigit(this.here())) this.at++;
    return this.at - from;
  }

  private quoted(): i32 {
    this.at++;
    while (this.ok && !this.take(0x22)) {
      if (this.take(0x5c) && this.here() != 0x22 && this.here() != 0x5c) this.refuse();
      // The end of the line reads as 0.
      if (this.here() < 0x20 || this.here() > 0x7e) this.refuse();
      this.at++;
    }
    return TEXT;
  }

  private token(): i32 {
    while (isTokenChar(this.here()) || this.here() == 0x3a || this.here() == 0x2f) this.at++;
    return TOKEN;
  }

  private binary(): i32 {
    const from = this.at;
    while (this.at < this.line.length && this.here() != 0x3a) this.at++;
    if (decodeBase64(this.line, from, this.at, STANDARD) === null || !this.take(0x3a)) this.refuse();
    return BYTES;
  }

  private display(): i32 {
    if (!this.take(0x22)) this.refuse();
    while (this.ok && !this.take(0x22)) {
      const code = this.here();
      if (code < 0x20 || code > 0x7e) return this.refused();
      this.at++;
      if (code == 0x25) {
        // Lower-case hex only (RFC 9651 §4.2.10).
        for (let i = 0; i < 2; i++, this.at++) {
          if (hexDigit(this.here()) < 0 || this.here() != lower(this.here())) return this.refused();
        }
      }
    }
    return DISPLAY;
  }

  private refused(): i32 {
    this.refuse();
    return DISPLAY;
  }
}
