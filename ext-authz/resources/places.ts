/**
 * What the kinds for credentials share. In: where a credential stands (`fromHeaders`, `fromParams`, as jwtRules have them),
 * durations, names of files. Out: checked values, with misfits reported. Pure.
 */
import { dirname, isAbsolute, join } from "node:path";
import { asciiLowerCase } from "../authorize/string-pattern.ts";
import { parseDuration } from "./duration.ts";
import { type Report, under } from "./field-path.ts";
import { HEADER } from "./jwt-rule.ts";
import { closed, text, texts } from "./schema.ts";

export interface RawPlaces {
  readonly fromHeaders?: readonly { readonly name: string; readonly prefix?: string }[];
  readonly fromParams?: readonly string[];
}

const header = closed({ name: text, prefix: { type: "string", maxLength: 64 } }, ["name"]);
export const places = {
  fromHeaders: { type: "array", maxItems: 16, items: header },
  fromParams: texts({ maxItems: 16 }),
} as const;

/** Headers by which a proxy frames or routes the request, and lists that a gateway joins: no credential of one client. */
const NO_PLACE = ["host", "connection", "content-length", "te", "trailer", "transfer-encoding", "upgrade", "cookie"];

export function readPlaces(raw: RawPlaces, report: Report) {
  const fromHeaders = (raw.fromHeaders ?? []).map(({ name, prefix = "" }, index) => {
    const lower = asciiLowerCase(name);
    if (!HEADER.test(name) || NO_PLACE.includes(lower)) {
      under(report, "fromHeaders", index)(["name"], `\`${name}\` cannot carry a credential`, "for example x-api-key");
    }
    return { name: lower, prefix };
  });
  return { fromHeaders, fromParams: raw.fromParams ?? [] };
}

/** Whole seconds within bounds. */
export function readSeconds(
  written: string,
  bounds: { readonly least: number; readonly most: number },
  report: Report,
): number {
  const seconds = (parseDuration(written) ?? -1) / 1000;
  if (!Number.isInteger(seconds) || seconds < bounds.least || seconds > bounds.most) {
    report([], `\`${written}\` is no whole number of seconds from ${bounds.least}s to ${bounds.most}s`);
  }
  return seconds;
}

/** A relative name starts at the folder of the file that says it. */
export function pathBeside(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}
