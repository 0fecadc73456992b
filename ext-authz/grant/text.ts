/**
 * A grant as the text that the guard reads (docs/grants.md, "Wire"). In: its parts. Out: the text, or undefined when it cannot
 * be said in it. Pure.
 */
import { KeptChanges } from "../kept-changes.ts";
import type { HeaderChanges } from "../model.ts";

export interface Grant {
  /** Stands for all that grants depend on and no key holds. */
  readonly epoch: string;
  readonly milliseconds: number;
  readonly decisionId: string;
  /** Atoms, sorted, a space between. */
  readonly inputs: string;
  /** Terms. */
  readonly path: readonly string[];
  readonly changes: Pick<HeaderChanges, "set" | "remove">;
}

const VERSION = "1";
/** Bytes. */
const MAX_TEXT = 65_536;

export function grantText({ epoch, milliseconds, decisionId, inputs, path, changes }: Grant): string | undefined {
  const lines = changes instanceof KeptChanges ? changes.inGrant(changeLines) : changeLines(changes);
  if (lines === undefined) return undefined;
  const text = `${VERSION}\n${epoch}\n${milliseconds}\n${decisionId}\n${inputs}\n${path.join("\t")}${lines}`;
  // At most three bytes for each of JavaScript's characters.
  return text.length * 3 > MAX_TEXT && Buffer.byteLength(text) > MAX_TEXT ? undefined : text;
}

function changeLines({ set, remove }: Grant["changes"]): string | undefined {
  let text = "";
  for (const [name, value] of set) {
    if (hasLineEnd(value)) return undefined;
    text += `\nset ${name} ${value}`;
  }
  for (const name of remove) text += `\nremove ${name}`;
  return text;
}

/** A value that ends its line would write the next one. */
function hasLineEnd(value: string): boolean {
  return value.includes("\n") || value.includes("\r") || value.includes("\0");
}
