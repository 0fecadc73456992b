/** Headers that are made when asked for, held against a map that was made at once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeaderChanges, Headers } from "../../ext-authz/model.ts";
import { headerValues } from "../../ext-authz/request/inline-headers.ts";
import { ChangedHeaders, JoinedHeaders } from "../../ext-authz/request/lazy-headers.ts";
import { span, WireHeaders } from "../../ext-authz/transport/wire-headers.ts";

const name = fc.constantFrom("accept", "x-role", "authorization", "x-user", "x-empty", "toString", "__proto__");
const value = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("", "a,b", "ü", "x".repeat(100), "ü".repeat(60)));
const lines = fc
  .array(fc.tuple(name, value), { maxLength: 8 })
  .map((all) =>
    all.reduce((map, [key, line]) => map.set(key, [...(map.get(key) ?? []), line]), new Map<string, string[]>()),
  );
const changes: fc.Arbitrary<HeaderChanges> = fc.record({
  remove: fc.array(name, { maxLength: 3 }),
  set: fc.array(fc.tuple(name, value), { maxLength: 4 }),
  removeQueryParameters: fc.constant([]),
});
const ASKED = ["accept", "x-role", "authorization", "x-user", "x-empty", "toString", "__proto__", "x-none", ""];

/** By each name before and after somebody walked over all of them, and by every way to walk. */
function isSame(lazy: Headers, eager: Headers): void {
  const found = () => ASKED.map((one) => [one, lazy.get(one), lazy.has(one)]);
  const expected = ASKED.map((one) => [one, eager.get(one), eager.has(one)]);
  expect(found()).toEqual(expected);
  expect([...lazy]).toEqual([...eager]);
  expect([lazy.size, [...lazy.keys()], [...lazy.values()], [...lazy.entries()]]).toEqual([
    ...[eager.size, [...eager.keys()], [...eager.values()], [...eager.entries()]],
  ]);
  const walked: unknown[] = [];
  lazy.forEach((all, key) => {
    walked.push([key, all]);
  });
  expect(walked).toEqual([...eager]);
  expect(found()).toEqual(expected);
}

function joined(headers: Headers): Headers {
  return new Map([...headers.keys()].map((key) => [key, headerValues(headers, key)]));
}

function changed(headers: Headers, { remove, set }: HeaderChanges): Headers {
  const all = new Map(headers);
  for (const key of remove) all.delete(key);
  for (const [key, line] of set) all.set(key, [line]);
  return all;
}

function onWire(all: readonly (readonly [name: string, value: string])[]): WireHeaders {
  let message = "before";
  const put = (text: string): number => {
    const bytes = Buffer.from(text, "utf8").toString("latin1");
    message += bytes;
    return span(message.length - bytes.length, message.length);
  };
  const spans = all.flatMap(([key, line]) => [put(key), put(line)]);
  return new WireHeaders(message, spans);
}

describe("lazy headers are the same as eager ones", () => {
  it("joined as Envoy joins them", () => {
    fc.assert(fc.property(lines, (all) => isSame(new JoinedHeaders(all), joined(all))));
  });

  it("changed, once and again", () => {
    fc.assert(
      fc.property(lines, changes, changes, (all, one, other) => {
        isSame(new ChangedHeaders(new JoinedHeaders(all), one), changed(joined(all), one));
        isSame(new ChangedHeaders(new ChangedHeaders(all, one), other), changed(changed(all, one), other));
      }),
    );
  });

  it("off the wire, few and many", () => {
    const plain = name.filter((one) => one === one.toLowerCase());
    const few = fc.array(fc.tuple(plain, value), { maxLength: 8 });
    const many = fc.array(fc.tuple(plain, value), { minLength: 101, maxLength: 130 });
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: few }, many), (all) => {
        const eager = new Map<string, string[]>();
        for (const [key, line] of all) eager.set(key, [...(eager.get(key) ?? []), line]);
        isSame(onWire(all), eager);
        isSame(new JoinedHeaders(onWire(all)), joined(eager));
      }),
    );
  });
});
