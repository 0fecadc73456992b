/**
 * In: the text of a configuration. Out: its documents, and what is wrong with the text. Pure.
 * YAML is read as policies are (bounded, no anchors); JSON, whose dumps are long, by the strict parser, without places.
 * Texts inside of a ConfigMap (Istio's `mesh`, an Envoy's bootstrap) are read too, one level deep.
 */
import { parseStrictJson } from "../../authenticate/strict-json.ts";
import { readYaml, type TextProblem } from "../../resources/yaml-text.ts";
import { type ConfigDocument, child, isRecord, members, rootOf, textOf } from "./frame.ts";

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
    if (value !== undefined && isRecord(value)) {
      return { documents: withEmbedded({ file, value, base: [], placeOf: undefined }), problems: [] };
    }
  }
  const { documents, problems } = readYaml(text);
  const read = documents.map(({ value, placeOf }): ConfigDocument => ({ file, value, base: [], placeOf }));
  return { documents: read.flatMap(withEmbedded), problems };
}

const CONFIG_KEY = /^(?:mesh|meshNetworks|[A-Za-z0-9._-]{0,100}\.(?:ya?ml|json))$/;

function withEmbedded(document: ConfigDocument): readonly ConfigDocument[] {
  const root = rootOf(document);
  if (textOf(child(root, "kind")) !== "ConfigMap") return [document];
  const inner = members(child(root, "data")).flatMap((member): ConfigDocument[] => {
    const text = textOf(member);
    if (text === undefined || !CONFIG_KEY.test(String(member.key))) return [];
    const base = ["data", String(member.key)];
    // The text's own lines are not the file's: the place of the member is as near as it gets.
    const { placeOf } = document;
    const outer = placeOf === undefined ? undefined : () => placeOf(base);
    return readYaml(text).documents.map(({ value }) => ({ file: document.file, value, base, placeOf: outer }));
  });
  return [document, ...inner];
}

function broken(message: string): ConfigText {
  return { documents: [], problems: [{ line: 1, column: 1, message }] };
}
