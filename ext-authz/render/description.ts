/** `countersign.zones.yaml` after reading: the file's own shape, nothing resolved. What is optional is what people leave out. */
import type { Config, RouteWorkload } from "../../envoy/model.ts";

export interface WorkloadText {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: RouteWorkload["labels"];
}

export interface KeyText {
  readonly id: string;
  readonly algorithm?: "hmac-sha256" | "ecdsa-p256-sha256" | "rsa-v1_5-sha256";
  readonly secretEnv?: string;
  readonly secretFile?: string;
  readonly publicKeyFile?: string;
  readonly privateKeyEnv?: string;
  readonly privateKeyFile?: string;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

export interface RouteText {
  readonly prefix: string;
  readonly rewrite?: string;
  /** Name of a zone or a service. */
  readonly to: string;
  readonly workload?: WorkloadText;
}

export interface ZoneText {
  readonly inbound: "edge" | "zone";
  readonly listen: string;
  readonly address?: string;
  readonly admin?: string;
  readonly accessLog?: string;
  readonly server: string;
  readonly timeoutSeconds?: number;
  readonly workload?: WorkloadText;
  readonly ownedHeaders?: readonly string[];
  readonly token?: {
    readonly required?: boolean;
    readonly openPaths?: readonly string[];
    readonly algorithms?: readonly string[];
  };
  readonly chain?: boolean;
  readonly via?: readonly string[];
  readonly replayEntries?: number;
  readonly sign?: string;
  readonly keysFrom?: {
    readonly tokenEnv: string;
    readonly verifyTokenEnv?: string;
    readonly pollMilliseconds?: number;
  };
  readonly contentDigest?: { readonly maxBytes?: number };
  readonly responses?: { readonly sign?: string };
  readonly grants?: {
    readonly pollMilliseconds?: number;
    readonly maxBytes?: number;
    readonly routeHeaders?: readonly string[];
  };
  readonly routes: readonly RouteText[];
  readonly istio?: {
    readonly context: "GATEWAY" | "SIDECAR_INBOUND";
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly address?: string;
    readonly stampStand?: "upstream" | "router";
  };
  readonly envoyGateway?: { readonly namespace: string; readonly gateway: string; readonly listener?: string };
  readonly kuma?: {
    readonly mesh?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly address?: string;
  };
}

export interface ServerText {
  readonly settings: string;
  readonly host?: string;
  readonly kubernetes?: { readonly namespace: string; readonly image: string; readonly replicas?: number };
  readonly compose?: Config;
}

export interface ServiceText {
  readonly address: string;
  readonly workload: WorkloadText;
  readonly kubernetes?: { readonly address: string };
  readonly compose?: Config;
}

/** Members of `zones`, `servers` and `services` are names that people chose: read them by `Object.entries` or `hasOwn`. */
export interface Description {
  readonly name?: string;
  readonly folder?: string;
  readonly filter?: { readonly file?: string; readonly sha256?: string };
  readonly stamp?: { readonly lifetimeSeconds?: number; readonly clockSkewSeconds?: number; readonly token?: string };
  readonly keys?: readonly KeyText[];
  readonly responseKeys?: readonly KeyText[];
  readonly zones: Readonly<Record<string, ZoneText>>;
  readonly servers: Readonly<Record<string, ServerText>>;
  readonly services?: Readonly<Record<string, ServiceText>>;
  readonly compose?: { readonly services?: Config };
}
