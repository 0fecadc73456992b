/**
 * A mutational fuzzer for the way of a token through `authenticate`: `npx tsx test/authenticate/fuzz.ts --inputs 1000000
 * [--seed 1]`. In: a number of inputs and a seed. Out: what was counted and the first findings. A finding is an exception, an
 * accepted text that nobody signed, claims that are not what was signed, an unclean output header, or (in the command only) an
 * input that takes over 50 ms, also when it is repeated. Exit code 1 with findings.
 */
import { createHmac } from "node:crypto";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { authenticate } from "../../ext-authz/authenticate/authenticate.ts";
import type { RequestModel } from "../../ext-authz/model.ts";
import { encode, goodClaims, jwkOf, jwksOf, keys, NOW, planOf, request, rule, token } from "./forge.ts";
import { below, type Chance, chanceFrom, mutate, mutateSegment, pick } from "./fuzz-mutate.ts";

const SECRET = "an inline secret of more than thirty-two bytes";
const claims = { aud: "svc", scope: "a b", nested: { list: [1, -2.5e3, "é\u{1f600}", null, true] } };
const signers = { RS256: keys.rsa, PS384: keys.rsa, ES256: keys.p256, ES512: keys.p521, EdDSA: keys.ed25519 };

const tokens = [
  ...Object.entries(signers).map(([alg, key]) => token(goodClaims(claims), { alg, kid: alg }, key)),
  token(goodClaims({ ...claims, iss: "hs" }), { alg: "HS256", kid: undefined }, SECRET),
];
const signed: ReadonlySet<string> = new Set(tokens);

const places = {
  fromHeaders: [
    { name: "authorization", prefix: "Bearer " },
    { name: "x-t", prefix: "" },
  ],
  fromParams: ["t"],
  fromCookies: ["t"],
};
const outputs = {
  outputPayloadToHeader: "x-p",
  outputClaimToHeaders: ["sub", "nested.list", "x"].map((claim) => ({ header: `x-${claim}`, claim })),
};
const asymmetric = jwksOf(...Object.entries(signers).map(([kid, key]) => jwkOf(key, { kid })));
const secret = jwksOf({ kty: "oct", k: encode(SECRET) });
const rules = [
  rule({ ...places, ...outputs, jwks: asymmetric, audiences: ["svc"] }),
  rule({ ...places, ...outputs, jwks: secret, audiences: ["svc"], issuer: "hs" }),
];
const plans = [planOf(rules, true), planOf(rules, false)];
const signal = new AbortController().signal;

interface Input {
  readonly request: RequestModel;
  /** What may be accepted. */
  readonly signed: ReadonlySet<string>;
}

/** Where a token stands, with what may stand around it. */
const CARRIERS: readonly ((text: string) => RequestModel)[] = [
  (text) => request({ authorization: `Bearer ${text}` }),
  (text) => request({ authorization: text }),
  (text) => request({ "x-t": text }),
  (text) => request({ "x-t": [text, text.slice(1)], authorization: `Basic x, Bearer ${text}` }),
  (text) => request({}, { query: `a=%zz&t=${text}&t=2` }),
  (text) => request({}, { query: text }),
  (text) => request({ cookie: `s=1; t="${text}"; t=2` }),
  (text) => request({ cookie: [text, `t=${text}`] }),
];

function textOf(bytes: Buffer, chance: Chance): string {
  return bytes.toString(chance() < 0.8 ? "latin1" : "utf8");
}

function nextInput(chance: Chance): Input {
  const raw = pick(tokens, chance);
  const other = Buffer.from(pick(tokens, chance));
  const carrier = pick(CARRIERS, chance);
  switch (below(4, chance)) {
    case 0:
      return { request: carrier(textOf(mutate(Buffer.from(raw), other, chance), chance)), signed };
    case 1:
      return { request: carrier(mutateSegment(raw, other, chance)), signed };
    case 2: {
      const around = `${pick(["Bearer ", "t=", "a=1&t=", "s=1; t=", ""], chance)}${raw}`;
      return { request: carrier(textOf(mutate(Buffer.from(around), other, chance), chance)), signed };
    }
    default: {
      // Signed after the change: nothing but the reader of JSON stands between these bytes and the policies.
      const [header = "", payload = ""] = mutateSegment(
        (tokens.at(-1) ?? "").split(".", 2).join("."),
        other,
        chance,
      ).split(".");
      const input = `${header}.${payload}`;
      const whole = `${input}.${createHmac("sha256", SECRET).update(input).digest("base64url")}`;
      return { request: carrier(whole), signed: new Set([...signed, whole]) };
    }
  }
}

export interface FuzzReport {
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: ReadonlyMap<string, number>;
  readonly findings: readonly string[];
  /** As the clock showed it, with all that the machine did meanwhile. */
  readonly slowestMs: number;
  /** Of the better of two runs for each input that seemed slow: its own time. */
  readonly slowestAgainMs: number;
}

function run(input: Input, strict: number): { readonly finding: string | undefined; readonly said: string } {
  const plan = plans[strict];
  if (plan === undefined) throw new Error("no plan");
  const result = authenticate(plan, input.request, NOW, signal);
  if (result instanceof Promise) return { finding: "it waits", said: "" };
  if (!result.ok) return { finding: undefined, said: result.error.code };
  const { token: found, changes } = result.value;
  if (found === undefined) return { finding: undefined, said: "no token" };
  const said = "accepted";
  if (!input.signed.has(found.raw)) return { finding: "accepted what nobody signed", said };
  const payload = Buffer.from(found.raw.split(".")[1] ?? "", "base64url").toString();
  if (!isDeepStrictEqual(plain(JSON.parse(payload)), plain(found.claims))) return { finding: "other claims", said };
  const unclean = changes.set.find(([, value]) => /[\r\n\0]/.test(value));
  return { finding: unclean && `unclean ${unclean[0]}`, said };
}

/** Prototypes and key order do not count. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

export function fuzz(inputs: number, seed: number, clock: () => number): FuzzReport {
  const chance = chanceFrom(seed);
  const refused = new Map<string, number>();
  const findings: string[] = [];
  let accepted = 0;
  let slowestMs = 0;
  let slowestAgainMs = 0;
  for (let count = 0; count < inputs; count++) {
    const input = nextInput(chance);
    const strict = count % 2;
    const from = clock();
    const { finding, said } = attempt(input, strict);
    const ms = clock() - from;
    slowestMs = Math.max(slowestMs, ms);
    if (ms > slowestAgainMs) {
      const again = clock();
      attempt(input, strict);
      slowestAgainMs = Math.max(slowestAgainMs, Math.min(ms, clock() - again));
    }
    if (said === "accepted") accepted++;
    else refused.set(said, (refused.get(said) ?? 0) + 1);
    if (finding !== undefined && findings.length < 10) findings.push(`input ${count}: ${finding}: ${shown(input)}`);
  }
  return { inputs, accepted, refused, findings, slowestMs, slowestAgainMs };
}

/** Keys are new in each run: the seed alone does not bring an input back, its text may. */
function shown({ request: { headers, query } }: Input): string {
  return JSON.stringify([...headers, ["query", query]]).slice(0, 4000);
}

function attempt(input: Input, strict: number): ReturnType<typeof run> {
  try {
    return run(input, strict);
  } catch (cause) {
    return { finding: `threw ${String(cause)}`, said: "threw" };
  }
}

function main(argv: readonly string[]): number {
  const option = (name: string, otherwise: number): number => {
    const at = argv.indexOf(name);
    return at < 0 ? otherwise : Number(argv[at + 1]);
  };
  const inputs = option("--inputs", 1_000_000);
  const seed = option("--seed", 1);
  if (!(inputs > 0) || !Number.isInteger(seed)) {
    console.error("usage: fuzz.ts [--inputs N] [--seed N]");
    return 2;
  }
  const from = performance.now();
  const report = fuzz(inputs, seed, () => performance.now());
  const seconds = (performance.now() - from) / 1000;
  console.log(
    `${inputs} inputs, seed ${seed}, ${seconds.toFixed(1)} s, ${report.accepted} accepted (all exactly as signed)`,
  );
  for (const [code, count] of [...report.refused].sort(([, a], [, b]) => b - a)) console.log(`  ${count}\t${code}`);
  console.log(`slowest input ${report.slowestAgainMs.toFixed(2)} ms (by the wall ${report.slowestMs.toFixed(2)} ms)`);
  const findings = [...report.findings, ...(report.slowestAgainMs > 50 ? ["an input takes over 50 ms"] : [])];
  for (const finding of findings) console.log(`FINDING ${finding}`);
  return findings.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main(process.argv.slice(2));
