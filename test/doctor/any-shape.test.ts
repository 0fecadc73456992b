/** Whatever shape a field has, doctor answers: it never throws, never says more than it may, never loses a hazard elsewhere. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { examine } from "../../ext-authz/doctor/envoy/examine.ts";
import { readConfig } from "../../ext-authz/doctor/envoy/read-config.ts";
import { at, changed, type Json, sound } from "./sound-envoy.ts";

const open = changed(sound, ["admin", "address", "socket_address", "address"], "0.0.0.0");

/** Every place of the configuration that is written. */
function pathsOf(value: Json): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [[]];
  const inner: [string | number, Json][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [[], ...inner.flatMap(([key, one]) => pathsOf(one).map((path) => [key, ...path]))];
}

const paths = pathsOf(open).filter((path) => path[0] === "static_resources" && path.length > 1);
const anything = fc.oneof(
  fc.constantFrom<Json>(null, true, 0, "", "hunter2", [], {}, [[]], [null], { "@type": 1 }, { "@type": "hunter2" }),
  fc.json({ maxDepth: 3 }).map((text): Json => JSON.parse(text)),
);

test("one field of any shape", () => {
  fc.assert(
    fc.property(fc.constantFrom(...paths), anything, (path, to) => {
      const { hazards } = examine(readConfig("a.json", withField(open, path, to)).documents);
      expect(hazards.map(({ id }) => id)).toContain("admin_public");
      expect(hazards.map(({ saw }) => saw).join()).toMatch(/^[\x20-\x7e]*$/);
    }),
    { numRuns: 2000 },
  );
});

/** As JSON, with the value at the path replaced, by the same value too. */
function withField(value: Json, path: readonly (string | number)[], to: Json): string {
  return JSON.stringify(changed(value, path, "hunter3")).replace('"hunter3"', () => JSON.stringify(to));
}

test("a whole document of any shape", () => {
  fc.assert(
    fc.property(fc.object({ maxDepth: 4, withNullPrototype: true }), (value) => {
      const { documents } = readConfig("a.json", JSON.stringify(value) ?? "");
      expect(examine(documents).cut).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test("filters in any order: exactly one order of guard, ext_authz and router is sound", () => {
  const chain = at.filters.reduce<unknown>((value, key) => Object(value)[key], sound);
  const filters: readonly Json[] = Array.isArray(chain) ? chain : [];
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (order) => {
      const shuffled = order.map((index) => filters[index] ?? null);
      const text = withField(sound, at.filters, shuffled);
      const { hazards } = examine(readConfig("a.json", text).documents);
      expect(hazards.length === 0).toBe(order.join() === "0,1,2");
    }),
  );
});
