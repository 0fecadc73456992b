/**
 * Headers that are made when somebody asks for them. Policies look at a few of a request's headers: texts, lists and a map for
 * all of them were a third of what a check allocated. In: what a subclass knows. Out: `Headers`, the same as if they had been
 * read at once. A life: a whole map is made when somebody walks over all of them, once.
 */
import type { HeaderChanges, Headers } from "../model.ts";
import { joinLines } from "./inline-headers.ts";

type Lines = readonly string[];

export abstract class LazyHeaders implements Headers {
  private all: Headers | undefined;

  /** @param name lower-case. @returns undefined when there is no such header */
  abstract get(name: string): Lines | undefined;
  /** All of them, in the order of their first lines. */
  protected abstract read(): Headers;

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }
  get size(): number {
    return this.whole().size;
  }
  whole(): Headers {
    this.all ??= this.read();
    return this.all;
  }
  forEach(visit: (lines: Lines, name: string, all: Headers) => void): void {
    for (const [name, lines] of this.whole()) visit(lines, name, this);
  }
  entries() {
    return this.whole().entries();
  }
  keys() {
    return this.whole().keys();
  }
  values() {
    return this.whole().values();
  }
  [Symbol.iterator]() {
    return this.whole()[Symbol.iterator]();
  }
}

/** As a filter sees them (`inline-headers.ts`). */
export class JoinedHeaders extends LazyHeaders {
  private readonly lines: Headers;
  private joined: Map<string, Lines> | undefined = undefined;

  constructor(lines: Headers) {
    super();
    this.lines = lines;
  }
  get(name: string): Lines | undefined {
    const known = this.joined?.get(name);
    if (known !== undefined) return known;
    const lines = this.lines.get(name);
    const joined = joinLines(name, lines);
    if (joined !== undefined && joined !== lines) {
      this.joined ??= new Map();
      this.joined.set(name, joined);
    }
    return joined;
  }
  protected read(): Headers {
    const joined = new Map<string, Lines>();
    for (const [name, lines] of this.lines) joined.set(name, joinLines(name, lines) ?? lines);
    return joined;
  }
}

/** As they are after changes: first some are removed, then some are set, of which the last of a name counts. */
export class ChangedHeaders extends LazyHeaders {
  private readonly before: Headers;
  private readonly changes: HeaderChanges;

  constructor(before: Headers, changes: HeaderChanges) {
    super();
    this.before = before;
    this.changes = changes;
  }
  get(name: string): Lines | undefined {
    const { set, remove } = this.changes;
    for (let at = set.length - 1; at >= 0; at--) {
      const one = set[at];
      if (one !== undefined && one[0] === name) return [one[1]];
    }
    return remove.includes(name) ? undefined : this.before.get(name);
  }
  protected read(): Headers {
    const headers = new Map(this.before);
    for (const name of this.changes.remove) headers.delete(name);
    for (const [name, value] of this.changes.set) headers.set(name, [value]);
    return headers;
  }
}
