/**
 * The guard's plugin configuration (docs/filter.md). In comes JSON, out go rules or problems, all at once. No effects.
 */
import { bytesOf, decimal } from "./ascii";
import { ObjectReader } from "./configuration-reader";
import { readDigestBytes } from "./content-digest";
import { CoveredSets } from "./covered";
import { GrantSettings, readGrantSettings } from "./grant-configuration";
import { OwnedHeaders } from "./header-firewall";
import { isKnownAlgorithm, TokenRules } from "./jwt-shape";
import { isHeaderPattern, isOpenPath, isZone } from "./names";
import { RateLimit } from "./rate-limit";
import { readRing, VERIFIES } from "./read-keys";
import { ReplayShield } from "./replay-shield";
import { readRateLimit, readRequestRules } from "./request-configuration";
import { RequestRules } from "./request-rules";
import { readAges, readResponseSettings, readSettings, readTokenHeader, StampSettings } from "./stamp-configuration";
import { StampRules } from "./verify-stamp";

export class PathRules {
  /** The listener was told to normalize: any mode but NONE. */
  normalized: bool = true;
  /** Bytes of the target. */
  maxLength: i32 = 8192;
  refuseAmbiguous: bool = true;
}

export class GuardConfiguration {
  owned: OwnedHeaders = new OwnedHeaders();
  path: PathRules = new PathRules();
  /** Null = any shape that Envoy takes. */
  request: RequestRules | null = null;
  /** Null = no limit. */
  rateLimit: RateLimit | null = null;
  /** Null = tokens are left to the server. */
  token: TokenRules | null = null;
  tokenRequired: bool = false;
  /** Exact paths, or prefixes followed by `*`. */
  openPaths: string[] = [];
  /** Null = no decision is repeated. */
  grants: GrantSettings | null = null;
  /** Null at the edge, where no stamp can be. */
  stamp: StampRules | null = null;
  /** Null = the guard does not sign. */
  sign: StampSettings | null = null;
  /** Null = responses go unsigned. */
  responses: StampSettings | null = null;
  /** The header that `sign` covers is owned: a client's own never leaves. */
  stripsToken: bool = false;

  /** Something in here asks what time it is. */
  get isTimed(): bool {
    const reads = this.token !== null || this.stamp !== null || this.grants !== null;
    return reads || this.rateLimit !== null || this.sign !== null;
  }
}

const ZONE_RULE = "must be 1 to 63 of a-z, 0-9, '-' and '_'";
const MODES: string[] = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"];
const ALGORITHMS: string[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "HS256",
  "HS384",
  "HS512",
  "EdDSA",
];

export function readGuardConfiguration(from: ObjectReader): GuardConfiguration {
  const read = new GuardConfiguration();
  from.text("stand");
  const zone = from.text("zone");
  if (!isZone(zone)) from.fail("zone", ZONE_RULE);
  const inbound = from.text("inbound");
  if (inbound != "edge" && inbound != "zone") from.fail("inbound", "must be edge or zone");
  readOwned(from, read);
  readPath(from.object("path"), read.path);
  readToken(from.object("token"), read);
  const request = from.object("request");
  if (request !== null) read.request = readRequestRules(request);
  const limit = from.object("rateLimit");
  if (limit !== null) read.rateLimit = readRateLimit(limit, zone);
  const stamp = from.object("stamp");
  if (stamp !== null) readStamp(stamp, read, zone);
  const grants = from.object("grants");
  if (grants !== null) read.grants = readGrantSettings(grants);
  const sign = from.object("sign");
  if (sign !== null) {
    const settings = readSettings(sign, zone);
    const token = bytesOf(settings.token);
    read.sign = settings;
    read.stripsToken = read.owned.owns(token, 0, token.length);
  }
  const responses = from.object("responses");
  if (responses !== null) {
    read.responses = readResponseSettings(responses, zone);
    if (read.stamp === null) from.fail("responses", "needs stamp: a response is bound to the request's");
  }
  if (inbound == "zone" && read.stamp === null) from.fail("stamp", "must be there with verify: true in an inner zone");
  if (inbound == "edge" && read.stamp !== null) from.fail("stamp", "cannot be verified at the edge; set inbound: zone");
  from.finish();
  return read;
}

function readOwned(from: ObjectReader, read: GuardConfiguration): void {
  const patterns = from.texts("ownedHeaders");
  for (let i = 0; i < patterns.length; i++) {
    if (isHeaderPattern(patterns[i])) read.owned.add(patterns[i]);
    else
      from.fail(`ownedHeaders[${decimal(i)}]`, "must be a lower-case header name, or the start of one followed by *");
  }
  // Ours whatever is written.
  read.owned.add("x-countersign-*");
}

function readPath(from: ObjectReader | null, path: PathRules): void {
  if (from === null) return;
  const mode = from.text("normalization", "BASE");
  if (!MODES.includes(mode)) from.fail("normalization", `must be one of ${MODES.join(", ")}`);
  path.normalized = mode != "NONE";
  path.maxLength = <i32>from.integer("maxLength", 8192, 1, 1048576);
  path.refuseAmbiguous = from.flag("refuseAmbiguous", true);
  from.finish();
}

function readToken(from: ObjectReader | null, read: GuardConfiguration): void {
  if (from === null) return;
  const rules = new TokenRules();
  if (from.flag("check", true)) read.token = rules;
  read.tokenRequired = from.flag("required", false);
  if (read.tokenRequired && read.token === null) from.fail("required", "needs check: true");
  read.openPaths = from.texts("openPaths", []);
  for (let i = 0; i < read.openPaths.length; i++) {
    if (!isOpenPath(read.openPaths[i]))
      from.fail(`openPaths[${decimal(i)}]`, "must start with '/'; '*' may stand at its end only");
  }
  rules.maxLength = <i32>from.integer("maxLength", 16384, 64, 65536);
  rules.clockSkew = from.integer("clockSkewSeconds", 60, 0, 3600);
  rules.requireExpiry = from.flag("requireExpiry", true);
  rules.issuers = from.texts("issuers", []);
  rules.audiences = from.texts("audiences", []);
  const algorithms = from.texts("algorithms", ALGORITHMS);
  if (algorithms.length == 0) from.fail("algorithms", "must name at least one algorithm");
  for (let i = 0; i < algorithms.length; i++) {
    if (!isKnownAlgorithm(algorithms[i]))
      from.fail(`algorithms[${decimal(i)}]`, `must be one of ${ALGORITHMS.join(", ")}`);
    rules.algorithms.push(algorithms[i]);
  }
  from.finish();
}

function readStamp(from: ObjectReader, read: GuardConfiguration, zone: string): void {
  const rules = new StampRules();
  if (from.flag("verify", true)) read.stamp = rules;
  rules.zones = readZones(from, "zones", null);
  if (from.has("zones") && rules.zones.length == 0) from.fail("zones", "must name at least one zone");
  rules.via = readZones(from, "via", []);
  readAges(from, rules);
  rules.digestBytes = readDigestBytes(from);
  rules.token = readTokenHeader(from);
  rules.covered = new CoveredSets(rules.token);
  rules.keys = readRing(from, VERIFIES);
  const replay = from.object("replay");
  if (replay !== null) rules.replay = readReplay(replay, zone);
  from.finish();
}

function readZones(from: ObjectReader, name: string, missing: string[] | null): string[] {
  const zones = from.texts(name, missing);
  for (let i = 0; i < zones.length; i++) {
    if (!isZone(zones[i])) from.fail(`${name}[${decimal(i)}]`, ZONE_RULE);
  }
  return zones;
}

function readReplay(from: ObjectReader, zone: string): ReplayShield | null {
  const entries = from.integer("entries", 65536, 64, 1048576);
  from.finish();
  // A configuration that is known to be wrong makes no store.
  if (!from.problems.none) return null;
  const shield = new ReplayShield(zone, <i32>entries);
  if (!shield.open()) from.fail("entries", "cannot be stored: the host refuses shared data");
  return shield;
}
