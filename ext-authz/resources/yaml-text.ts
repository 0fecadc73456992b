/**
 * In: the text of one YAML (or JSON) file. Out: its documents as plain values with the place of every field, and what is
 * wrong with the text. Pure.
 * Everything that makes YAML mean more than it shows is refused: anchors, aliases, duplicate keys, unknown tags, YAML 1.1.
 * Sizes, depth and the number of documents are bounded before any tree is built.
 */
import { Composer, type Document, Lexer, LineCounter, Parser, type YAMLError } from "yaml";
import type { Path } from "./field-path.ts";
import { nestingProblem, type Token } from "./yaml-depth.ts";
import { nodeAt, type Plain, plainValue } from "./yaml-node.ts";

const MAX_LENGTH = 10 * 1024 * 1024;
const MAX_DOCUMENTS = 5000;
/** Words, signs and line ends: what reading time grows with. */
const MAX_LEXEMES = 2_000_000;
/** Of one document. One is enough to keep a document out. */
const MAX_PROBLEMS = 1000;

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface TextProblem extends Place {
  readonly message: string;
  readonly hint?: string;
}

export interface YamlDocument {
  readonly value: Plain;
  /** Of the field, or of the nearest thing around it that is written. */
  readonly placeOf: (path: Path) => Place;
  /** Plain words that YAML 1.1, and so Kubernetes, reads as booleans: a string to us, refused by the cluster. */
  readonly ambiguous: readonly Path[];
}

export interface YamlText {
  readonly documents: readonly YamlDocument[];
  readonly problems: readonly TextProblem[];
}

/** Empty documents are left out. */
export function readYaml(text: string): YamlText {
  if (text.length > MAX_LENGTH) return broken(`the file is larger than ${MAX_LENGTH} characters`);
  const lines = new LineCounter();
  const tokens = tokensOf(text, lines);
  if (tokens === undefined) return broken(`the file has more than ${MAX_LEXEMES} words and signs`);
  if (tokens.filter((token) => token.type === "document").length > MAX_DOCUMENTS) {
    return broken(`the file has more than ${MAX_DOCUMENTS} documents`);
  }
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const tooDeep = nestingProblem(tokens);
  if (tooDeep !== undefined) {
    return { documents: [], problems: [{ ...place(tooDeep.offset), message: tooDeep.message }] };
  }
  // Duplicate keys are found in `plainValue`: the library's own search takes quadratic time.
  const composer = new Composer({ version: "1.2", strict: true, stringKeys: true, uniqueKeys: false, merge: false });
  const composed = [...composer.compose(tokens, false, text.length)];
  if (composed.length === 0) {
    const { errors, warnings } = composer.streamInfo();
    return { documents: [], problems: [...errors, ...warnings].slice(0, MAX_PROBLEMS).map(problemAt(place)) };
  }
  const read = composed.map((document) => readDocument(document, place));
  return { documents: read.flatMap(({ documents }) => documents), problems: read.flatMap(({ problems }) => problems) };
}

function tokensOf(text: string, lines: LineCounter): Token[] | undefined {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const tokens: Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > MAX_LEXEMES) return undefined;
    tokens.push(...parser.next(lexeme));
  }
  tokens.push(...parser.end());
  return tokens;
}

function problemAt(place: (offset: number) => Place) {
  return ({ pos, message }: YAMLError): TextProblem => ({ ...place(pos[0]), message });
}

function readDocument(document: Document.Parsed, place: (offset: number) => Place): YamlText {
  const found = [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS);
  const problems = found.map(problemAt(place));
  const { yaml } = document.directives;
  if (yaml.explicit === true && yaml.version !== "1.2") {
    problems.push({ ...place(document.range[0]), message: "YAML 1.1 is not read", hint: "remove the %YAML line" });
  }
  if (problems.length > 0) return { documents: [], problems };
  const { contents } = document;
  const { value, faults, ambiguous } = plainValue(contents);
  if (faults.length > 0) {
    const first = faults.slice(0, MAX_PROBLEMS);
    return { documents: [], problems: first.map(({ offset, ...fault }) => ({ ...place(offset), ...fault })) };
  }
  if (value === null) return { documents: [], problems: [] };
  const start = document.range[0];
  return {
    documents: [{ value, ambiguous, placeOf: (path) => place(nodeAt(contents, path) ?? start) }],
    problems: [],
  };
}

function broken(message: string): YamlText {
  return { documents: [], problems: [{ line: 1, column: 1, message, hint: "split the file" }] };
}
