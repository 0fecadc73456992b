/**
 * Where a field of a resource stands. In: the texts that the resources were read from. Out: line and column, from 1; the
 * resource's own line when the field cannot be found. Pure; a file is parsed again when the first place in it is asked for.
 */
import type { Path } from "../resources/field-path.ts";
import type { Resource } from "../resources/resource.ts";
import { type Place, readYaml } from "../resources/yaml-text.ts";

export interface SourceText {
  readonly file: string;
  readonly text: string;
}

type PlaceOf = (path: Path) => Place;

export function placesIn(files: readonly SourceText[]): (resource: Resource, path: Path) => Place {
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  const parsed = new Map<string, ReadonlyMap<string, PlaceOf>>();
  return (resource, path) => {
    const { file, line } = resource;
    let places = parsed.get(file);
    if (places === undefined) {
      places = objectsOf(texts.get(file) ?? "");
      parsed.set(file, places);
    }
    return places.get(keyOf(resource))?.(path) ?? { line, column: 1 };
  };
}

function keyOf({ kind, namespace, name }: Pick<Resource, "kind" | "namespace" | "name">): string {
  return JSON.stringify([kind, namespace, name]);
}

function objectsOf(text: string): ReadonlyMap<string, PlaceOf> {
  const places = new Map<string, PlaceOf>();
  const add = (value: unknown, placeOf: PlaceOf): void => {
    const [kind, metadata] = [member(value, "kind"), member(value, "metadata")];
    places.set(JSON.stringify([kind, member(metadata, "namespace") ?? "default", member(metadata, "name")]), placeOf);
  };
  for (const { value, placeOf } of readYaml(text).documents) {
    const items = member(value, "items");
    if (member(value, "kind") !== "List" || !Array.isArray(items)) add(value, placeOf);
    else for (const [at, item] of items.entries()) add(item, (path) => placeOf(["items", at, ...path]));
  }
  return places;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
