/**
 * One HTTP connection manager with its filters in order, and what stands around it. In: its frame. Out: a chain. Pure.
 * A filter's role is told by the type of its configuration, behind a matcher or delivered by ECDS too; names are free text.
 */
import { around, child, type Frame, isNamed, isRecord, isTrue, items, numberOf, textOf } from "./frame.ts";
import { matched } from "./matched.ts";
import { TYPES, type Typed, typedAt } from "./typed.ts";

export type Role = "ext_authz" | "guard" | "stamp" | "router" | "codec" | "other";

export interface Filter {
  readonly entry: Frame;
  readonly name: string;
  /** "" where it is not written. */
  readonly type: string;
  /** Undefined where ECDS delivers it. */
  readonly config: Frame | undefined;
  /** Decides per request whether the filter runs. */
  readonly matcher: Frame | undefined;
  /** Why it does not run where the matcher finds nothing; undefined where it does. */
  readonly unmatched: string | undefined;
  readonly disabled: boolean;
  readonly role: Role;
}

export interface Chain {
  readonly manager: Frame;
  readonly filters: readonly Filter[];
  /** Of the listener, else the stat prefix. */
  readonly name: string;
  /** Requests that leave, in a sidecar: not ours to authorize. */
  readonly outbound: boolean;
  /** A sidecar's own entry, behind proxies that are known. */
  readonly inbound: boolean;
  /** Clients show a certificate. */
  readonly mutualTls: boolean;
  /** A part that Istio merges into a manager that is written elsewhere: what is missing may stand there. */
  readonly partial: boolean;
}

export function chainOf(manager: Frame): Chain {
  const listener = around(manager, (frame) => child(frame, "filter_chains") !== undefined);
  const filterChain = around(manager, (frame) => child(frame, "filters") !== undefined);
  const direction = textOf(child(listener, "traffic_direction"));
  const tls = typedAt(child(filterChain, "transport_socket", "typed_config"));
  return {
    manager,
    filters: filtersOf(child(manager, "http_filters")),
    name: textOf(child(listener, "name")) ?? textOf(child(manager, "stat_prefix")) ?? "",
    outbound: direction === "OUTBOUND" || isAgent(listener),
    inbound: direction === "INBOUND",
    mutualTls: tls !== undefined && asksForCertificate(tls),
    partial: isPatch(manager),
  };
}

/** Istio's own listeners for health and metrics. */
function isAgent(listener: Frame | undefined): boolean {
  const port = numberOf(child(listener, "address", "socket_address", "port_value"));
  const filters = items(child(listener, "filter_chains")).flatMap((chain) => items(child(chain, "filters")));
  const [prefix] = filters.map((filter) => textOf(child(filter, "typed_config", "stat_prefix")));
  return (port === 15021 && prefix === "agent") || (port === 15090 && prefix === "stats");
}

function asksForCertificate({ type, config }: Typed): boolean {
  if (type !== TYPES.downstreamTls) return false;
  const tls = child(config, "common_tls_context");
  const trusts = ["validation_context", "validation_context_sds_secret_config", "combined_validation_context"];
  return isTrue(child(config, "require_client_certificate")) || trusts.some((name) => child(tls, name) !== undefined);
}

export function isPatch(frame: Frame): boolean {
  return around(frame, ({ value }) => isRecord(value) && value["kind"] === "EnvoyFilter") !== undefined;
}

export function filtersOf(list: Frame | undefined): readonly Filter[] {
  return items(list).map((entry) => {
    const { typed, matcher, unmatched } = matched(typedAt(child(entry, "typed_config")));
    const type = typed?.type ?? announcedType(child(entry, "config_discovery"));
    const name = textOf(child(entry, "name")) ?? "";
    const role = roleOf(type, typed?.config);
    const disabled = isTrue(child(entry, "disabled"));
    return { entry, name, type, config: typed?.config, matcher, unmatched, disabled, role };
  });
}

function announcedType(discovery: Frame | undefined): string {
  const [url] = items(child(discovery, "type_urls"));
  const text = textOf(url) ?? "";
  return text.slice(text.lastIndexOf("/") + 1);
}

function roleOf(type: string, config: Frame | undefined): Role {
  switch (type) {
    case TYPES.extAuthz:
      return "ext_authz";
    case TYPES.router:
      return "router";
    case TYPES.upstreamCodec:
      return "codec";
    case TYPES.wasm: {
      const root = textOf(child(config, "config", "root_id"));
      return root === "countersign.guard" ? "guard" : root === "countersign.stamp" ? "stamp" : "other";
    }
    default:
      return "other";
  }
}

/** True for `typed_per_filter_config` and what else stands inside of a route. */
export function isPerRoute(frame: Frame): boolean {
  return around(frame, (one) => isNamed(one, "typed_per_filter_config")) !== undefined;
}
