/**
 * `countersign doctor jwks`: what is wrong with the way to issuers' keys, and with the keys. In: targets, settings, a probe,
 * the clock. Out: for each target its keys and findings. Effects: through the probe only; targets are asked one by one.
 */
import { addressOf, displayOf, readConfiguration } from "../authenticate/remote-document.ts";
import { parseStrictObject } from "../authenticate/strict-json.ts";
import type { Settings } from "../config/settings.ts";
import type { Result } from "../result.ts";
import { examineAnswer, examineFailure } from "./doctor-answer.ts";
import { type Finding, finding } from "./doctor-finding.ts";
import { examineKeys, type KeyFacts } from "./doctor-keys.ts";
import type { Probe, ProbeFailure } from "./doctor-probe.ts";
import type { Target } from "./doctor-targets.ts";

export interface Examination {
  readonly target: string;
  readonly issuer: string;
  readonly keys: readonly KeyFacts[];
  readonly findings: readonly Finding[];
}

export interface DoctorEffects {
  readonly probe: (url: string, timeoutMs: number) => Promise<Result<Probe, ProbeFailure>>;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

export async function examineJwks(target: Target, settings: Settings, effects: DoctorEffects): Promise<Examination> {
  const issuer = displayIssuer(target.issuer);
  const { keys, findings } = await examineWhere(target, settings, effects);
  return { target: target.name, issuer, keys, findings: distinct(findings) };
}

type Examined = Pick<Examination, "keys" | "findings">;

async function examineWhere(target: Target, settings: Settings, effects: DoctorEffects): Promise<Examined> {
  const { where } = target;
  switch (where.kind) {
    case "inline":
      return examineText(where.text, true, settings, effects);
    case "uri":
      return examineUrl(where.uri, target, settings, effects);
    case "discovery":
      return examineIssuer(where.issuer, target, settings, effects);
    case "either": {
      const direct = await examineUrl(where.url, target, settings, effects);
      const mayBeIssuer = direct.findings.some(({ id }) => id === "http_status" || id === "not_a_jwks");
      const asIssuer = mayBeIssuer ? await examineIssuer(where.url, target, settings, effects) : undefined;
      return asIssuer?.isIssuer === true ? asIssuer : direct;
    }
  }
}

/** `isIssuer`: a configuration is there, whatever is wrong with it. */
async function examineIssuer(
  issuer: string,
  target: Target,
  settings: Settings,
  effects: DoctorEffects,
): Promise<Examined & { readonly isIssuer: boolean }> {
  const url = addressOf({ kind: "discovery", issuer });
  const asked = await ask(url, target, settings, effects);
  if (asked.text === undefined) return { keys: [], findings: asked.findings, isIssuer: false };
  // How long the configuration may be cached is not what the keys' life depends on.
  const about = asked.findings.filter(({ id }) => !id.startsWith("cache_"));
  const uri = readConfiguration(asked.text, issuer, settings.limits.jsonDepth);
  if (!uri.ok) {
    const isIssuer = parseStrictObject(asked.text, settings.limits.jsonDepth) !== undefined;
    return { keys: [], findings: [...about, finding("discovery_refused", uri.error)], isIssuer };
  }
  const found = await examineUrl(uri.value, target, settings, effects);
  return { keys: found.keys, findings: [...about, ...found.findings], isIssuer: true };
}

async function examineUrl(url: string, target: Target, settings: Settings, effects: DoctorEffects): Promise<Examined> {
  const { text, findings } = await ask(url, target, settings, effects);
  if (text === undefined) return { keys: [], findings };
  const found = examineText(text, false, settings, effects);
  return { keys: found.keys, findings: [...findings, ...found.findings] };
}

interface Asked {
  /** Undefined: the findings say why. */
  readonly text: string | undefined;
  readonly findings: readonly Finding[];
}

async function ask(url: string, { timeoutMs }: Target, settings: Settings, effects: DoctorEffects): Promise<Asked> {
  const answer = await effects.probe(url, timeoutMs);
  if (!answer.ok) return { text: undefined, findings: examineFailure(answer.error, effects.now()) };
  const findings = examineAnswer(answer.value, new URL(url), timeoutMs, settings);
  const usable = !findings.some(({ id }) => id === "http_status" || id === "answer_unusable");
  return { text: usable && answer.value.body.ok ? answer.value.body.value : undefined, findings };
}

function examineText(text: string, inline: boolean, { mesh, limits }: Settings, { now }: DoctorEffects): Examined {
  return examineKeys(text, { strict: mesh.strict, jsonDepth: limits.jsonDepth, inline }, now());
}

/** Configuration and keys on one host say the same about its clock and certificate. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((one) => [`${one.id} ${one.why}`, one])).values()];
}

function displayIssuer(issuer: string): string {
  return /^https?:/i.test(issuer) ? displayOf({ kind: "uri", uri: issuer }) : issuer;
}
