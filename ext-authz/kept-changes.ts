/**
 * Header changes that are the same with every request of a remembered token. In: changes. Out: the same, with a memory of how
 * they are said on the wire and in a grant, which costs more to say than to remember. A life: ends with the token.
 */
import type { HeaderChanges } from "./model.ts";

export class KeptChanges implements HeaderChanges {
  readonly remove: HeaderChanges["remove"];
  readonly set: HeaderChanges["set"];
  readonly removeQueryParameters: HeaderChanges["removeQueryParameters"];
  // Out of sight, so that it equals changes that are not kept.
  #onWire: string | undefined;
  #inGrant: string | typeof NOT_SAYABLE | undefined;

  constructor({ remove, set, removeQueryParameters }: HeaderChanges) {
    this.remove = remove;
    this.set = set;
    this.removeQueryParameters = removeQueryParameters;
  }

  /** @param say pure, the same one each time */
  onWire(say: (changes: HeaderChanges) => string): string {
    this.#onWire ??= inOnePiece(say(this));
    return this.#onWire;
  }

  /** @param say pure, the same one each time; undefined = they cannot be said there */
  inGrant(say: (changes: HeaderChanges) => string | undefined): string | undefined {
    if (this.#inGrant === undefined) {
      const text = say(this);
      this.#inGrant = text === undefined ? NOT_SAYABLE : inOnePiece(text);
    }
    return this.#inGrant === NOT_SAYABLE ? undefined : this.#inGrant;
  }
}

const NOT_SAYABLE = Symbol("not sayable");

/** What is joined keeps its parts alive, and each of them is larger than the whole. */
function inOnePiece(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
