/** A token signed by the right key whose header brings another one: strict refuses it, Istio's leniency ignores it. */
import { expect, test } from "vitest";
import { bearer, goodClaims, jwkOf, keys, outcome, planOf, rule, token } from "./forge.ts";

const HEADERS = {
  jwk: jwkOf(keys.otherRsa),
  jku: "https://elsewhere.example/jwks",
  x5u: "https://elsewhere.example/x",
};

test.each(Object.entries(HEADERS))("%s", async (name, value) => {
  const raw = token(goodClaims({ aud: "api" }), { [name]: value });
  const rules = [rule({ audiences: ["api"] })];
  expect(await outcome(planOf(rules, true), bearer(raw))).toBe("Jwt header must not bring a key");
  expect(await outcome(planOf(rules, true), bearer(token(goodClaims({ aud: "api" }))))).toMatch(/^ok /);
  expect(await outcome(planOf(rules, false), bearer(raw))).toMatch(/^ok /);
});
