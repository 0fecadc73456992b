/**
 * In: the spec of an AccessPolicy (countersign.dev/v1alpha1). Out: the resource, with everything in it that cannot work
 * reported: expressions are parsed and type-checked, bundles are unpacked and compiled, here and not at the first
 * request. Pure; a bundle's bytes come through the function that is handed in.
 */
import { compileCel } from "../authorize/cel/expression.ts";
import { readBundle } from "../authorize/rego/bundle.ts";
import { compileRego } from "../authorize/rego/engine.ts";
import type { Result } from "../result.ts";
import type { AccessAction, AccessCriterion, AccessPolicy, AccessRule } from "./access-policy-resource.ts";
import { parseDuration } from "./duration.ts";
import { type Report, under } from "./field-path.ts";
import type { Envelope } from "./manifest.ts";
import { closed, type RawTarget, target, text } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

/** The bytes of a file that a policy names, relative to the policy's own file; or why there are none. */
export type ReadArtifact = (policyFile: string, name: string) => Result<Uint8Array, string>;

interface RawAccessPolicy extends RawTarget {
  readonly mode?: "enforce" | "shadow";
  readonly action: AccessAction;
  readonly defaultDeny?: boolean;
  readonly cel?: string;
  readonly rules?: readonly { readonly name: string; readonly cel: string }[];
  readonly rego?: { readonly bundle?: string; readonly wasm?: string; readonly entrypoint?: string };
  readonly opa?: { readonly url: string; readonly timeout?: string };
}

const hasShape = shapeOf<RawAccessPolicy>(
  closed(
    {
      ...target,
      mode: { enum: ["enforce", "shadow"] },
      action: { enum: ["ALLOW", "DENY", "REQUIRE"] },
      defaultDeny: { type: "boolean" },
      cel: text,
      rules: { type: "array", minItems: 1, maxItems: 512, items: closed({ name: text, cel: text }, ["name", "cel"]) },
      rego: closed({ bundle: text, wasm: text, entrypoint: text }),
      opa: closed({ url: text, timeout: text }, ["url"]),
    },
    ["action"],
  ),
);

const ENTRYPOINT = "envoy/authz/allow";
const DEFAULT_TIMEOUT = "100ms";
const MAX_TIMEOUT_MS = 5000;

export function readAccessPolicy(
  { meta, spec, dryRun }: Envelope,
  report: Report,
  readArtifact: ReadArtifact,
): AccessPolicy | undefined {
  const inSpec = under(report, "spec");
  if (dryRun !== undefined) {
    report(["metadata", "annotations", "istio.io/dry-run"], "is not supported on this kind", "use `mode: shadow`");
  }
  if (!hasShape(spec, inSpec)) return undefined;
  const { action, mode = "enforce", defaultDeny = false } = spec;
  if (defaultDeny && action !== "ALLOW") inSpec(["defaultDeny"], "is only for the action ALLOW");
  const criterion = readCriterion(spec, inSpec, (name) => readArtifact(meta.file, name));
  if (criterion === undefined) return undefined;
  return {
    kind: "AccessPolicy",
    ...meta,
    shadow: mode === "shadow",
    target: readTarget(spec, inSpec),
    action,
    defaultDeny,
    criterion,
  };
}

type ReadFile = (name: string) => Result<Uint8Array, string>;

function readCriterion(spec: RawAccessPolicy, report: Report, readFile: ReadFile): AccessCriterion | undefined {
  const { cel, rules, rego, opa } = spec;
  const ways = [cel, rules, rego, opa].filter((way) => way !== undefined);
  if (ways.length > 1) report([], "only one of `cel`, `rules`, `rego` and `opa` may be set");
  if (cel !== undefined) return { by: "cel", rules: [checkedRule("", cel, under(report, "cel"))] };
  if (rules !== undefined) return { by: "cel", rules: readRules(rules, under(report, "rules")) };
  if (rego !== undefined) return readRego(rego, under(report, "rego"), readFile);
  if (opa !== undefined) return readOpa(opa, under(report, "opa"));
  if (spec.defaultDeny !== true) report([], "one of `cel`, `rules`, `rego` and `opa` must be set");
  return { by: "nothing" };
}

function readRules(rules: NonNullable<RawAccessPolicy["rules"]>, report: Report): readonly AccessRule[] {
  const names = new Set<string>();
  return rules.map(({ name, cel }, index) => {
    if (names.has(name)) report([index, "name"], `there is another rule \`${name}\``);
    names.add(name);
    return checkedRule(name, cel, under(report, index, "cel"));
  });
}

function checkedRule(name: string, cel: string, report: Report): AccessRule {
  const compiled = compileCel(cel);
  if (!compiled.ok) {
    for (const { message, column } of compiled.error) {
      report([], column === 0 ? message : `${message} (at character ${column})`);
    }
  }
  return { name, cel };
}

function readRego(
  { bundle, wasm, entrypoint = ENTRYPOINT }: NonNullable<RawAccessPolicy["rego"]>,
  report: Report,
  readFile: ReadFile,
): AccessCriterion | undefined {
  const field = bundle === undefined ? "wasm" : "bundle";
  const name = bundle ?? wasm;
  if (name === undefined || (bundle !== undefined && wasm !== undefined)) {
    report([], "one of `bundle` and `wasm` must be set");
    return undefined;
  }
  const fail = (why: string): undefined => {
    report([field], `\`${name}\` ${why}`);
  };
  const bytes = readFile(name);
  if (!bytes.ok) return fail(bytes.error);
  const module =
    field === "bundle" ? readBundle(bytes.value) : { ok: true as const, value: { wasm: bytes.value, data: {} } };
  if (!module.ok) return fail(module.error);
  const rule = compileRego(module.value, entrypoint);
  if (!rule.ok) return fail(rule.error);
  return { by: "rego", module: module.value, entrypoint };
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

function readOpa({ url, timeout }: NonNullable<RawAccessPolicy["opa"]>, report: Report): AccessCriterion {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["http:", "https:"].includes(parsed.protocol) || parsed.hash !== "" || hasUser(parsed)) {
    report(["url"], `\`${url}\` is no URL of a server`, "for example http://127.0.0.1:8181/v1/data/envoy/authz/allow");
  } else {
    if (!parsed.pathname.startsWith("/v1/data/")) report(["url"], "the path must begin with /v1/data/");
    if (parsed.protocol === "http:" && !LOOPBACK.has(parsed.hostname)) {
      report(["url"], "whoever is on the way can answer in OPA's place", "use https, or an OPA beside us", "warning");
    }
  }
  const timeoutMs = parseDuration(timeout ?? DEFAULT_TIMEOUT) ?? 0;
  if (timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
    report(["timeout"], `\`${timeout}\` is no duration from 1ms to 5s`, `for example ${DEFAULT_TIMEOUT}`);
  }
  return { by: "opa", url, timeoutMs };
}

function hasUser({ username, password }: URL): boolean {
  return username !== "" || password !== "";
}
