/**
 * The two plugins of the module: each reads its configuration once and makes a context for each request. A configuration
 * that is wrong anywhere is refused as a whole, with a log line for each problem. Effects: log, metrics.
 */
import { HttpContext, LogLevel, log, RootContext, setTickPeriod } from "proxy-wasm-sdk-as/assembly";
import { ObjectReader, Problems } from "./configuration-reader";
import { GrantSettings } from "./grant-configuration";
import { Grants } from "./grants";
import { GUARD, Guard } from "./guard";
import { GuardConfiguration, readGuardConfiguration } from "./guard-configuration";
import { JsonDocument } from "./json";
import { RefusalCounters } from "./refuse";
import { readStampConfiguration, StampSettings } from "./stamp-configuration";
import { STAMP, Stamper } from "./stamper";
import { tidy, tidyNow } from "./tidy";

const MAX_BYTES: i32 = 262144;
const MAX_DEPTH: i32 = 8;

export class GuardRoot extends RootContext {
  protected rules: GuardConfiguration | null = null;
  protected counters: RefusalCounters | null = null;
  private grants: Grants | null = null;

  onConfigure(configuration: Uint8Array): bool {
    const problems = new Problems();
    const reader = open(configuration, GUARD, problems);
    let rules: GuardConfiguration | null = null;
    if (reader !== null) rules = readGuardConfiguration(reader);
    if (refused(GUARD, problems)) return false;
    this.rules = rules;
    this.counters = new RefusalCounters(GUARD);
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
  }

  onHttpCallResponse(token: u32, _headers: u32, _bodySize: u32, _trailers: u32): void {
    const grants = this.grants;
    if (grants !== null) grants.polled(token);
  }

  onDelete(): void {
    const grants = this.grants;
    if (grants !== null) grants.close();
  }

  /** A configuration that comes again starts with nothing: routes and checks may have changed with it. */
  private startGrants(rules: GuardConfiguration | null): void {
    this.onDelete();
    this.grants = null;
    let period: u32 = 0;
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

  onConfigure(configuration: Uint8Array): bool {
    const problems = new Problems();
    const reader = open(configuration, STAMP, problems);
    let settings: StampSettings | null = null;
    if (reader !== null) settings = readStampConfiguration(reader);
    if (refused(STAMP, problems)) return false;
    this.settings = settings;
    this.counters = new RefusalCounters(STAMP);
    tidyNow();
    return true;
  }

  createHttpContext(contextId: u32): HttpContext | null {
    const settings = this.settings;
    const counters = this.counters;
    return settings === null || counters === null ? null : new Stamper(contextId, this, settings, counters);
  }
}

/** The configuration as an object for `stand`; null with a problem when it is not one. */
function open(configuration: Uint8Array, stand: string, problems: Problems): ObjectReader | null {
  if (configuration.length > MAX_BYTES) {
    problems.add("configuration", `is larger than ${MAX_BYTES} bytes`);
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
