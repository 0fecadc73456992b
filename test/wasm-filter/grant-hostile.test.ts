/** Whatever a grant's text says, nothing traps, nothing is half kept, and memory stays within its bound. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { collidingFilter } from "./build-filter.ts";
import { type Exchange, granting, grantText } from "./granting.ts";
import { values } from "./stands.ts";

// Compiling on a busy machine may take longer than a test may.
const colliding = collidingFilter();

async function live(...options: Parameters<typeof granting>) {
  const proxy = await granting(...options);
  proxy.poll("e1");
  return proxy;
}

const long = (length: number) => "a".repeat(length);
const good = grantText({ vary: ["header:x-a", "query"], path: "^/\t!/b\t>1", changes: ["set x-b b", "remove x-c"] });

it.each<[string, string]>([
  ["empty", ""],
  ["another version", good.replace(/^1/, "2")],
  ["a version alone", "1"],
  ["a version that goes on", good.replace(/^1/, "10")],
  ["no epoch", grantText({ epoch: "" })],
  ["a long epoch", grantText({ epoch: long(65) })],
  ["an epoch with a dot", grantText({ epoch: "e.1" })],
  ["no time", grantText({ milliseconds: "" })],
  ["no time left", grantText({ milliseconds: 0 })],
  ["a negative time", grantText({ milliseconds: -1 })],
  ["a time with a fraction", grantText({ milliseconds: "1.5" })],
  ["a time in words", grantText({ milliseconds: "1e3" })],
  ["a time too long to read", grantText({ milliseconds: "0000005000" })],
  ["no id", grantText({ id: "" })],
  ["a long id", grantText({ id: long(129) })],
  ["an id with a space", grantText({ id: "a b" })],
  ["an id with a control byte", grantText({ id: "a\rb" })],
  ["an unknown atom", grantText({ vary: ["cookie"] })],
  ["an atom twice spaced", grantText({ vary: ["query", "", "scheme"] })],
  ["a header without a name", grantText({ vary: ["header:"] })],
  ["a header in capitals", grantText({ vary: ["header:X-A"] })],
  ["a header that is no token", grantText({ vary: ["header:x a"] })],
  ["a long header", grantText({ vary: [`header:${long(129)}`] })],
  ["33 atoms", grantText({ vary: Array.from({ length: 33 }, (_, i) => `header:x-${i}`) })],
  ["no class", grantText({ path: "" })],
  ["a class of another kind", grantText({ path: "~/" })],
  ["an exact class without a path", grantText({ path: "=" })],
  ["a class that is no path", grantText({ path: "^orders" })],
  ["terms behind one path", grantText({ path: "=/orders/1\t!/a" })],
  ["an empty term", grantText({ path: "^/\t" })],
  ["a term without text", grantText({ path: "^/\t!" })],
  ["a term of another kind", grantText({ path: "^/\t?1" })],
  ["17 terms", grantText({ path: `^/${"\t!/b".repeat(17)}` })],
  ["a long class", grantText({ path: `^/\t!/${long(4096)}` })],
  ["a class with a space", grantText({ path: "^/\t!/a b" })],
  ["no class line", grantText().split("\n").slice(0, 5).join("\n")],
  ["an unknown change", grantText({ changes: ["add x-a b"] })],
  ["an empty change", grantText({ changes: ["", "set x-a b"] })],
  ["a change without a name", grantText({ changes: ["set  b"] })],
  ["a change without a value", grantText({ changes: ["set x-a"] })],
  ["a removal with a value", grantText({ changes: ["remove x-a b"] })],
  ["a removal without a name", grantText({ changes: ["remove "] })],
  ["a pseudo-header", grantText({ changes: ["set :path /admin"] })],
  ["a name in capitals", grantText({ changes: ["set X-A b"] })],
  ["a long name", grantText({ changes: [`set ${long(129)} b`] })],
  ["a value with a control byte", grantText({ changes: ["set x-a b\r"] })],
  ["a value with NUL", grantText({ changes: ["set x-a b\0c"] })],
  ["too much", grantText({ changes: Array.from({ length: 1000 }, (_, i) => `set x-${i} ${long(60)}`) })],
])("is not kept: %s", async (_, grant) => {
  const proxy = await live();
  proxy.exchange({ grant });
  expect([proxy.exchange().state, proxy.metric("kept")]).toEqual(["", 0]);
});

it("what it begins with is kept: the table above fails for its own reasons", async () => {
  const proxy = await live();
  proxy.exchange({ grant: good });
  expect(proxy.exchange().state).toBe("d1 1");
});

it("cut, changed and stretched texts never trap; what is kept is what was written", async () => {
  const proxy = await live({ cluster: "http", maxBytes: 65_536 });
  const bytes = Buffer.from(good);
  const mutated = fc.oneof(
    fc.nat(bytes.length).map((end) => bytes.subarray(0, end)),
    fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, value]) => {
      const copy = Buffer.from(bytes);
      copy[at] = value;
      return copy;
    }),
    fc
      .tuple(fc.nat(bytes.length), fc.uint8Array({ maxLength: 20 }))
      .map(([at, more]) => Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)])),
    fc.uint8Array({ maxLength: 200 }).map((noise) => Buffer.from(noise)),
  );
  fc.assert(
    fc.property(mutated, (grant) => {
      // Each text starts with an empty store.
      proxy.poll("e2");
      proxy.poll("e1");
      proxy.exchange({ grant: new Uint8Array(grant), lines: [["x-a", "1"]] });
      const again = proxy.exchange({ lines: [["x-a", "1"]] });
      if (again.state === "") return;
      // Kept: then its lines say what was done.
      const text = grant.toString("latin1").split("\n");
      expect(again.state).toBe(`${text[3]} 1`);
      for (const line of text.slice(6)) {
        const [, name = "", value = ""] = /^set ([^ ]+) ([ -~]*)$/.exec(line) ?? [];
        const isLast = text.filter((other) => other.startsWith(`set ${name} `)).at(-1) === line;
        if (name !== "" && isLast && !text.includes(`remove ${name}`))
          expect(values(again.headers, name)).toEqual([value]);
      }
    }),
    { numRuns: 2000 },
  );
});

it("when hashes collide, no request is taken for another one", async () => {
  const proxy = await live({ cluster: "http" }, {}, colliding);
  const requests = Array.from(
    { length: 30 },
    (_, i): Exchange => ({
      method: i % 2 === 0 ? "GET" : "PUT",
      path: `/p/${i % 5}`,
      lines: [["x-a", `${i}`]],
    }),
  );
  for (const [i, exchange] of requests.entries()) {
    const { path = "" } = exchange;
    const grant = grantText({ id: `d${i}`, vary: ["header:x-a"], path: i % 3 === 0 ? "^/p/" : `=${path}` });
    expect(proxy.exchange({ ...exchange, grant }).state).toBe("");
  }
  expect(requests.map((exchange) => proxy.exchange(exchange).state)).toEqual(requests.map((_, i) => `d${i} 1`));
  expect(proxy.exchange({ path: "/p/1", lines: [["x-a", "31"]] }).state).toBe("");
});
