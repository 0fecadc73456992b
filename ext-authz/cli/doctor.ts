/**
 * `countersign doctor`: what is wrong around the server. `doctor jwks` looks at issuers' keys and the way to them,
 * `doctor envoy` at the configuration of the proxies.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Settings } from "../config/settings.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { doctorEnvoyUsage, runDoctorEnvoy } from "./doctor-envoy.ts";
import type { Finding } from "./doctor-finding.ts";
import { type Examination, examineJwks } from "./doctor-jwks.ts";
import type { KeyFacts } from "./doctor-keys.ts";
import { probe } from "./doctor-probe.ts";
import { targetsOf } from "./doctor-targets.ts";
import { formatProblem, loadResources, loadSettings } from "./load-settings.ts";

export const doctor: Command = {
  summary: "say what is wrong with issuers' keys, and with Envoy's or Istio's configuration",
  usage: `usage: countersign doctor jwks [--config FILE] [URI|ISSUER…] [--json]

Asks for keys as serve would, with its address guard, CAs and limits: all issuers of the policies, or those that are named.
A URL that no policy names is tried as a JWKS, then as an issuer (OIDC discovery).
Looks at: reachability, TLS (chain, end, private CA), clocks (Date header), cache headers, and the keys: duplicate or missing
kid, weak or unusable keys, private keys that were published, ages where x5c tells them.
Each finding has an id, what was seen, and what to do.

Exit codes: 0 nothing or remarks only, 1 warnings or errors, 2 wrong usage or bad input, 3 could not run.

${doctorEnvoyUsage}`,
  run: (args, output) => (args[0] === "envoy" ? runDoctorEnvoy(args.slice(1), output) : runDoctor(args, output)),
};

async function runDoctor(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { config: { type: "string", short: "c" }, json: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [about, ...asked] = positionals;
  if (about !== "jwks") throw new UsageError("what to look at: doctor jwks, or doctor envoy");
  const settings = await loadSettings(values.config);
  const policies = settings.ok ? await readPolicies(settings.value) : settings;
  if (!settings.ok || !policies.ok) {
    const problems = policies.ok ? [] : policies.error;
    if (values.json) output.out(JSON.stringify({ problems }));
    else for (const problem of problems) output.err(formatProblem(problem));
    return EXIT.usage;
  }
  const targets = targetsOf(policies.value.resources, asked);
  if (targets.length === 0) throw new UsageError("no policy has a jwtRule: name a JWKS URI or an issuer");
  const { jwks } = settings.value;
  const now = (): number => Date.now() / 1000;
  const bounds = { ...jwks, caPem: jwks.caFile === "" ? "" : await readFile(jwks.caFile, "utf8"), now };
  const examinations: Examination[] = [];
  for (const target of targets) {
    const effects = { probe: (url: string, timeoutMs: number) => probe(url, { ...bounds, timeoutMs }), now };
    examinations.push(await examineJwks(target, settings.value, effects));
  }
  if (values.json) output.out(JSON.stringify({ targets: examinations }));
  else for (const line of examinations.flatMap(linesOf)) output.out(line);
  const isFine = examinations.every(({ findings }) => findings.every(({ severity }) => severity === "info"));
  return isFine ? EXIT.fine : EXIT.findings;
}

async function readPolicies({ policies }: Settings) {
  return loadResources(policies).catch((error: Error) => {
    throw new UsageError(error.message);
  });
}

function linesOf({ target, keys, findings }: Examination): readonly string[] {
  const usable = keys.filter((key) => key.usable).length;
  return [
    `${target}: ${usable} usable of ${keys.length} keys`,
    ...keys.map(keyLine),
    ...findings.flatMap(findingLines),
  ];
}

function keyLine({ kid, kty, alg, bits, curve, usable, ageDays }: KeyFacts): string {
  const size = bits > 0 ? `${bits} bits` : curve;
  const age = ageDays === undefined ? "" : `${ageDays} days`;
  const words = [kid === "" ? "(no kid)" : printable(kid), printable(kty), size, printable(alg), age];
  return `  key ${words.filter((word) => word !== "").join("  ")}${usable ? "" : "  (not used)"}`;
}

function findingLines({ id, severity, why, fix }: Finding): readonly string[] {
  return [`  ${severity} ${id}: ${why}`, `    fix: ${fix}`];
}

function printable(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, "?");
}
