/**
 * What the soak sends: good and hostile requests as bytes, and what each must come to. In: a seeded source of chance. Out:
 * batches for one connection each. No effects.
 */

/** One request and its only right answer. */
export interface Shot {
  readonly bytes: Buffer;
  readonly status: number;
  /** The guard's reason that must count one more; "" = the guard let it through, or never saw it. */
  readonly reason: string;
  /** Goes through the stamp into the inner zone, too. */
  readonly stamped: boolean;
}

export interface Batch {
  readonly to: "edge" | "zone";
  readonly shots: readonly Shot[];
}

/** 0 ≤ x < 1, repeatable (mulberry32). */
export type Chance = () => number;

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

type Lines = (random: Chance) => readonly string[];
interface Kind {
  readonly weight: number;
  readonly status: number;
  readonly reason?: string;
  readonly stamped?: boolean;
  readonly lines: Lines;
}

const part = (text: string) => Buffer.from(text, "latin1").toString("base64url");
const jwt = (payload: string, header = '{"alg":"ES256","kid":"a"}') => `${part(header)}.${part(payload)}.c2ln`;
const number = (random: Chance, below: number) => Math.floor(random() * below);
const noise = (random: Chance, length: number) =>
  Array.from({ length }, () => String.fromCharCode(0x21 + number(random, 0x5d) + (random() < 0.3 ? 0x80 : 0))).join("");
const fresh = (random: Chance) => jwt(`{"iss":"soak","sub":"s${number(random, 1e6)}","exp":9999999999}`);
const bearer = (token: string) => `authorization: Bearer ${token}`;
const get = (path: string) => `GET ${path} HTTP/1.1`;
const withToken =
  (token: Lines): Lines =>
  (random) => [get(`/o/${number(random, 1e6)}`), ...token(random)];
const refusedToken = (reason: string, weight: number, token: (random: Chance) => string): Kind => ({
  weight,
  status: 401,
  reason,
  lines: withToken((random) => [bearer(token(random))]),
});

const edgeKinds: readonly Kind[] = [
  { weight: 40, status: 200, lines: withToken((random) => [bearer(fresh(random)), `x-a: ${noise(random, 40)}`]) },
  { weight: 5, status: 200, lines: () => [get("/healthz")] },
  {
    weight: 12,
    status: 200,
    lines: withToken((random) => [
      bearer(fresh(random)),
      "x-countersign-zone: edge",
      `X-Client-Id: ${noise(random, 20)}`,
      `x-client-id: ${noise(random, 20)}`,
      `txn-token: ${noise(random, 60)}`,
      `signature-input: countersign=("@method");keyid="k1", sig1=()`,
      `signature: ${noise(random, 30)}`,
      "connection: keep-alive, x-client-id, signature",
    ]),
  },
  {
    weight: 8,
    status: 200,
    stamped: true,
    lines: (random) => [get(`/in/o/${number(random, 1e6)}?a=${number(random, 100)}`), bearer(fresh(random))],
  },
  {
    weight: 3,
    status: 200,
    lines: withToken((random) => [
      bearer(fresh(random)),
      ...Array.from({ length: number(random, 60) }, (_, i) => `x-n${i}: ${noise(random, 1 + number(random, 60))}`),
    ]),
  },
  { weight: 6, status: 401, reason: "credentials_missing", lines: withToken(() => []) },
  refusedToken("token_malformed", 4, (random) => noise(random, 1 + number(random, 200)).replace(/[^!-~]|\./g, "a")),
  refusedToken("token_malformed", 2, (random) => jwt("[".repeat(1 + number(random, 3000)))),
  refusedToken("token_malformed", 2, (random) => jwt(`{"exp":${noise(random, 40)}`)),
  refusedToken("token_algorithm", 3, () => jwt('{"exp":9999999999}', '{"alg":"none"}')),
  refusedToken("token_expired", 3, (random) => jwt(`{"exp":${1 + number(random, 1e9)}}`)),
  refusedToken("token_without_expiry", 2, () => jwt("{}")),
  refusedToken("token_not_yet_valid", 2, () => jwt('{"nbf":9999999998,"exp":9999999999}')),
  refusedToken("token_too_large", 0.2, (random) => "a".repeat(17_000 + number(random, 1000))),
  {
    weight: 4,
    status: 403,
    reason: "path_ambiguous",
    lines: (random) => [get(`/o/..%3b${number(random, 1e6)}/x`), bearer(fresh(random))],
  },
  {
    weight: 0.2,
    status: 403,
    reason: "request_malformed",
    lines: (random) => [get(`/${"a".repeat(8300 + number(random, 1000))}`), bearer(fresh(random))],
  },
];

const forged = (random: Chance) =>
  `countersign=("@method" "@authority" "@path" "@query" "x-countersign-zone");created=${number(random, 2e9)};` +
  `expires=9999999999;nonce="${part(noise(random, 12))}";keyid="k1";alg="hmac-sha256";tag="countersign"`;
const zoneKinds: readonly Kind[] = [
  { weight: 1, status: 403, reason: "stamp_missing", lines: withToken(() => []) },
  {
    weight: 2,
    status: 403,
    reason: "stamp_invalid",
    lines: withToken((random) => [
      `signature-input: ${forged(random)}`,
      `signature: countersign=:${Buffer.from(noise(random, 32)).toString("base64")}:`,
      "x-countersign-zone: edge",
    ]),
  },
  {
    weight: 2,
    status: 403,
    reason: "stamp_invalid",
    lines: withToken((random) => [
      `signature-input: countersign=(${noise(random, 200)}`,
      "signature: countersign=:AA==:",
    ]),
  },
];

/** One batch of a side. Every fifth or so goes to the inner zone directly. */
export function batch(random: Chance, size: number): Batch {
  const to = random() < 0.15 ? "zone" : "edge";
  const shots = Array.from({ length: size }, () => shot(random, to === "zone" ? zoneKinds : edgeKinds));
  return { to, shots };
}

function shot(random: Chance, kinds: readonly Kind[]): Shot {
  let at = random() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  const kind =
    kinds.find(({ weight }) => {
      at -= weight;
      return at < 0;
    }) ?? kinds[0];
  if (kind === undefined) throw new Error("no kinds");
  const [first = "", ...lines] = kind.lines(random);
  const bytes = Buffer.from(`${[first, "host: soak.example", ...lines, "", ""].join("\r\n")}`, "latin1");
  return { bytes, status: kind.status, reason: kind.reason ?? "", stamped: kind.stamped ?? false };
}
