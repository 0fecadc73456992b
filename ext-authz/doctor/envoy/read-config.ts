/**
 * In: the text of a configuration. Out: its documents, and what is wrong with the text. Pure.
 * YAML is read as policies are (bounded, no anchors); JSON, whose dumps are long, by the strict parser, without places.
 * Texts inside of a ConfigMap (Istio's `mesh`, an Envoy's bootstrap) are read too, one level deep.
 */
import { parseStrictJson } from "../../authenticate/strict-json.ts";
import { readYaml, type TextProblem } from "../../resources/yaml-text.ts";
import { type ConfigDocument, child, type Frame, isRecord, members, pathOf, rootOf, textOf } from "./frame.ts";

const MAX_DEPTH = 150;
/** Characters; a dump of a large mesh. */
export const MAX_TEXT = 64 * 1024 * 1024;

export interface ConfigText {
  readonly documents: readonly ConfigDocument[];
  readonly problems: readonly TextProblem[];
}

export function readConfig(file: string, text: string): ConfigText {
  if (text.length > MAX_TEXT) return broken(`larger than ${MAX_TEXT} characters`);
  if (/^\s*\{/.test(text.slice(0, 1000))) {
    const value = parseStrictJson(text, MAX_DEPTH);
    if (value !== undefined && isRecord(value)) return joined([opened({ file, value, base: [], placeOf: undefined })]);
  }
  const { documents, problems } = readYaml(text);
  const read = documents.map(({ value, placeOf }) => opened({ file, value, base: [], placeOf }));
  return joined([{ documents: [], problems: problems.map(withoutValue) }, ...read]);
}

const CONFIG_KEY = /^(?:mesh|[A-Za-z0-9._-]{0,100}\.(?:ya?ml|json))$/;

/** The document, or what a ConfigMap holds. */
function opened(document: ConfigDocument): ConfigText {
  const root = rootOf(document);
  const isMap = textOf(child(root, "kind")) === "ConfigMap";
  const held = isMap ? members(child(root, "data")).filter(({ key }) => CONFIG_KEY.test(String(key))) : [];
  return held.length === 0 ? { documents: [document], problems: [] } : joined(held.map(embedded));
}

/** The text's own lines are not the file's: the place of the member is as near as it gets. */
function embedded(member: Frame): ConfigText {
  const { file, placeOf } = member.document;
  const base = pathOf(member);
  const place = placeOf?.(base) ?? { line: 1, column: 1 };
  const { documents, problems } = readYaml(textOf(member) ?? "");
  return {
    documents: documents.map(({ value }) => ({ file, value, base, placeOf: placeOf && (() => place) })),
    problems: problems.map((problem) => ({ ...withoutValue(problem), ...place })),
  };
}

function joined(texts: readonly ConfigText[]): ConfigText {
  return { documents: texts.flatMap((one) => one.documents), problems: texts.flatMap((one) => one.problems) };
}

/** The YAML library says behind a colon what it stumbled on, which may be a secret. */
function withoutValue(problem: TextProblem): TextProblem {
  const quoted = problem.message.indexOf(": ");
  return quoted === -1 ? problem : { ...problem, message: problem.message.slice(0, quoted) };
}

function broken(message: string): ConfigText {
  return { documents: [], problems: [{ line: 1, column: 1, message }] };
}
