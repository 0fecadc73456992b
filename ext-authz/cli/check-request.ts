/**
 * A request as people write it (flags of `check`, rows of `test`) becomes what the transport would have read. Pure.
 */
import type { Workload } from "../model.ts";
import type { Incoming } from "../request/incoming.ts";
import { UsageError } from "./command.ts";

/** Everything is optional; what is not written is absent in the request, or the plainest there is. */
export interface RequestSpec {
  readonly protocol?: "http" | "tcp";
  /** Default GET. */
  readonly method?: string;
  /** With query; default `/`. */
  readonly path?: string;
  readonly host?: string;
  readonly scheme?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** With or without `spiffe://`; none = the peer proved no identity. */
  readonly principal?: string;
  readonly sourceIp?: string;
  readonly destinationIp?: string;
  /** Destination port. */
  readonly port?: number;
  readonly sni?: string;
}

const SCHEME = "spiffe://";

export function incomingOf(spec: RequestSpec, workload: Workload | undefined): Incoming {
  const { principal = "" } = spec;
  const headers = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(spec.headers ?? {})) {
    const lowerCase = name.toLowerCase();
    headers.set(lowerCase, [...(headers.get(lowerCase) ?? []), value].flat());
  }
  return {
    source: {
      address: spec.sourceIp ?? "",
      port: 0,
      principal: principal === "" || principal.startsWith(SCHEME) ? principal : `${SCHEME}${principal}`,
      certificate: "",
    },
    destination: { address: spec.destinationIp ?? "", port: spec.port ?? 0, principal: "", certificate: "" },
    http:
      spec.protocol === "tcp"
        ? undefined
        : {
            id: "",
            method: spec.method ?? "GET",
            target: spec.path ?? "/",
            host: spec.host ?? "",
            scheme: spec.scheme ?? "https",
            headers,
          },
    sni: spec.sni ?? "",
    contextExtensions: workload === undefined ? new Map() : extensionsOf(workload),
    metadata: new Map(),
  };
}

/** `context_extensions` as DESIGN §5 names them. */
function extensionsOf(workload: Workload): ReadonlyMap<string, string> {
  const labels = [...workload.labels].map(([key, value]) => [`label.${key}`, value] as const);
  const name = workload.name === "" ? [] : [["workload", workload.name] as const];
  return new Map([["namespace", workload.namespace] as const, ...name, ...labels]);
}

/**
 * `shop`, `shop/app=orders`, `shop/app=orders,version=v1`. Label keys may hold slashes: only the first one counts.
 * @throws UsageError when it is none of these
 */
export function readWorkload(text: string): Workload {
  const slash = text.indexOf("/");
  const namespace = slash < 0 ? text : text.slice(0, slash);
  const labels = new Map<string, string>();
  for (const pair of slash < 0 ? [] : text.slice(slash + 1).split(",")) {
    const equals = pair.indexOf("=");
    if (equals < 1) throw new UsageError(`--workload ${text}: "${pair}" is no label; write namespace/label=value,…`);
    labels.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  if (namespace === "") throw new UsageError(`--workload ${text}: names no namespace; write namespace/label=value,…`);
  return { namespace, name: "", labels };
}
