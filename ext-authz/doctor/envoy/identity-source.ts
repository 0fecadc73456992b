/** Identities that nobody verified: headers that Lua writes, tokens that may fail, RBAC that only counts. */
import { below, child, type Frame, isRecord, members, textOf } from "./frame.ts";
import { group, quote, type Seen } from "./hazard.ts";
import type { Survey } from "./survey.ts";
import { TYPES } from "./typed.ts";

const kinds = {
  lua_writes_identity: {
    severity: "warning",
    why: "a script writes a header that others take for an identity, outside of every policy, test and log",
    fix: "let ext_authz set it (InternalToken, outputClaimToHeaders)",
  },
  jwt_failure_allowed: {
    severity: "error",
    why: "a token whose signature, issuer or time is wrong passes as if there were none, and goes on to the service",
    fix: "allow_missing instead of allow_missing_or_failed",
  },
  jwt_never_verified: {
    severity: "error",
    why: "policies wait for this provider's payload in the metadata, but no rule ever asks to verify its tokens",
    fix: "require the provider in rules, or remove payload_in_metadata",
  },
  rbac_shadow_only: {
    severity: "error",
    why: "RBAC with shadow rules only counts what it would refuse, and refuses nothing",
    fix: "put the rules under rules (or matcher)",
  },
} as const;

type Id = keyof typeof kinds;

export const identitySource = group(kinds, function* (survey: Survey) {
  for (const { type, config } of survey.typed) {
    if (type === TYPES.lua || type === TYPES.luaPerRoute) yield* lua(config);
    if (type === TYPES.jwt) yield* jwt(config);
    if (type === TYPES.rbac || type === TYPES.networkRbac) yield* rbac(config);
  }
});

function* lua(config: Frame): Generator<Seen<Id>> {
  for (const frame of below(config)) {
    const names = writtenHeaders(textOf(frame) ?? "").filter(isIdentity);
    if (names[0] !== undefined) yield { id: "lua_writes_identity", at: frame, saw: quote(names[0]) };
  }
}

const MAX_SCRIPT = 256 * 1024;

/** First arguments of `:add(`, `:replace(` and `:setHeader(`, where they are written out. */
function writtenHeaders(script: string): readonly string[] {
  const calls = script.slice(0, MAX_SCRIPT).matchAll(/:(?:add|replace)\( {0,4}["']([A-Za-z0-9_:-]{1,80})["']/g);
  return [...calls].map((call) => (call[1] ?? "").toLowerCase());
}

const IDENTITY_WORDS = new Set(
  "user userid username email auth authorization authenticated jwt token role roles group groups scope scopes tenant subject sub principal identity client cert countersign claims sid admin".split(
    " ",
  ),
);

function isIdentity(header: string): boolean {
  return header.split(/[-_]/).some((word) => IDENTITY_WORDS.has(word));
}

function* jwt(config: Frame): Generator<Seen<Id>> {
  const used = new Set<string>();
  for (const part of ["rules", "requirement_map", "filter_state_rules"]) {
    for (const frame of below(child(config, part))) {
      if (!isRecord(frame.value)) continue;
      const failing = child(frame, "allow_missing_or_failed");
      if (failing !== undefined) yield { id: "jwt_failure_allowed", at: failing, saw: "allow_missing_or_failed" };
      const name = textOf(child(frame, "provider_name"));
      if (name !== undefined) used.add(name);
    }
  }
  for (const provider of members(child(config, "providers"))) {
    const payload = child(provider, "payload_in_metadata");
    if (payload !== undefined && !used.has(String(provider.key))) {
      yield { id: "jwt_never_verified", at: payload, saw: `provider ${quote(String(provider.key))}` };
    }
  }
}

function* rbac(config: Frame): Generator<Seen<Id>> {
  // Istio asks ext_authz for what its shadow rules match: there they are no rehearsal.
  if (textOf(child(config, "shadow_rules_stat_prefix"))?.startsWith("istio_ext_authz_") === true) return;
  const shadow = child(config, "shadow_rules") ?? child(config, "shadow_matcher");
  const inForce = child(config, "rules") ?? child(config, "matcher");
  if (shadow !== undefined && inForce === undefined) {
    yield { id: "rbac_shadow_only", at: shadow, saw: "neither rules nor matcher" };
  }
}
