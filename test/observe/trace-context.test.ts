/** W3C Trace Context: what counts as the caller's trace, and what is as good as absent. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTraceparent, writeTraceparent } from "../../ext-authz/observe/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const good = `00-${TRACE}-${SPAN}-01`;

describe("a traceparent", () => {
  const accepted: readonly [string, string, boolean][] = [
    ["sampled", good, true],
    ["not sampled", `00-${TRACE}-${SPAN}-00`, false],
    ["with flags to come", `00-${TRACE}-${SPAN}-03`, true],
    ["with all flags but ours", `00-${TRACE}-${SPAN}-fe`, false],
    ["of a version to come", `01-${TRACE}-${SPAN}-01`, true],
    ["of a version to come, longer", `cc-${TRACE}-${SPAN}-01-what-will-be`, true],
  ];
  it.each(accepted)("%s counts", (_, line, sampled) => {
    expect(readTraceparent([line])).toEqual({ traceId: TRACE, spanId: SPAN, sampled });
  });

  const ignored: readonly [string, readonly string[] | undefined][] = [
    ["that is absent", undefined],
    ["without a line", []],
    ["that is empty", [""]],
    ["in two lines", [good, good]],
    ["of two joined", [`${good},${good}`]],
    ["with white space", [` ${good}`]],
    ["with white space behind", [`${good} `]],
    ["in upper case", [good.toUpperCase()]],
    ["of the forbidden version", [`ff-${TRACE}-${SPAN}-01`]],
    ["of version 00 with more", [`${good}-00`]],
    ["of a version to come, joined badly", [`01-${TRACE}-${SPAN}-01x`]],
    ["of a version to come without end", [`01-${TRACE}-${SPAN}-01-${"a".repeat(300)}`]],
    ["with a trace of zeros", [`00-${"0".repeat(32)}-${SPAN}-01`]],
    ["with a span of zeros", [`00-${TRACE}-${"0".repeat(16)}-01`]],
    ["that is cut", [good.slice(0, -1)]],
    ["with other digits", [good.replace("0af7", "0ag7")]],
    ["with digits of another script", [good.replace("0af7", "０af7")]],
    ["with a line feed", [`${good}\n`]],
    ["that is a name of Object", ["__proto__"]],
  ];
  it.each(ignored)("%s does not", (_, lines) => {
    expect(readTraceparent(lines)).toBeUndefined();
  });

  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
      .map((digits) => digits.join(""))
      .filter((text) => /[^0]/.test(text));

  it("is read as it is written", () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        const context = { traceId, spanId, sampled };
        expect(readTraceparent([writeTraceparent(context)])).toEqual(context);
      }),
    );
  });

  it("never throws, and never hands on what it is not", () => {
    const mutated = fc
      .tuple(fc.nat(54), fc.string({ maxLength: 3 }))
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at + text.length));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), mutated), { maxLength: 3 }), (lines) => {
        const read = readTraceparent(lines);
        if (read !== undefined) expect(`${read.traceId}${read.spanId}`).toMatch(/^[0-9a-f]{48}$/);
      }),
    );
  });
});
