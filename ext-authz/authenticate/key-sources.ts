/**
 * All sources of keys of one process, shared by every plan and by reloads. In: jwtRules as plans are compiled. Out: a source
 * for each; readiness and state for the outside. A life: remote sources start with their first rule, stop when no rule wants
 * them any more or at `stop`.
 */
import type { JwksSettings } from "../config/settings.ts";
import type { JwtRule } from "../resources/resource.ts";
import { type KeySet, parseKeySet } from "./key-set.ts";
import type { KeySource, KeySources } from "./key-source.ts";
import type { Place } from "./remote-document.ts";
import { createRemoteKeys, type KeyDependencies, type RemoteKeys, type RemoteKeysState } from "./remote-keys.ts";

/** `source` names it in metrics: a small number, free again when the source is gone. */
export type KeySourceState = RemoteKeysState & { readonly source: number };

export interface KeySourcesOptions {
  readonly strict: boolean;
  readonly jsonDepth: number;
}

export interface LivingKeySources extends KeySources {
  /** Resolves when every remote source known so far was tried once. Never rejects. */
  ready(): Promise<void>;
  /** True when every remote source has keys. */
  complete(): boolean;
  /** True from when every remote source has had keys at once: one issuer's outage later takes no process out of service. */
  prefetched(): boolean;
  state(): readonly KeySourceState[];
  /** What counts now, of every remote source: where it is from, and its content. The same for the same in any process. */
  revisions(): readonly string[];
  /** Stops the remote sources that none of these rules wants: to be called after a reload has taken over. */
  retain(rules: readonly JwtRule[]): void;
  stop(): void;
}

export function createKeySources(
  dependencies: KeyDependencies,
  settings: JwksSettings,
  options: KeySourcesOptions,
): LivingKeySources {
  const remotes = new Map<
    string,
    { readonly keys: RemoteKeys; readonly tried: Promise<void>; readonly source: number }
  >();
  let wasComplete = false;

  function remoteSource(rule: JwtRule): KeySource {
    const name = nameOf(rule);
    const known = remotes.get(name);
    if (known !== undefined) return known.keys;
    const keys = createRemoteKeys(placeOf(rule), dependencies, { settings, ...options, timeoutMs: rule.timeoutMs });
    remotes.set(name, {
      keys,
      tried: keys.start(),
      source: freeNumber([...remotes.values()].map((one) => one.source)),
    });
    return keys;
  }

  const complete = (): boolean => [...remotes.values()].every(({ keys }) => keys.current() !== undefined);

  return {
    sourceFor: (rule) => (rule.jwks === undefined ? remoteSource(rule) : inlineSource(rule.jwks, options)),
    async ready() {
      await Promise.all([...remotes.values()].map(({ tried }) => tried));
      wasComplete ||= complete();
    },
    complete,
    prefetched() {
      wasComplete ||= complete();
      return wasComplete;
    },
    revisions: () => [...remotes].map(([name, { keys }]) => `keys ${name} ${keys.current()?.revision ?? ""}`),
    state: () => [...remotes.values()].map(({ keys, source }) => ({ source, ...keys.state() })),
    retain(rules) {
      const wanted = new Set(rules.filter((rule) => rule.jwks === undefined).map(nameOf));
      for (const [name, { keys }] of remotes) {
        if (wanted.has(name)) continue;
        keys.stop();
        remotes.delete(name);
      }
    },
    stop() {
      for (const { keys } of remotes.values()) keys.stop();
      remotes.clear();
    },
  };
}

function freeNumber(taken: readonly number[]): number {
  const numbers = new Set(taken);
  let free = 0;
  while (numbers.has(free)) free++;
  return free;
}

/** Where a rule's keys are, when they are not in the rule itself. */
export function placeOf(rule: JwtRule): Place {
  return rule.jwksUri === undefined ? { kind: "discovery", issuer: rule.issuer } : { kind: "uri", uri: rule.jwksUri };
}

/** Rules with another timeout fetch for themselves: none waits longer than its operator allowed. */
function nameOf(rule: JwtRule): string {
  return JSON.stringify([placeOf(rule), rule.timeoutMs]);
}

/** Keys that the operator wrote into the policy. What is no JWKS has no keys: every token of the rule is refused. */
function inlineSource(jwks: string, options: KeySourcesOptions): KeySource {
  const parsed = parseKeySet(jwks, options.jsonDepth, { strict: options.strict, allowSecrets: true });
  const keySet: KeySet = parsed.ok ? parsed.value : { keys: [], unusable: [parsed.error], revision: "" };
  return { current: () => keySet, renew: () => undefined };
}
