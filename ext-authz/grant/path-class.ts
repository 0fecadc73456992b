/**
 * Which paths policies cannot tell from a given one. In: every path matcher of a plan, at load; an eligible path later. Out:
 * its class in the words of a grant, `=PATH` or `^PREFIX` with further terms (docs/grants.md). Pure. Costs the path's length
 * and not the number of matchers; where the class cannot be said in few words it is the path alone.
 */
import { isPathTemplate } from "../authorize/path-template.ts";
import type { PatternKey } from "../authorize/rule-index/pattern-map.ts";
import { type PatternMap, patternMap, visitMatches } from "../authorize/rule-index/pattern-map.ts";
import { type KnownTexts, knownTexts, type Region, surroundings } from "./surroundings.ts";
import { canStandInPath } from "./target.ts";
import { readTemplate, type Template, templateRegion } from "./template-region.ts";

export interface PathMatchers {
  readonly starts: KnownTexts;
  /** Reversed. */
  readonly ends: KnownTexts;
  /** By what they begin with. */
  readonly templates: PatternMap<readonly Template[]>;
  /**
   * Lengths that a prefix may have, ascending. The guard looks a request up once for each length it has seen, so they are few.
   */
  readonly lengths: readonly number[];
}

const MAX_LENGTHS = 12;
/** Of the 16 terms of a class: the prefix, and what each side may add. */
const START_TERMS = 8;
const END_TERMS = 3;
const MAX_TEMPLATE_TERMS = 3;
const MAX_CHARACTERS = 1500;
/** Bytes of all terms. */
const MAX_CLASS = 4096;
/** More templates than this on one path: the class is the path alone. */
const MAX_TEMPLATES = 32;

/** @param patterns values of `paths` and `notPaths`, as `anyPattern` and `templateTest` read them */
export function pathMatchers(patterns: Iterable<string>): PathMatchers {
  const starts: string[] = [];
  const wholes: string[] = [];
  const ends: string[] = [];
  const templates = new Map<PatternKey, Template[]>();
  const both: number[] = [];
  for (const pattern of new Set(patterns)) {
    if (isPathTemplate(pattern)) {
      const template = readTemplate(pattern);
      const literals = [...template.literals, template.tail ?? ""];
      if (!literals.every(canStandInPath)) continue;
      starts.push(template.head);
      if (template.tail !== undefined) both.push(template.head.length + template.tail.length);
      const key = `^${template.head}`;
      templates.set(key, [...(templates.get(key) ?? []), template]);
    } else if (pattern.startsWith("*")) ends.push(pattern.slice(1));
    else if (pattern.endsWith("*")) starts.push(pattern.slice(0, -1));
    else wholes.push(pattern);
  }
  const mine = (texts: readonly string[]): readonly string[] =>
    texts.filter((text) => text !== "" && canStandInPath(text));
  const known = knownTexts(mine(starts), mine(wholes));
  return {
    starts: known,
    ends: knownTexts(mine(ends).map(reversed), []),
    templates: patternMap(templates),
    lengths: fewLengths([
      ...mine(starts).map(({ length }) => length),
      ...mine(wholes).map(({ length }) => length + 1),
      ...both,
    ]),
  };
}

/** @param path eligible. @returns the terms, the first being the path or the prefix */
export function pathClass(matchers: PathMatchers, path: string): readonly string[] {
  const alone = [`=${path}`];
  const demands = templateDemands(matchers, path);
  if (demands === undefined) return alone;
  const start = surroundings(matchers.starts, path, {
    least: Math.max(1, demands.least),
    terms: START_TERMS,
    characters: MAX_CHARACTERS,
  });
  const length = matchers.lengths.find((one) => start !== undefined && one >= start.start.length);
  if (start === undefined || length === undefined || length > path.length) return alone;
  const end = endRegion(matchers.ends, path, demands.end);
  if (end === undefined) return alone;
  const prefix = path.slice(0, length);
  const terms = [
    `^${prefix}`,
    ...start.without.filter((text) => text.startsWith(prefix)).map((text) => `!${text}`),
    ...(end.start === "" ? [] : [`>${end.start}`]),
    ...new Set([...end.without, ...demands.noEnds].map((text) => `<${text}`)),
  ];
  return terms.join("\t").length > MAX_CLASS ? alone : terms;
}

interface Demands {
  readonly least: number;
  readonly end: string;
  readonly noEnds: readonly string[];
}

function templateDemands({ templates }: PathMatchers, path: string): Demands | undefined {
  const near: Template[] = [];
  let crowded = false;
  visitMatches(templates, path, (some) => {
    crowded ||= near.length + some.length > MAX_TEMPLATES;
    if (!crowded) near.push(...some);
  });
  if (crowded) return undefined;
  let least = 0;
  let end = "";
  const noEnds = new Set<string>();
  for (const template of near) {
    const region = templateRegion(template, path);
    if (region.by === "path") return undefined;
    if (region.by === "no_end") noEnds.add(region.end);
    else least = Math.max(least, region.length);
    if (region.by === "both" && region.end.length > end.length) end = region.end;
  }
  return noEnds.size > MAX_TEMPLATE_TERMS ? undefined : { least, end, noEnds: [...noEnds] };
}

function endRegion(ends: KnownTexts, path: string, demanded: string): Region | undefined {
  if (ends.texts.length === 0) return { start: demanded, without: [] };
  const room = { least: demanded.length, terms: END_TERMS, characters: MAX_CHARACTERS };
  const region = surroundings(ends, reversed(path), room);
  return region === undefined
    ? undefined
    : { start: reversed(region.start), without: region.without.map((text) => reversed(text)) };
}

/** At most so many, spread over what there is, always with the shortest and the longest. */
function fewLengths(all: readonly number[]): readonly number[] {
  const sorted = [...new Set([1, ...all])].sort((a, b) => a - b);
  if (sorted.length <= MAX_LENGTHS) return sorted;
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 1;
  return [...new Set(Array.from({ length: MAX_LENGTHS }, (_, index) => at(index / (MAX_LENGTHS - 1))))];
}

function reversed(text: string): string {
  let turned = "";
  for (let at = text.length - 1; at >= 0; at--) turned += text.charAt(at);
  return turned;
}
