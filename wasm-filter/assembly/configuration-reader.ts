/**
 * Reads a plugin configuration member by member. In comes a JSON object, out go typed values, and every problem with the
 * path of its field. A member that nobody asked for is a problem too: a misspelt check must not be a check left out.
 */
import { decimal } from "./ascii";
import { JsonDocument } from "./json";
import { ARRAY, FALSE, NUMBER, OBJECT, STRING, TRUE } from "./json-node";

/** Largest integer that JSON writers agree on (2^53 - 1). */
const MAX_INTEGER: f64 = 9007199254740991;

export class Problems {
  list: string[] = [];

  add(path: string, message: string): void {
    this.list.push(`${path}: ${message}`);
  }

  get none(): bool {
    return this.list.length == 0;
  }
}

/** One object of the configuration. Call `finish` after the last member was asked for. */
export class ObjectReader {
  private asked: string[] = [];

  constructor(
    private document: JsonDocument,
    private node: i32,
    private path: string,
    public problems: Problems,
  ) {
    if (document.kind(node) != OBJECT) problems.add(path == "" ? "configuration" : path, "must be an object");
  }

  pathOf(name: string): string {
    return this.path == "" ? name : `${this.path}.${name}`;
  }

  fail(name: string, message: string): void {
    this.problems.add(this.pathOf(name), message);
  }

  has(name: string): bool {
    return this.ask(name) >= 0;
  }

  /** A string; a problem when missing unless there is a default. */
  text(name: string, missing: string | null = null): string {
    const node = this.ask(name);
    if (node < 0 && missing !== null) return missing;
    if (this.document.kind(node) == STRING) return this.document.text(node);
    this.fail(name, node < 0 ? "is missing" : "must be a string");
    return "";
  }

  flag(name: string, missing: bool): bool {
    const node = this.ask(name);
    if (node < 0) return missing;
    const kind = this.document.kind(node);
    if (kind != TRUE && kind != FALSE) this.fail(name, "must be true or false");
    return kind == TRUE;
  }

  integer(name: string, missing: i64, least: i64, most: i64): i64 {
    const node = this.ask(name);
    if (node < 0) return missing;
    const value = this.document.number(node);
    // NaN fails every comparison.
    const whole = this.document.kind(node) == NUMBER && Math.abs(value) <= MAX_INTEGER && Math.trunc(value) == value;
    if (whole && <i64>value >= least && <i64>value <= most) return <i64>value;
    this.fail(name, `must be a whole number from ${decimal(least)} to ${decimal(most)}`);
    return missing;
  }

  /** A list of strings, none empty, none twice. */
  texts(name: string, missing: string[] | null = null): string[] {
    const node = this.ask(name);
    if (node < 0 && missing !== null) return missing;
    const found: string[] = [];
    if (this.document.kind(node) != ARRAY) {
      this.fail(name, node < 0 ? "is missing" : "must be a list of strings");
      return found;
    }
    const items = this.items(node);
    for (let i = 0; i < items.length; i++) {
      const text = this.document.kind(items[i]) == STRING ? this.document.text(items[i]) : "";
      if (text == "") this.fail(`${name}[${decimal(i)}]`, "must be a non-empty string");
      else if (found.includes(text)) this.fail(`${name}[${decimal(i)}]`, "stands twice");
      found.push(text);
    }
    return found;
  }

  /** An object, or null when there is none; a problem when it is something else. */
  object(name: string): ObjectReader | null {
    const node = this.ask(name);
    return node < 0 ? null : new ObjectReader(this.document, node, this.pathOf(name), this.problems);
  }

  /** A list of objects; a problem when it is missing or something else. */
  objects(name: string): ObjectReader[] {
    const node = this.ask(name);
    const found: ObjectReader[] = [];
    if (this.document.kind(node) != ARRAY) {
      this.fail(name, node < 0 ? "is missing" : "must be a list of objects");
      return found;
    }
    const items = this.items(node);
    for (let i = 0; i < items.length; i++) {
      found.push(new ObjectReader(this.document, items[i], `${this.pathOf(name)}[${decimal(i)}]`, this.problems));
    }
    return found;
  }

  /** Members that were not asked for are problems. */
  finish(): void {
    if (this.document.kind(this.node) != OBJECT) return;
    const nodes = this.document.nodes;
    const end = nodes.next(this.node);
    for (let at = this.node + 1; at < end; at = nodes.next(at + 1)) {
      const name = this.document.text(at);
      if (!this.asked.includes(name)) this.fail(name, "is not known");
    }
  }

  private ask(name: string): i32 {
    this.asked.push(name);
    return this.document.member(this.node, name);
  }

  private items(list: i32): i32[] {
    const nodes = this.document.nodes;
    const items: i32[] = [];
    for (let at = list + 1; at < nodes.next(list); at = nodes.next(at)) items.push(at);
    return items;
  }
}
