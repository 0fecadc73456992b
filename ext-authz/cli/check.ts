/** `countersign check`: one request offline, decided as `serve` would and explained. */
import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { createJwksFetch } from "../authenticate/jwks-fetch.ts";
import type { Settings } from "../config/settings.ts";
import type { JsonObject } from "../model.ts";
import type { Incoming } from "../request/incoming.ts";
import { grantLines } from "./check-grant.ts";
import { createOfflineCheck, type Judgement } from "./check-offline.ts";
import { reportLines } from "./check-report.ts";
import { incomingOf, type RequestSpec, readWorkload } from "./check-request.ts";
import { readCheckRequest } from "./check-request-json.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { formatProblem, loadResources, loadSettings } from "./load-settings.ts";

const options = {
  config: { type: "string", short: "c" },
  policies: { type: "string", multiple: true },
  request: { type: "string" },
  method: { type: "string" },
  path: { type: "string" },
  host: { type: "string" },
  scheme: { type: "string" },
  header: { type: "string", multiple: true, short: "H" },
  token: { type: "string" },
  claims: { type: "string" },
  principal: { type: "string" },
  "source-ip": { type: "string" },
  "destination-ip": { type: "string" },
  port: { type: "string" },
  sni: { type: "string" },
  tcp: { type: "boolean", default: false },
  workload: { type: "string" },
  "explain-grant": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const check: Command = {
  summary: "decide one request offline and explain why",
  usage: `usage: countersign check [--config FILE] [--policies PATH]… [request] [--explain-grant] [--json]

The request:
  --request FILE      a CheckRequest in JSON, as Envoy logs it; instead of the flags below
  --method M --path /p?q --host H --scheme S --header name:value (repeat) --tcp
  --principal ID      the peer's SPIFFE id, with or without spiffe://
  --source-ip IP --destination-ip IP --port N --sni NAME
  --workload ns/label=value,…   what is protected; default: the settings' workload
Who sends it:
  --token JWT         verified as serve would; keys are fetched when the policies name a URL.  "-" reads standard input
  --claims JSON       taken as verified (signature and times are not looked at)

--explain-grant       which inputs the decision depends on, for how long the proxy may repeat it, or why it may not

Prints what every policy said: layer, policy, rule, clause, the values compared; for a deny the rule that came nearest.
Tokens are never printed.

Exit codes: 0 allowed, 1 denied, 2 wrong usage or bad input, 3 could not run.`,
  run: runCheck,
};

type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options });
}

async function runCheck(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values } = parse(args);
  if (values.token !== undefined && values.claims !== undefined) {
    throw new UsageError("either --token or --claims, not both");
  }
  const settings = await loadSettings(values.config);
  const resources = settings.ok ? await readPolicies(values.policies ?? settings.value.policies) : settings;
  if (!settings.ok || !resources.ok) {
    const problems = resources.ok ? [] : resources.error;
    if (values.json) output.out(JSON.stringify({ problems }));
    else for (const problem of problems) output.err(formatProblem(problem));
    return EXIT.usage;
  }
  const incoming = await readIncoming(values);
  const claims = values.claims === undefined ? undefined : readClaims(values.claims);
  const offline = await createOfflineCheck(settings.value, resources.value.resources, {
    fetch: claims === undefined && mayCarryToken(incoming) ? await keysFetch(settings.value) : undefined,
    now: () => Date.now() / 1000,
    grants: values["explain-grant"],
  });
  const judgement = await (claims === undefined ? offline.check(incoming) : offline.checkClaims(incoming, claims));
  print(judgement, claims !== undefined, values.json, output);
  const { effect } = judgement.decision;
  return effect === "allow" ? EXIT.fine : effect === "deny" ? EXIT.findings : EXIT.failed;
}

/** @throws UsageError when a path cannot be read */
export async function readPolicies(paths: readonly string[]) {
  return loadResources(paths).catch((error: Error) => {
    throw new UsageError(error.message);
  });
}

async function keysFetch({ jwks: { caFile, allowPrivateAddresses } }: Settings) {
  return createJwksFetch({ caPem: caFile === "" ? "" : await readFile(caFile, "utf8"), allowPrivateAddresses });
}

function mayCarryToken({ http }: Incoming): boolean {
  return http !== undefined && (http.headers.size > 0 || http.target.includes("?"));
}

function print({ decision, explanation, grant }: Judgement, assumed: boolean, json: boolean, output: Output): void {
  const { revision, principal } = decision;
  if (json) {
    output.out(
      JSON.stringify({
        ...{ ...explanation, revision, principal, claims: assumed ? "taken as verified" : "verified" },
        ...(grant !== undefined && { grant }),
      }),
    );
    return;
  }
  const [first = "", ...rest] = reportLines(explanation);
  output.out(first);
  if (assumed) output.out("claims    taken as verified: no signature was checked");
  if (principal !== "") output.out(`principal ${JSON.stringify(principal)}`);
  for (const line of rest) output.out(line);
  for (const line of grant === undefined ? [] : grantLines(grant)) output.out(line);
}

async function readIncoming(values: Values): Promise<Incoming> {
  const workload = values.workload === undefined ? undefined : readWorkload(values.workload);
  if (values.request === undefined) return incomingOf(await specOf(values), workload);
  const text = await readFile(values.request, "utf8").catch((error: Error) => {
    throw new UsageError(`--request: ${error.message}`);
  });
  const read = readCheckRequest(text);
  if (!read.ok) throw new UsageError(`${values.request}: ${read.error}`);
  if (workload === undefined) return read.value;
  return { ...read.value, contextExtensions: incomingOf({}, workload).contextExtensions };
}

async function specOf(values: Values): Promise<RequestSpec> {
  const { method, path, host, scheme, principal, sni, tcp } = values;
  const given = { method, path, host, scheme, principal, sni };
  const texts = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const sourceIp = values["source-ip"];
  const destinationIp = values["destination-ip"];
  return {
    ...texts,
    ...(tcp && { protocol: "tcp" as const }),
    ...(sourceIp !== undefined && { sourceIp }),
    ...(destinationIp !== undefined && { destinationIp }),
    ...(values.port !== undefined && { port: readPort(values.port) }),
    headers: await headersOf(values),
  };
}

async function headersOf({ header = [], token }: Values): Promise<Record<string, readonly string[]>> {
  const headers: Record<string, readonly string[]> = Object.create(null);
  const bearer = token === "-" ? (await readAll(process.stdin)).trim() : token;
  for (const line of bearer === undefined ? header : [...header, `authorization:Bearer ${bearer}`]) {
    const colon = line.indexOf(":", 1);
    if (colon < 0) throw new UsageError("--header: write name:value");
    const name = line.slice(0, colon).toLowerCase();
    headers[name] = [...(headers[name] ?? []), line.slice(colon + 1).trim()];
  }
  return headers;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new UsageError(`--port: "${text}" is no port`);
  return port;
}

function readClaims(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError("--claims: is no JSON");
  }
  if (!isObject(value)) throw new UsageError('--claims: must be a JSON object such as {"iss": "…", "sub": "…"}');
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
