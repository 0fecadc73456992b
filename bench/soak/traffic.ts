/**
 * What the soak sends to the edge: good and hostile requests, and what each must come to. In: a seeded source of chance,
 * tokens, the key with which the soak stamps. Out: batches for one connection each. No effects.
 */
import type { SoakTokens } from "./server.ts";
import { type Chance, type Kind, noise, number, pick, type Shot, shot } from "./shot.ts";
import { zoneKinds } from "./zone-traffic.ts";

export interface Batch {
  readonly to: "edge" | "zone";
  readonly shots: readonly Shot[];
}

const part = (text: string) => Buffer.from(text, "latin1").toString("base64url");
const jwt = (payload: string, header = '{"alg":"ES256","kid":"a"}') => `${part(header)}.${part(payload)}.c2ln`;
const bearer = (token: string) => `authorization: Bearer ${token}`;
const get = (path: string) => `GET ${path} HTTP/1.1`;
/** Few queries: what tokens could stand in is part of what a grant holds for. */
const query = (random: Chance) => pick(random, ["", "", "", "?a=1"]);
const refusedToken = (reason: string, weight: number, token: (random: Chance) => string): Kind => ({
  ...{ weight, reason, status: reason === "token_audience" ? 403 : 401 },
  lines: (random) => [get(`/o/${number(random, 1e6)}`), bearer(token(random))],
});

function edgeKinds({ good, forged, otherIssuer, otherAudience }: SoakTokens): readonly Kind[] {
  const real = (random: Chance) => bearer(pick(random, good));
  const order = (random: Chance, path = "/o/") => get(`${path}${number(random, 1e6)}${query(random)}`);
  const post = (random: Chance, path: string, length: number): readonly string[] => {
    const head = [`POST ${path}${number(random, 1e6)} HTTP/1.1`, real(random), "content-type: application/json"];
    return [...head, `content-length: ${length}`, "", "b".repeat(length)];
  };
  return [
    { weight: 40, status: 200, lines: (random) => [order(random), real(random), `x-a: ${noise(random, 40)}`] },
    { weight: 5, status: 200, lines: () => [get("/healthz")] },
    {
      ...{ weight: 12, status: 200 },
      lines: (random) => [
        ...[order(random), real(random), "x-countersign-zone: edge", `X-Client-Id: ${noise(random, 20)}`],
        ...[`x-client-id: ${noise(random, 20)}`, `txn-token: ${noise(random, 60)}`],
        `signature-input: countersign=("@method");keyid="own", sig1=()`,
        ...[`signature: ${noise(random, 30)}`, "connection: keep-alive, x-client-id, signature"],
      ],
    },
    { weight: 6, status: 200, stamped: true, lines: (random) => [order(random, "/in/o/"), real(random)] },
    { weight: 2, status: 200, stamped: true, lines: (random) => post(random, "/in/o/", number(random, 4000)) },
    {
      ...{ weight: 2, status: 200, stamped: true, deep: true },
      lines: (random) => [order(random, "/in/deep/"), real(random)],
    },
    { weight: 1, status: 200, lines: (random) => post(random, "/o/", number(random, 4000)) },
    {
      ...{ weight: 0.5, status: 502, reason: "response_unsigned" },
      lines: (random) => [order(random, "/bare/"), real(random)],
    },
    {
      ...{ weight: 0.5, status: 502, reason: "response_invalid" },
      lines: (random) => [order(random, "/bare/forged/"), real(random)],
    },
    {
      ...{ weight: 3, status: 200 },
      lines: (random) => [
        ...[order(random), real(random)],
        ...Array.from({ length: number(random, 60) }, (_, i) => `x-n${i}: ${noise(random, 1 + number(random, 60))}`),
      ],
    },
    { weight: 1, status: 401, denied: true, lines: (random) => [order(random), bearer(pick(random, forged))] },
    { weight: 0.5, status: 403, denied: true, lines: (random) => [order(random, "/closed/"), real(random)] },
    { weight: 6, status: 401, reason: "credentials_missing", lines: (random) => [order(random)] },
    refusedToken("token_malformed", 4, (random) => noise(random, 1 + number(random, 200)).replace(/[^!-~]|\./g, "a")),
    refusedToken("token_malformed", 2, (random) => jwt("[".repeat(1 + number(random, 3000)))),
    refusedToken("token_malformed", 2, (random) => jwt(`{"exp":${noise(random, 40)}`)),
    refusedToken("token_algorithm", 3, () => jwt('{"exp":9999999999}', '{"alg":"none"}')),
    refusedToken("token_expired", 3, (random) => jwt(`{"exp":${1 + number(random, 1e9)}}`)),
    refusedToken("token_without_expiry", 2, () => jwt("{}")),
    refusedToken("token_not_yet_valid", 2, () => jwt('{"nbf":9999999998,"exp":9999999999}')),
    refusedToken("token_issuer", 1, () => otherIssuer),
    refusedToken("token_audience", 1, () => otherAudience),
    refusedToken("token_too_large", 0.2, (random) => "a".repeat(17_000 + number(random, 1000))),
    {
      ...{ weight: 4, status: 403, reason: "path_ambiguous" },
      lines: (random) => [get(`/o/..%3b${number(random, 1e6)}/x`), real(random)],
    },
    {
      ...{ weight: 0.2, status: 403, reason: "request_malformed" },
      lines: (random) => [get(`/${"a".repeat(8300 + number(random, 1000))}`), real(random)],
    },
    {
      ...{ weight: 1, status: 405, reason: "method_not_allowed" },
      lines: (random) => [`${pick(random, ["PUT", "DELETE", "PROPFIND"])} /o/1 HTTP/1.1`, real(random)],
    },
    {
      ...{ weight: 0.5, status: 415, reason: "content_type_unsupported" },
      lines: (random) => [order(random), real(random), `content-type: text/${noise(random, 20)}`],
    },
    {
      ...{ weight: 0.3, status: 431, reason: "headers_too_large" },
      lines: (random) => [order(random), real(random), ...Array.from({ length: 80 }, (_, i) => `x-n${i}: a`)],
    },
    {
      ...{ weight: 0.1, status: 413, reason: "body_too_large" },
      lines: (random) => post(random, "/o/", 9000),
    },
  ];
}

/** @param secret base64url, of the key `own` */
export function traffic(tokens: SoakTokens, secret: string): (random: Chance, size: number) => Batch {
  const kinds = { edge: edgeKinds(tokens), zone: zoneKinds(secret) };
  // Every seventh or so goes to the inner zone directly.
  return (random, size) => {
    const to = random() < 0.15 ? "zone" : "edge";
    return { to, shots: Array.from({ length: size }, () => shot(random, kinds[to])) };
  };
}
