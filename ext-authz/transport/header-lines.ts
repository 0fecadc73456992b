/**
 * What of a CheckRequest is a header line; the same for both converters in. Every line is kept: `header_map` has them apart
 * (encode_raw_headers), `headers` joined. Envoy fills one of the two; were both filled, both count, so that nothing hides in
 * the one that is not read. Bytes that are not UTF-8 are U+FFFD by now, as in Envoy's joined map (CVE-2023-27488: never throw
 * on them). Pure.
 */

/** Lower-case name → its lines, in order. */
export type HeaderLines = Map<string, string[]>;

/** Pseudo headers come from their own fields; a nameless line is none. */
export function addLine(lines: HeaderLines, key: string, value: string): void {
  if (key === "" || key.startsWith(":")) return;
  const name = key.toLowerCase();
  const known = lines.get(name);
  if (known === undefined) lines.set(name, [value]);
  else known.push(value);
}

/** One line of `header_map`. Envoy fills `raw` or `value`. Were both filled and different, both count. */
export function addRawLine(lines: HeaderLines, key: string, raw: string, value: string): void {
  if (raw !== "") addLine(lines, key, raw);
  if (raw === "" || (value !== "" && value !== raw)) addLine(lines, key, value);
}
