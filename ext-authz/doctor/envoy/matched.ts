/**
 * A filter behind a matcher (ExtensionWithMatcher), also where the composite filter makes it. In: the wrapper's frame. Out: the
 * filter, the matcher, and whether the filter runs where the matcher finds nothing. Pure.
 * Sources: Envoy's ExtensionWithMatcher and composite.v3.ExecuteFilterAction; its match delegate takes no matcher for a skip.
 */
import { below, child, type Frame } from "./frame.ts";
import { TYPES, type Typed, typedAt } from "./typed.ts";

export interface Matched {
  readonly typed: Typed | undefined;
  readonly matcher: Frame | undefined;
  readonly unmatched: string | undefined;
}

export function plain(typed: Typed | undefined): Matched {
  return { typed, matcher: undefined, unmatched: undefined };
}

export function matched(wrapper: Frame): Matched {
  const matcher = child(wrapper, "xds_matcher") ?? child(wrapper, "matcher");
  const typed = typedAt(child(wrapper, "extension_config", "typed_config"));
  if (typed?.type === TYPES.composite) return composed(matcher);
  if (matcher === undefined) return { typed, matcher, unmatched: "no matcher: Envoy skips the filter" };
  return { typed, matcher, unmatched: child(matcher, "on_no_match") === undefined ? undefined : "an on_no_match" };
}

/** What it makes where nothing matches; else the first that it makes at all, which is then not made for everybody. */
function composed(matcher: Frame | undefined): Matched {
  const fallback = typedAt(child(matcher, "on_no_match", "action", "typed_config"));
  if (fallback?.type === TYPES.executeFilter) {
    const sampled = child(fallback.config, "sample_percent") !== undefined;
    const unmatched = sampled ? "sample_percent: a share of them" : undefined;
    return { typed: executed(fallback), matcher, unmatched };
  }
  for (const frame of below(matcher)) {
    const action = typedAt(frame);
    if (action?.type !== TYPES.executeFilter) continue;
    return { typed: executed(action), matcher, unmatched: "no on_no_match that executes it" };
  }
  return plain(undefined);
}

function executed({ config }: Typed): Typed | undefined {
  return typedAt(child(config, "typed_config", "typed_config"));
}
