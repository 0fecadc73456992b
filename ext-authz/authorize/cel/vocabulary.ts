/**
 * The attributes that CEL expressions may name, with their types: what the checker knows and `attributes.ts` fills.
 * Names follow Istio's condition keys and Envoy's attributes; docs/access-policy.md explains each. Pure data.
 */
import { CelScalar, type CelType, listType, mapType } from "@bufbuild/cel";

/** What the checker knows of a value: a CEL type, or one of our own records with a closed set of members. */
export type Shape = CelType | RecordShape;

export interface RecordShape {
  readonly kind: "record";
  readonly name: string;
  readonly members: ReadonlyMap<string, Shape>;
}

const { BOOL, DYN, INT, STRING } = CelScalar;
const STRINGS = listType(STRING);

function record(name: string, members: Readonly<{ [member: string]: Shape }>): RecordShape {
  return { kind: "record", name, members: new Map(Object.entries(members)) };
}

/** Names at the top of an expression. A member that a request does not have is an error when it is read. */
export const VOCABULARY: ReadonlyMap<string, RecordShape> = new Map([
  [
    "request",
    record("request", {
      method: STRING,
      path: STRING,
      url_path: STRING,
      query: STRING,
      scheme: STRING,
      host: STRING,
      id: STRING,
      referer: STRING,
      useragent: STRING,
      headers: mapType(STRING, STRING),
      header_values: mapType(STRING, STRINGS),
      auth: record("request.auth", {
        principal: STRING,
        audiences: STRINGS,
        presenter: STRING,
        claims: mapType(STRING, DYN),
      }),
    }),
  ],
  [
    "source",
    record("source", {
      address: STRING,
      ip: STRING,
      port: INT,
      principal: STRING,
      trust_domain: STRING,
      namespace: STRING,
      service_account: STRING,
    }),
  ],
  ["remote", record("remote", { ip: STRING })],
  [
    "destination",
    record("destination", {
      address: STRING,
      ip: STRING,
      port: INT,
      namespace: STRING,
      workload: STRING,
      labels: mapType(STRING, STRING),
    }),
  ],
  [
    "connection",
    record("connection", {
      mtls: BOOL,
      sni: STRING,
      requested_server_name: STRING,
      uri_san_peer_certificate: STRING,
    }),
  ],
  ["metadata", record("metadata", { filter_metadata: mapType(STRING, mapType(STRING, DYN)) })],
]);
