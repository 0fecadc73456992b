/** The order of HTTP filters. In a chain each filter sees what those before it left, and answers before those behind it. */
import type { Chain, Filter } from "./chain.ts";
import { below, child, type Frame, isNamed, textOf } from "./frame.ts";
import { group, quote, type Seen } from "./hazard.ts";
import { asks } from "./matched.ts";
import type { Survey } from "./survey.ts";
import { TYPES, typedAt } from "./typed.ts";

const kinds = {
  ext_authz_missing: {
    severity: "error",
    why: "this way in has no ext_authz, while others do: whoever finds it is not checked",
    fix: "add ext_authz to the listener, or close it",
  },
  ext_authz_disabled: {
    severity: "error",
    why: "ext_authz is in the chain but switched off wherever no route switches it on",
    fix: "remove `disabled: true`",
  },
  ext_authz_skippable: {
    severity: "error",
    why: "a matcher decides whether ext_authz runs by what the client sends, or by what is not there yet",
    fix: "match on filter state that only a filter before it can set",
  },
  ext_authz_unmatched: {
    severity: "error",
    why: "where the matcher finds nothing, ext_authz does not run: such requests pass unchecked",
    fix: "one matcher that skips; with the composite filter, on_no_match with ExecuteFilterAction and typed_config",
  },
  ext_authz_after_action: {
    severity: "error",
    why: "a filter before ext_authz already answers, forwards or signs the request, before it is decided",
    fix: "move ext_authz before it",
  },
  ext_authz_after_trust: {
    severity: "error",
    why: "a filter reads what ext_authz says, but stands before it: it reads nothing, or what another filter wrote",
    fix: "move ext_authz before it",
  },
  guard_missing: {
    severity: "error",
    why: "other listeners have the guard; this one takes headers that only we may set from clients",
    fix: "put the guard first in this chain",
  },
  guard_not_first: {
    severity: "error",
    why: "filters before the guard see forged headers and unverified stamps",
    fix: "put the guard first in the chain",
  },
} as const;

type Id = keyof typeof kinds;

const HTTP = "envoy.extensions.filters.http";
/** Filters that answer for, forward or sign what was not decided yet. */
const ACTING: ReadonlySet<string> = new Set([
  TYPES.router,
  `${HTTP}.cache.v3.CacheConfig`,
  `${HTTP}.cache_v2.v3.CacheV2Config`,
  `${HTTP}.aws_lambda.v3.Config`,
  `${HTTP}.aws_request_signing.v3.AwsRequestSigning`,
  `${HTTP}.credential_injector.v3.CredentialInjector`,
  `${HTTP}.gcp_authn.v3.GcpAuthnFilterConfig`,
  `${HTTP}.dynamic_forward_proxy.v3.FilterConfig`,
]);

export const filterOrder = group(kinds, function* (survey: Survey) {
  const chains = survey.chains.filter(({ outbound, partial }) => !outbound && !partial);
  const checked = chains.some(({ filters }) => filters.some(({ role }) => role === "ext_authz"));
  const guarded = chains.some(({ filters }) => filters.some(({ role }) => role === "guard"));
  for (const chain of chains) {
    yield* authorization(chain, checked);
    yield* guard(chain, guarded);
  }
});

function* authorization({ filters, manager, name }: Chain, checked: boolean): Generator<Seen<Id>> {
  const at = filters.findIndex(({ role }) => role === "ext_authz");
  if (at === -1) {
    if (checked) yield { id: "ext_authz_missing", at: manager, saw: `listener ${quote(name)}` };
    return;
  }
  for (const own of filters.filter(({ role }) => role === "ext_authz")) {
    if (own.disabled) yield { id: "ext_authz_disabled", at: own.entry, saw: quote(own.name) };
    const input = skipsBy(own.matcher);
    if (input !== undefined) yield { id: "ext_authz_skippable", at: input.at, saw: input.type };
    if (own.unmatched !== undefined) yield { id: "ext_authz_unmatched", at: own.entry, saw: own.unmatched };
  }
  for (const before of filters.slice(0, at)) {
    if (ACTING.has(before.type)) yield { id: "ext_authz_after_action", at: before.entry, saw: quote(before.name) };
    else if (before.role === "other" && readsDecision(before)) {
      yield { id: "ext_authz_after_trust", at: before.entry, saw: quote(before.name) };
    }
  }
}

/** What comes after the request's head: until it is there nothing is decided, and a composite filter runs nothing. */
const LATE = /\.Http(Response\w*|RequestTrailer)MatchInput$/;

/** The first input that is not a filter's own, where it can lead to another action than asking. */
function skipsBy(matcher: Frame | undefined): { readonly at: Frame; readonly type: string } | undefined {
  const frames = [...below(matcher)];
  const actions = frames.filter((frame) => isNamed(frame, "action"));
  const always = actions.length > 0 && actions.every((action) => asks(typedAt(child(action, "typed_config"))));
  for (const frame of frames.filter((one) => isNamed(one, "input"))) {
    const type = typedAt(child(frame, "typed_config"))?.type ?? "";
    if (type === TYPES.filterStateInput || (always && !LATE.test(type))) continue;
    const at = child(frame, "typed_config", "@type") ?? frame;
    return { at, type: quote(type.slice(type.lastIndexOf(".") + 1)) };
  }
  return undefined;
}

/** Names the metadata that ext_authz writes. */
function readsDecision({ config }: Filter): boolean {
  for (const frame of below(config)) {
    if (textOf(frame)?.includes("envoy.filters.http.ext_authz") === true) return true;
  }
  return false;
}

function* guard({ filters, manager, name }: Chain, guarded: boolean): Generator<Seen<Id>> {
  const at = filters.findIndex(({ role }) => role === "guard");
  const first = filters[0];
  if (at === -1 && guarded) yield { id: "guard_missing", at: manager, saw: `listener ${quote(name)}` };
  if (at > 0 && first !== undefined) yield { id: "guard_not_first", at: first.entry, saw: quote(first.name) };
}
