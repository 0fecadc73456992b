/** Many expressions of one request share one budget: what each may spend alone, hundreds may not spend together. */
import { expect, test } from "vitest";
import { attributesOf } from "../../../ext-authz/authorize/cel/attributes.ts";
import { compileCel } from "../../../ext-authz/authorize/cel/expression.ts";
import { gatherFacts } from "../../../ext-authz/authorize/facts.ts";
import { request } from "../../authenticate/forge.ts";

const COSTLY = "request.header_values['x-a'].all(a, request.header_values['x-a'].all(b, true))";
const lines = Array.from({ length: 50 }, (_, index) => `v${index}`);
const attributes = () => attributesOf(gatherFacts(request({ "x-a": lines }), undefined));

test("the sum is bounded for a request, and the next request starts anew", () => {
  const compiled = compileCel(COSTLY);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const one = attributes();
  expect(compiled.value(one)).toEqual({ ok: true, value: true });
  const rest = Array.from({ length: 60 }, () => compiled.value(one));
  expect(rest.at(-1)).toEqual({ ok: false, error: "the expression costs too much" });
  expect(compiled.value(attributes())).toEqual({ ok: true, value: true });
});
