/** One request as the transport read it: plain values, nothing judged, nothing normalized. */
import type { Headers, JsonObject } from "../model.ts";

export interface IncomingPeer {
  /** "" for a Unix socket. */
  readonly address: string;
  readonly port: number;
  readonly principal: string;
  /** URL-encoded PEM, as Envoy sends it. */
  readonly certificate: string;
}

export interface Incoming {
  readonly source: IncomingPeer;
  readonly destination: IncomingPeer;
  /** Undefined for TCP (Envoy's network ext_authz). */
  readonly http: IncomingHttp | undefined;
  readonly sni: string;
  readonly contextExtensions: ReadonlyMap<string, string>;
  readonly metadata: ReadonlyMap<string, JsonObject>;
}

export interface IncomingHttp {
  readonly id: string;
  readonly method: string;
  /** The request target with query, as in `:path`. */
  readonly target: string;
  readonly host: string;
  readonly scheme: string;
  /** Lower-case names, without pseudo headers. */
  readonly headers: Headers;
}
