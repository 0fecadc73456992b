/** The fuzzer's quick form: no exception, nothing accepted but what was signed. Times are looked at in the long form only. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { queryParameter } from "../../ext-authz/authenticate/query-parameters.ts";
import { fuzz } from "./fuzz.ts";

test("twenty thousand inputs", () => {
  const report = fuzz(20_000, 1, () => 0);
  expect(report.findings).toEqual([]);
  // It got everywhere: past the signature, into the signature, into each segment, and nowhere at all.
  expect(report.accepted).toBeGreaterThan(100);
  const reasons = ["token_malformed", "token_signature", "token_algorithm", "token_issuer", "token_too_large"];
  for (const said of ["no token", ...reasons])
    expect([said, (report.refused.get(said) ?? 0) > 5]).toEqual([said, true]);
});

/** Every name and value decoded, byte by byte: slow where the real one must not be. */
function slowly(query: string, name: string) {
  const decode = (text: string): string => {
    const bytes = Buffer.from(text).toString("latin1");
    return bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  };
  const pairs = (query.split("#", 1)[0] ?? "").split("&").map((pair) => /^([^=]*)=?(.*)$/s.exec(pair) ?? []);
  const found = pairs.filter(([, key = ""]) => decode(key) === Buffer.from(name).toString("latin1"));
  if (found.length === 0) return undefined;
  return { value: decode(found[0]?.[2] ?? ""), spellings: [...new Set(found.map(([, key]) => key))] };
}

test("a parameter is found as by decoding everything", () => {
  const piece = fc.constantFrom(
    "t",
    "%74",
    "%7",
    "%",
    "%25",
    "%c3%a9",
    "é",
    "%41",
    "A",
    "=",
    "&",
    "#",
    "%3d",
    "+",
    "\u{1f600}",
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  const name = fc.array(piece, { maxLength: 2 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, name, (query, of) => {
      expect(queryParameter(query, of)).toEqual(slowly(query, of));
    }),
    { numRuns: 2000 },
  );
});
