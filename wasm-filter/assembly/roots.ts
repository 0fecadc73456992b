/**
 * The two plugins of the module: each reads its configuration once and makes a context for each request. A configuration
 * that is wrong anywhere is refused as a whole, with a log line for each problem. Effects: log, metrics.
 */

import { HttpContext, LogLevel, log, monotonicNow, RootContext, setTickPeriod } from "proxy-wasm-sdk-as/assembly";
import { decimal } from "./ascii";
import { ObjectReader, Problems } from "./configuration-reader";
import { GrantSettings } from "./grant-configuration";
import { Grants } from "./grants";
import { GUARD, Guard } from "./guard";
import { GuardConfiguration, readGuardConfiguration } from "./guard-configuration";
import { JsonDocument } from "./json";
import { KeyRing } from "./key-ring";
import { KeySource } from "./key-source";
import { SIGNS, VERIFIES } from "./read-keys";
import { RefusalCounters } from "./refuse";
import { readStampConfiguration, StampSettings } from "./stamp-configuration";
import { STAMP, Stamper } from "./stamper";
import { tidy, tidyNow } from "./tidy";

const MAX_BYTES: i32 = 262144;
const MAX_DEPTH: i32 = 8;
/** Milliseconds between ticks where keys are fetched and nothing else wants another time. */
const KEYS_TICK: u32 = 250;

export class GuardRoot extends RootContext {
  protected rules: GuardConfiguration | null = null;
  protected counters: RefusalCounters | null = null;
  protected grants: Grants | null = null;
  private sources: KeySource[] = [];

  onConfigure(configuration: Uint8Array): bool {
    const problems = new Problems();
    const reader = open(configuration, GUARD, problems);
    let rules: GuardConfiguration | null = null;
    if (reader !== null) rules = readGuardConfiguration(reader);
    if (refused(GUARD, problems)) return false;
    this.rules = rules;
    this.counters = new RefusalCounters(GUARD);
    this.startSources(rules);
    this.startGrants(rules);
    tidyNow();
    return true;
  }

  createHttpContext(contextId: u32): HttpContext | null {
    const rules = this.rules;
    const counters = this.counters;
    if (rules === null || counters === null) return null;
    const guard = new Guard(contextId, this, rules, counters);
    guard.grants = this.grants;
    return guard;
  }

  onTick(): void {
    tidy();
    const grants = this.grants;
    if (grants !== null) grants.tick();
    tick(this.sources);
  }

  /** Each knows its own call by the token: the host gives no two alike. */
  onHttpCallResponse(token: u32, _headers: u32, bodySize: u32, _trailers: u32): void {
    const grants = this.grants;
    if (grants !== null) grants.polled(token);
    answered(this.sources, token, bodySize);
  }

  onDelete(): void {
    const grants = this.grants;
    if (grants !== null) grants.close();
  }

  private startSources(rules: GuardConfiguration | null): void {
    this.sources = [];
    if (rules === null) return;
    const stamp = rules.stamp;
    if (stamp !== null) addSource(this.sources, GUARD, stamp.keys, VERIFIES, "");
    const sign = rules.sign;
    if (sign !== null) addSource(this.sources, GUARD, sign.keys, SIGNS, sign.sign);
    const responses = rules.responses;
    if (responses !== null) addSource(this.sources, GUARD, responses.keys, SIGNS, responses.sign);
  }

  /** A configuration that comes again starts with nothing: routes and checks may have changed with it. */
  private startGrants(rules: GuardConfiguration | null): void {
    this.onDelete();
    this.grants = null;
    let period: u32 = this.sources.length > 0 ? KEYS_TICK : 0;
    const settings: GrantSettings | null = rules === null ? <GrantSettings | null>null : rules.grants;
    if (settings !== null) {
      this.grants = new Grants(this.contextId, GUARD, settings);
      period = settings.pollMilliseconds;
    }
    setTickPeriod(period);
  }
}

export class StampRoot extends RootContext {
  private settings: StampSettings | null = null;
  private counters: RefusalCounters | null = null;
  private sources: KeySource[] = [];

  onConfigure(configuration: Uint8Array): bool {
    const problems = new Problems();
    const reader = open(configuration, STAMP, problems);
    let settings: StampSettings | null = null;
    if (reader !== null) settings = readStampConfiguration(reader);
    if (refused(STAMP, problems)) return false;
    this.settings = settings;
    this.counters = new RefusalCounters(STAMP);
    this.sources = [];
    if (settings !== null) {
      addSource(this.sources, STAMP, settings.keys, SIGNS, settings.sign);
      const responses = settings.responses;
      if (responses !== null) addSource(this.sources, STAMP, responses.keys, VERIFIES, "");
    }
    setTickPeriod(this.sources.length > 0 ? KEYS_TICK : 0);
    tidyNow();
    return true;
  }

  onTick(): void {
    tidy();
    tick(this.sources);
  }

  onHttpCallResponse(token: u32, _headers: u32, bodySize: u32, _trailers: u32): void {
    answered(this.sources, token, bodySize);
  }

  createHttpContext(contextId: u32): HttpContext | null {
    const settings = this.settings;
    const counters = this.counters;
    return settings === null || counters === null ? null : new Stamper(contextId, this, settings, counters);
  }
}

function addSource(sources: KeySource[], stand: string, keys: KeyRing, signs: bool, sign: string): void {
  const from = keys.from;
  if (from !== null) sources.push(new KeySource(stand, from, keys, signs, sign));
}

function tick(sources: KeySource[]): void {
  for (let i = 0; i < sources.length; i++) sources[i].tick(monotonicNow());
}

function answered(sources: KeySource[], token: u32, bodySize: u32): void {
  for (let i = 0; i < sources.length; i++) sources[i].answered(token, bodySize);
}

/** The configuration as an object for `stand`; null with a problem when it is not one. */
function open(configuration: Uint8Array, stand: string, problems: Problems): ObjectReader | null {
  if (configuration.length > MAX_BYTES) {
    problems.add("configuration", `is larger than ${decimal(MAX_BYTES)} bytes`);
    return null;
  }
  const document = new JsonDocument(configuration, MAX_DEPTH);
  if (document.problem != "") {
    problems.add("configuration", `is not JSON: ${document.problem}`);
    return null;
  }
  const reader = new ObjectReader(document, 0, "", problems);
  if (problems.none && reader.text("stand") != stand) {
    problems.add("stand", `must be ${stand} for the root id countersign.${stand}`);
    return null;
  }
  return problems.none ? reader : null;
}

function refused(stand: string, problems: Problems): bool {
  for (let i = 0; i < problems.list.length; i++) {
    log(LogLevel.Error, `countersign.${stand}: configuration refused: ${problems.list[i]}`);
  }
  return !problems.none;
}
