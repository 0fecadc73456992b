/** One request that all CEL tables speak of, and a short way to ask it. */
import { attributesOf } from "../../../ext-authz/authorize/cel/attributes.ts";
import { compileCel } from "../../../ext-authz/authorize/cel/expression.ts";
import { gatherFacts } from "../../../ext-authz/authorize/facts.ts";
import type { JsonObject, RequestModel } from "../../../ext-authz/model.ts";
import { ip, request } from "../fixtures.ts";

export const asked: Partial<RequestModel> = {
  method: "GET",
  path: "/orders/7",
  query: "full=1",
  host: "shop.example:8443",
  requestId: "r-1",
  headers: new Map([
    ["x-role", ["user", "admin"]],
    ["user-agent", ["curl/8"]],
    ["__proto__", ["p"]],
  ]),
  source: { address: ip("10.0.0.1"), port: 40000 },
  destination: { address: ip("2001:db8::1"), port: 8080 },
  sourcePrincipal: "td/ns/shop/sa/web",
  sni: "shop.example",
  workload: { namespace: "shop", name: "orders-1", labels: new Map([["app", "orders"]]) },
  metadata: new Map([["my.filter", { tier: "gold" }]]),
};

export const claims: JsonObject = {
  iss: "https://issuer.example",
  sub: "alice",
  aud: ["orders", "stock"],
  azp: "shop-app",
  groups: ["staff", "admin"],
  level: 3,
  nothing: null,
  address: { country: "CH" },
  constructor: { name: "x" },
  $typeName: "google.protobuf.StringValue",
};

type Outcome = boolean | string | readonly string[];
type Tell = (why: string) => string;

/** A boolean, `error` (or what `tell` makes of it), or what the expression was refused for. */
export function evaluate(
  text: string,
  changes: Partial<RequestModel> = {},
  payload: JsonObject = claims,
  tell: Tell = () => "error",
): Outcome {
  return judge(text, changes, payload, tell);
}

export function evaluateWithoutToken(text: string): Outcome {
  return judge(text, {}, undefined, () => "error");
}

function judge(text: string, changes: Partial<RequestModel>, payload: JsonObject | undefined, tell: Tell): Outcome {
  const compiled = compileCel(text);
  if (!compiled.ok) return compiled.error.map(({ message }) => message);
  const judged = compiled.value(attributesOf(gatherFacts(request({ ...asked, ...changes }), payload)));
  return judged.ok ? judged.value : tell(judged.error);
}
