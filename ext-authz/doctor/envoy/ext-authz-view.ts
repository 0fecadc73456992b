/** What ext_authz gets to see of a request. What it does not see, no policy can refuse. Source: Envoy's ext_authz.proto. */
import { isPatch } from "./chain.ts";
import { child, type Frame, isTrue } from "./frame.ts";
import { group, type Seen } from "./hazard.ts";
import { providersIn } from "./provider.ts";
import type { Survey } from "./survey.ts";
import { TYPES } from "./typed.ts";

const kinds = {
  http_service: {
    severity: "warning",
    why: "the HTTP form of ext_authz sends a few headers only, joins duplicates, and knows no peer, no metadata and no removal",
    fix: "grpc_service instead of http_service (Istio: envoyExtAuthzGrpc)",
  },
  headers_joined: {
    severity: "error",
    why: "lines of one header are joined by commas: `x-role: user` and `x-role: admin` dodge an exact rule",
    fix: "encode_raw_headers: true",
  },
  headers_hidden: {
    severity: "warning",
    why: "headers that do not reach ext_authz still reach the service: rules about them never match",
    fix: "remove the list of headers, so that all are sent",
  },
  body_partial: {
    severity: "warning",
    why: "a rule about the body sees its beginning only; the rest is chosen by the client",
    fix: "allow_partial_message: false, with max_request_bytes as large as the service accepts",
  },
  peer_certificate_unsent: {
    severity: "warning",
    why: "clients show certificates here, but policies cannot look at them",
    fix: "include_peer_certificate: true",
  },
  tls_session_unsent: {
    severity: "warning",
    why: "clients speak mTLS here, but policies do not learn for which server name (SNI)",
    fix: "include_tls_session: true",
  },
} as const;

const LISTS = ["allowed_headers", "disallowed_headers"];
const PROVIDER_LISTS = ["include_request_headers_in_check", "include_headers_in_check"];

type Id = keyof typeof kinds;

export const extAuthzView = group(kinds, function* (survey: Survey) {
  for (const { type, config } of survey.typed) if (type === TYPES.extAuthz) yield* view(config);
  for (const { filters, mutualTls } of survey.chains) {
    for (const { config } of filters.filter(({ role }) => mutualTls && role === "ext_authz")) {
      if (config !== undefined) yield* peer(config);
    }
  }
  for (const { config, protocol } of providersIn(survey)) {
    if (protocol === "http") yield { id: "http_service", at: config, saw: "envoyExtAuthzHttp" } as const;
    for (const name of PROVIDER_LISTS) {
      const list = child(config, name);
      if (list !== undefined) yield { id: "headers_hidden", at: list, saw: String(list.key) } as const;
    }
    yield* body(child(config, "include_request_body_in_check"));
  }
});

function* view(config: Frame): Generator<Seen<Id>> {
  const http = child(config, "http_service");
  const mayStandElsewhere = isPatch(config) && child(config, "grpc_service") === undefined;
  if (http !== undefined) yield { id: "http_service", at: http, saw: "http_service" };
  else if (!isTrue(child(config, "encode_raw_headers")) && !mayStandElsewhere) {
    yield {
      id: "headers_joined",
      at: child(config, "encode_raw_headers") ?? config,
      saw: "encode_raw_headers is not true",
    };
  }
  for (const name of LISTS) {
    const list = child(config, name) ?? child(http, "authorization_request", name);
    if (list !== undefined) yield { id: "headers_hidden", at: list, saw: name };
  }
  yield* body(child(config, "with_request_body"));
}

function* body(settings: Frame | undefined): Generator<Seen<Id>> {
  const partial = child(settings, "allow_partial_message");
  if (partial !== undefined && isTrue(partial)) yield { id: "body_partial", at: partial, saw: "true" };
}

function* peer(config: Frame): Generator<Seen<Id>> {
  if (!isTrue(child(config, "include_peer_certificate"))) {
    yield { id: "peer_certificate_unsent", at: config, saw: "not true, on a listener with mTLS" };
  }
  if (!isTrue(child(config, "include_tls_session"))) {
    yield { id: "tls_session_unsent", at: config, saw: "not true, on a listener with mTLS" };
  }
}
