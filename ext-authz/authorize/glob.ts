/**
 * In: a pattern with any number of `*`, each standing for any run of characters. Out: a test for whole texts. Pure.
 * Leftmost search for the pieces between the stars is enough, so a match never goes back: no bait makes it slow.
 */
import type { TextTest } from "./string-pattern.ts";

export function globTest(pattern: string): TextTest {
  const pieces = pattern.split("*");
  const first = pieces[0] ?? "";
  if (pieces.length === 1) return (text) => text === first;
  const last = pieces[pieces.length - 1] ?? "";
  const middle = pieces.slice(1, -1).filter((piece) => piece !== "");
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}
