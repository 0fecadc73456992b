/**
 * What happens when ext_authz does not answer, and whether it is asked at all. Sources: Envoy's ext_authz.proto, Istio's
 * MeshConfig.ExtensionProvider.
 */
import { parseDuration } from "../../resources/duration.ts";
import { isPatch } from "./chain.ts";
import { child, type Frame, isTrue, numberOf, textOf } from "./frame.ts";
import { group, type Seen } from "./hazard.ts";
import { providersIn } from "./provider.ts";
import type { Survey } from "./survey.ts";
import { TYPES } from "./typed.ts";

const LONGEST_MS = 5_000;
const SHORTEST_MS = 50;

const kinds = {
  failure_mode_allow: {
    severity: "error",
    why: "while ext_authz cannot be reached, every request passes unchecked",
    fix: "failure_mode_allow: false (Istio: failOpen: false)",
  },
  status_on_error: {
    severity: "warning",
    why: "a check that failed looks like a decision: clients see 403 (the default) or worse, and do not try again",
    fix: "status_on_error: { code: ServiceUnavailable } (Istio: statusOnError: 503)",
  },
  check_timeout_missing: {
    severity: "warning",
    why: "nobody chose how long a check may take: Envoy's default is 0.2s, Istio's is 600s",
    fix: "write a timeout, such as 0.5s",
  },
  check_timeout_long: {
    severity: "warning",
    why: "a slow or endless check holds requests and connections until the proxy is exhausted",
    fix: "a timeout of at most 5s, such as 0.5s",
  },
  check_timeout_short: {
    severity: "warning",
    why: "an ordinary pause of the server (garbage collection, a fetch of keys) turns into failed checks",
    fix: "a timeout of at least 0.05s, such as 0.5s",
  },
  check_sampled: {
    severity: "error",
    why: "only a share of the requests, or what a runtime key says, is checked; the rest passes",
    fix: "remove filter_enabled, or add deny_at_disable: { default_value: true }",
  },
} as const;

type Id = keyof typeof kinds;

export const extAuthzFailure = group(kinds, function* (survey: Survey) {
  for (const { type, config } of survey.typed) {
    if (type !== TYPES.extAuthz && type !== TYPES.networkExtAuthz) continue;
    const allow = child(config, "failure_mode_allow");
    if (allow !== undefined && isTrue(allow)) yield { id: "failure_mode_allow", at: allow, saw: "true" } as const;
    const service = child(config, "grpc_service") ?? child(config, "http_service", "server_uri");
    if (service !== undefined || !isPatch(config)) yield* timeout(service ?? config, "grpc_service has no timeout");
    if (type === TYPES.networkExtAuthz) continue;
    yield* status(child(config, "status_on_error", "code"), config, isPatch(config) && service === undefined);
    yield* sampling(config);
  }
  for (const { config } of providersIn(survey)) {
    const open = child(config, "fail_open");
    if (open !== undefined && isTrue(open))
      yield { id: "failure_mode_allow", at: open, saw: "failOpen: true" } as const;
    yield* status(child(config, "status_on_error"), config, false);
    yield* timeout(config, "the provider has no timeout");
  }
});

function* timeout(at: Frame, missing: string): Generator<Seen<Id>> {
  const field = child(at, "timeout");
  if (field === undefined) {
    yield { id: "check_timeout_missing", at, saw: missing };
    return;
  }
  const milliseconds = parseDuration(textOf(field) ?? "");
  // Zero means no end.
  if (milliseconds === undefined || milliseconds === 0 || milliseconds > LONGEST_MS) {
    yield { id: "check_timeout_long", at: field, saw: milliseconds ? `${milliseconds} ms` : "no bound" };
  } else if (milliseconds < SHORTEST_MS) {
    yield { id: "check_timeout_short", at: field, saw: `${milliseconds} ms` };
  }
}

function* status(code: Frame | undefined, config: Frame, mayStandElsewhere: boolean): Generator<Seen<Id>> {
  if (code === undefined) {
    if (!mayStandElsewhere) yield { id: "status_on_error", at: config, saw: "not set" };
    return;
  }
  const status = numberOf(code) ?? NAMED_STATUS.get(textOf(code) ?? "");
  if (status === undefined || status < 500) yield { id: "status_on_error", at: code, saw: String(status ?? "no 5xx") };
}

/** Names of `envoy.type.v3.StatusCode` that mean a failure of the server. */
const NAMED_STATUS: ReadonlyMap<string, number> = new Map([
  ["Forbidden", 403],
  ["InternalServerError", 500],
  ["NotImplemented", 501],
  ["BadGateway", 502],
  ["ServiceUnavailable", 503],
  ["GatewayTimeout", 504],
]);

function* sampling(config: Frame): Generator<Seen<Id>> {
  const enabled = child(config, "filter_enabled");
  if (enabled === undefined || isTrue(child(config, "deny_at_disable", "default_value"))) return;
  const share = child(enabled, "default_value");
  const whole = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 };
  const unit = textOf(child(share, "denominator")) ?? "HUNDRED";
  const numerator = numberOf(child(share, "numerator")) ?? 0;
  const all = unit === "MILLION" || unit === "TEN_THOUSAND" ? whole[unit] : whole.HUNDRED;
  const key = child(enabled, "runtime_key");
  if (numerator < all) yield { id: "check_sampled", at: enabled, saw: `${numerator} of ${all}` };
  else if (key !== undefined) yield { id: "check_sampled", at: key, saw: "a runtime key can switch it off" };
}
