/**
 * What stamps cover, in order, as it is written again and again. In come the names of components; out go their lines' heads and
 * their list. Made once for each combination of what a request may bring (RFC 9421 §2.3, §2.5). No effects.
 */
import { ByteWriter } from "./byte-writer";
import { DIGEST_HEADER } from "./content-digest";
import { partOf } from "./signed-message";
import { ZONE_HEADER } from "./stamp-fields";

export class Covered {
  parts: i32[] = [];
  /** What stands before each value in a signature base. */
  heads: Uint8Array[] = [];
  /** `("…" "…")` */
  list: Uint8Array = new Uint8Array(0);
  /** A component stands there twice. */
  repeats: bool = false;
  /** How many of the first come again with a bearer's next request. */
  again: i32 = 0;

  constructor(public names: string[]) {
    const list = new ByteWriter();
    const head = new ByteWriter();
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (names.indexOf(name) != i) this.repeats = true;
      this.parts.push(partOf(name));
      list.text(i == 0 ? '("' : '" "');
      list.text(name);
      head.text(i == 0 ? '"' : '\n"');
      head.text(name);
      head.text('": ');
      this.heads.push(head.take());
      head.clear();
    }
    list.text('")');
    this.list = list.take();
  }

  is(names: string[]): bool {
    if (names.length != this.names.length) return false;
    for (let i = 0; i < names.length; i++) if (names[i] != this.names[i]) return false;
    return true;
  }
}

/** Those of one stand. */
export class CoveredSets {
  private sets: StaticArray<Covered | null> = new StaticArray<Covered | null>(8);

  /** `token` is the header's name; "" = stamps cover none. */
  constructor(private token: string) {}

  /**
   * Where there is a token it stands first: what comes again with each of its bearer's requests is then hashed once
   * (hmac-states.ts). `plain` = at its place after the query, as others write it.
   */
  of(hasToken: bool, digested: bool, plain: bool = false): Covered {
    const at = <i32>hasToken | ((<i32>digested) << 1) | ((<i32>plain) << 2);
    const known = this.sets[at];
    if (known !== null) return known;
    const names: string[] = [];
    if (hasToken && !plain) names.push(this.token);
    names.push("@method");
    names.push("@authority");
    names.push("@path");
    names.push("@query");
    if (hasToken && plain) names.push(this.token);
    if (digested) names.push(DIGEST_HEADER);
    names.push(ZONE_HEADER);
    const made = new Covered(names);
    // Token, method and authority.
    if (hasToken && !plain) made.again = 3;
    this.sets[at] = made;
    return made;
  }
}
