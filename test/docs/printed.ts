/**
 * Does a program print what a page says? In: the page's text, the program's. Out: yes or no. Pure.
 * `…` in a line stands for any characters, `…` alone in a line for any number of lines; spaces at ends of lines do not count.
 */
const ANY = "…";

export function prints(expected: string, actual: string): boolean {
  return linesFit(linesOf(expected), linesOf(actual));
}

function linesOf(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

function linesFit(expected: readonly string[], actual: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return actual.length === 0;
  if (first === ANY) {
    for (let skipped = 0; skipped <= actual.length; skipped++) if (linesFit(rest, actual.slice(skipped))) return true;
    return false;
  }
  const [line, ...more] = actual;
  return line !== undefined && lineFits(first, line) && linesFit(rest, more);
}

function lineFits(expected: string, actual: string): boolean {
  const [head = "", ...pieces] = expected.split(ANY);
  const tail = pieces.pop();
  if (tail === undefined) return expected === actual;
  if (!actual.startsWith(head)) return false;
  let from = head.length;
  for (const piece of pieces) {
    const found = actual.indexOf(piece, from);
    if (found < 0) return false;
    from = found + piece.length;
  }
  return actual.length >= from + tail.length && actual.endsWith(tail);
}
