/**
 * A filter behind a matcher (ExtensionWithMatcher), also where the composite filter makes it. In: what the entry is configured
 * with. Out: the filter, the matcher, and why it may not run for a request that nothing matches. Pure.
 * Two forms are followed: a plain filter that a matcher skips, and a composite filter with `on_no_match`. Whatever else has
 * ext_authz in it counts as not asking: Envoy runs nothing where such a form is not what its author thought.
 * Sources: Envoy's ExtensionWithMatcher, composite.v3; its match delegate takes no matcher for a skip.
 */
import { below, child, type Frame, isNamed, members, numberOf, textOf } from "./frame.ts";
import { TYPES, type Typed, typedAt } from "./typed.ts";

export interface Matched {
  readonly typed: Typed | undefined;
  readonly matcher: Frame | undefined;
  readonly unmatched: string | undefined;
}

/** Of which `unmatched` is told. */
const CONDITIONAL: ReadonlySet<string> = new Set([TYPES.withMatcher, TYPES.composite]);
/** They win over `typed_config`. */
const NOT_FOLLOWED = ["filter_chain", "filter_chain_name", "dynamic_config"];
const DENOMINATORS: Readonly<Record<string, number>> = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 };

export function matched(written: Typed | undefined): Matched {
  if (written === undefined || !CONDITIONAL.has(written.type)) return plain(written);
  const { type, config } = written;
  if (type === TYPES.composite) return unfollowed(config, "a composite filter outside of ExtensionWithMatcher");
  const [matcher, second] = ["xds_matcher", "matcher"].flatMap((name) => child(config, name) ?? []);
  const inner = typedAt(child(config, "extension_config", "typed_config"));
  if (second !== undefined) return unfollowed(config, "two matchers");
  if (inner?.type === TYPES.withMatcher) return unfollowed(config, "a matcher within a matcher");
  for (const frame of below(matcher)) {
    if (isNamed(frame, "not_matcher")) return unfollowed(config, "not_matcher");
  }
  if (inner?.type === TYPES.composite) return composed(config, inner, matcher);
  if (matcher === undefined) return { typed: inner, matcher, unmatched: "no matcher: Envoy skips the filter" };
  return {
    typed: inner,
    matcher,
    unmatched: child(matcher, "on_no_match") === undefined ? undefined : "an on_no_match",
  };
}

function plain(typed: Typed | undefined): Matched {
  return { typed, matcher: undefined, unmatched: undefined };
}

/** The filter that is made where nothing matches. */
function composed(wrapper: Frame, composite: Typed, matcher: Frame | undefined): Matched {
  const settings = members(composite.config).find(({ key }) => key !== "@type");
  if (settings !== undefined) return unfollowed(wrapper, "settings of the composite filter");
  let last = matcher;
  for (let next = last; next !== undefined; next = child(last, "on_no_match", "matcher")) last = next;
  const fallback = typedAt(child(last, "on_no_match", "action", "typed_config"));
  if (fallback?.type !== TYPES.executeFilter) return unfollowed(wrapper, "no on_no_match that executes it");
  const other = NOT_FOLLOWED.find((name) => child(fallback.config, name) !== undefined);
  if (other !== undefined) return unfollowed(wrapper, `on_no_match with ${other}`);
  if (!isWhole(child(fallback.config, "sample_percent"))) return unfollowed(wrapper, "sample_percent: a share of them");
  const typed = executed(fallback);
  if (typed?.type === TYPES.extAuthz) return { typed, matcher, unmatched: undefined };
  return unfollowed(wrapper, "on_no_match executes another filter");
}

/** Ext_authz somewhere in it is taken for what it should ask; without any it is a filter like others. */
function unfollowed(place: Frame, unmatched: string): Matched {
  for (const frame of below(place)) {
    const typed = typedAt(frame);
    const config = typed?.type === TYPES.extAuthz ? typed.config : mentions(frame) ? place : undefined;
    if (config === undefined) continue;
    const matcher = child(place, "xds_matcher") ?? child(place, "matcher");
    return { typed: { type: TYPES.extAuthz, config }, matcher, unmatched };
  }
  return plain(undefined);
}

/** As the type of what is discovered. */
function mentions(frame: Frame): boolean {
  return frame.key !== "@type" && textOf(frame)?.endsWith(`/${TYPES.extAuthz}`) === true;
}

/** Whether an action runs ext_authz for each request that it is chosen for. */
export function asks(action: Typed | undefined): boolean {
  return (
    action?.type === TYPES.executeFilter &&
    executed(action)?.type === TYPES.extAuthz &&
    isWhole(child(action.config, "sample_percent")) &&
    NOT_FOLLOWED.every((name) => child(action.config, name) === undefined)
  );
}

function executed({ config }: Typed): Typed | undefined {
  return typedAt(child(config, "typed_config", "typed_config"));
}

/** Absent, or all of them whatever a runtime key says. */
function isWhole(sampled: Frame | undefined): boolean {
  if (sampled === undefined) return true;
  const share = child(sampled, "default_value");
  const of = DENOMINATORS[textOf(child(share, "denominator")) ?? "HUNDRED"] ?? Number.POSITIVE_INFINITY;
  return child(sampled, "runtime_key") === undefined && (numberOf(child(share, "numerator")) ?? 0) >= of;
}
