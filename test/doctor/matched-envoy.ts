/** Ext_authz behind matchers: forms in which some request is not asked, and forms in which each is. */
import type { Row } from "./envoy-hazards.ts";
import { composing, composite, executing, granting, matching, route, stateIs, type } from "./granting-envoy.ts";
import { at, extAuthz, type Json } from "./sound-envoy.ts";

const STATE = "wasm.countersign.grant";
const chain = (asking: Json): Json => granting({ routes: "one" }, [route("a", "a")], asking);
const row = (id: string, asking: Json, ...inside: Row["path"]): Row => ({
  ...{ id, path: at.manager, to: chain(asking) },
  found: [...at.filters, 1, ...inside],
});
const unmatched = (asking: Json): Row => row("ext_authz_unmatched", asking);
const perRoute = (name: string): Row => ({
  id: "ext_authz_matcher_on_route",
  path: [...at.route, "typed_per_filter_config"],
  to: { "envoy.filters.http.ext_authz": type(name) },
  found: [...at.route, "typed_per_filter_config", "envoy.filters.http.ext_authz"],
});

const SKIP = { action: { typed_config: type("envoy.extensions.filters.common.matcher.action.v3.SkipFilter") } };
const input = (name: string): Json => ({ single_predicate: { input: { name: "x", typed_config: type(name) } } });
/** Our matcher, and one more entry. */
const also = (predicate: Json, action: Json): Json => ({
  matchers: [
    { predicate: stateIs(STATE), on_match: SKIP },
    { predicate, on_match: action },
  ],
});
const HEADER = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput";
const RESPONSE = "envoy.type.matcher.v3.HttpResponseHeaderMatchInput";
const first = { matchers: [{ predicate: stateIs(STATE), on_match: executing() }] };
const wrapped = matching(STATE, extAuthz, {});
const sampled = (numerator: number, more: Json & object = {}) =>
  composing({ on_no_match: executing({ sample_percent: { default_value: { numerator }, ...more } }) });
const place = [
  ...["typed_config", "xds_matcher", "matcher_list", "matchers", 1, "predicate"],
  ...["single_predicate", "input", "typed_config", "@type"],
];

/** The wrapper with other settings, the composite filter in it. */
function wrapping(settings: Json & object, inner: Json = { typed_config: type(`${composite}.Composite`) }): Json {
  const known = Object(composing());
  return { ...known, typed_config: { ...known.typed_config, extension_config: inner, ...settings } };
}

export const matchedRows: readonly Row[] = [
  unmatched(composing({ matcher_list: first })),
  unmatched(composing({ matcher_list: first, on_no_match: SKIP })),
  unmatched(composing({ matcher_list: first, on_no_match: { matcher: { on_no_match: SKIP } } })),
  unmatched(sampled(99)),
  unmatched(sampled(100, { runtime_key: "share" })),
  unmatched(composing({ on_no_match: executing({ filter_chain: { typed_config: [] } }) })),
  unmatched(composing({ on_no_match: executing({ filter_chain_name: "rbac" }) })),
  unmatched(composing({ on_no_match: executing({ typed_config: wrapped }) })),
  unmatched(matching(STATE, extAuthz, { on_no_match: SKIP })),
  unmatched(matching(STATE, wrapped, {})),
  unmatched(
    matching(STATE, extAuthz, {
      matcher_list: { matchers: [{ predicate: { not_matcher: stateIs(STATE) }, on_match: SKIP }] },
    }),
  ),
  unmatched(wrapping({ matcher: { on_no_match: executing() } })),
  unmatched(wrapping({}, { typed_config: { ...type(`${composite}.Composite`), named_filter_chains: {} } })),
  row(
    "ext_authz_skippable",
    composing({ matcher_list: also(input(HEADER), SKIP), on_no_match: executing() }),
    ...place,
  ),
  row(
    "ext_authz_skippable",
    composing({ matcher_list: also(input(RESPONSE), executing()), on_no_match: executing() }),
    ...place,
  ),
  row(
    "ext_authz_skippable",
    matching(STATE, extAuthz, {
      matcher_list: also(input("envoy.type.matcher.v3.HttpRequestQueryParamMatchInput"), SKIP),
    }),
    ...place,
  ),
  perRoute("envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute"),
  perRoute("envoy.extensions.filters.http.composite.v3.CompositePerRoute"),
];

export const innocentMatched: readonly (readonly [name: string, path: Row["path"], to: Json])[] = [
  ["ext_authz made for who is asked", at.manager, chain(composing())],
  ["all of them sampled", at.manager, chain(sampled(100))],
  [
    "a second matcher where the first finds nothing",
    at.manager,
    chain(composing({ on_no_match: { matcher: { matcher_list: first, on_no_match: executing() } } })),
  ],
];
