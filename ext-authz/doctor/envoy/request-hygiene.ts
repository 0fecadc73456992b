/** One reading of path and headers for policy and service. Source: Envoy's "Configuring Envoy as an edge proxy". */
import type { Chain } from "./chain.ts";
import { child, isTrue, textOf } from "./frame.ts";
import { group, type Seen } from "./hazard.ts";
import type { Survey } from "./survey.ts";

const kinds = {
  path_not_normalized: {
    severity: "error",
    why: "`/public/../admin` is one path to the policy and another to the service",
    fix: "normalize_path: true",
  },
  slashes_not_merged: {
    severity: "error",
    why: "`//admin` is not `/admin` to the policy, but is to most services",
    fix: "merge_slashes: true",
  },
  escaped_slashes_kept: {
    severity: "error",
    why: "`/admin%2Fusers` is one segment to the policy and two to a service that decodes it",
    fix: "path_with_escaped_slashes_action: REJECT_REQUEST (or UNESCAPE_AND_REDIRECT)",
  },
  underscores_allowed: {
    severity: "warning",
    why: "many services read `x_user` and `x-user` as one header: a client writes the one that nobody cleaned",
    fix: "common_http_protocol_options: { headers_with_underscores_action: REJECT_REQUEST }",
  },
  header_limits_unset: {
    severity: "warning",
    why: "how much a client may send is left to defaults, which differ between versions and hops",
    fix: "max_request_headers_kb and common_http_protocol_options.max_headers_count",
  },
} as const;

type Id = keyof typeof kinds;

/** IMPLEMENTATION_SPECIFIC_DEFAULT and nothing at all leave it to a runtime key, whose default is to keep them. */
const SAFE_SLASHES: ReadonlySet<string> = new Set(["REJECT_REQUEST", "UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD"]);
const SAFE_UNDERSCORES: ReadonlySet<string> = new Set(["REJECT_REQUEST", "DROP_HEADER"]);

export const requestHygiene = group(kinds, function* (survey: Survey) {
  for (const chain of survey.chains) if (!chain.outbound) yield* hygiene(chain);
});

function* hygiene({ manager, partial }: Chain): Generator<Seen<Id>> {
  const written = (name: string) => child(manager, name);
  const common = written("common_http_protocol_options");
  const underscores = child(common, "headers_with_underscores_action");
  const slashes = written("path_with_escaped_slashes_action");
  // What a patch does not write may stand in the manager that it is merged into.
  for (const [id, name] of [
    ["path_not_normalized", "normalize_path"],
    ["slashes_not_merged", "merge_slashes"],
  ] as const) {
    const field = written(name);
    if (field === undefined ? !partial : !isTrue(field)) {
      yield { id, at: field ?? manager, saw: field === undefined ? "not set" : "not true" };
    }
  }
  if (slashes === undefined ? !partial : !SAFE_SLASHES.has(textOf(slashes) ?? "")) {
    yield { id: "escaped_slashes_kept", at: slashes ?? manager, saw: slashes === undefined ? "not set" : "kept" };
  }
  if (underscores === undefined ? !partial : !SAFE_UNDERSCORES.has(textOf(underscores) ?? "")) {
    yield {
      id: "underscores_allowed",
      at: underscores ?? manager,
      saw: underscores === undefined ? "not set" : "allowed",
    };
  }
  const limits = [written("max_request_headers_kb"), child(common, "max_headers_count")];
  if (!partial && limits.includes(undefined)) yield { id: "header_limits_unset", at: manager, saw: "not set" };
}
