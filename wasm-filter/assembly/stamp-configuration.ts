/**
 * How requests are signed (docs/filter.md): the stamp's plugin configuration, and `sign` of the guard's. In comes JSON, out go
 * settings or problems. No effects.
 */
import { bytesOf } from "./ascii";
import { ObjectReader } from "./configuration-reader";
import { readDigestBytes } from "./content-digest";
import { CoveredSets } from "./covered";
import { KeyRing } from "./key-ring";
import { SigningTimes } from "./make-stamp";
import { isHeaderName, isZone } from "./names";
import { readRing, SIGNS, VERIFIES } from "./read-keys";
import { ZONE_HEADER } from "./stamp-fields";
import { StampRules } from "./verify-stamp";

export class StampSettings {
  /** Seconds. */
  lifetime: i64 = 30;
  /** Header that carries the token, lower-case; "" = none is covered. */
  token: string = "";
  /** What is covered, by what there is to cover. */
  covered: CoveredSets = new CoveredSets("");
  times: SigningTimes = new SigningTimes();
  /** Id of the key that signs. */
  sign: string = "";
  /** Whether the zones that the request came through stay named, before ours. */
  chain: bool = false;
  keys: KeyRing = new KeyRing();
  /** Null = responses come unsigned. */
  responses: StampRules | null = null;
  /** The digest of bodies is sent and covered, up to so many bytes; -1 = it is not. */
  digestBytes: i32 = -1;
  /** The zone as the lines of its header. */
  zoneLines: Uint8Array[];

  constructor(public zone: string) {
    this.zoneLines = [bytesOf(zone)];
  }
}

export function readStampConfiguration(from: ObjectReader): StampSettings {
  from.text("stand");
  const zone = from.text("zone");
  if (!isZone(zone)) from.fail("zone", "must be 1 to 63 of a-z, 0-9, '-' and '_'");
  const responses = from.object("responses");
  const digestBytes = readDigestBytes(from);
  const read = readSettings(from, zone);
  read.digestBytes = digestBytes;
  if (responses !== null) read.responses = readResponseRules(responses);
  return read;
}

/** The members that both stands have; `zone` is the stand's own. */
export function readSettings(from: ObjectReader, zone: string): StampSettings {
  const read = new StampSettings(zone);
  read.token = readTokenHeader(from);
  read.covered = new CoveredSets(read.token);
  read.chain = from.flag("chain", false);
  readSigner(from, read);
  from.finish();
  return read;
}

/** `responses` of a guard: how what it answers is signed. */
export function readResponseSettings(from: ObjectReader, zone: string): StampSettings {
  const read = new StampSettings(zone);
  readSigner(from, read);
  from.finish();
  return read;
}

/** `responses` of a stamp: which are believed. */
function readResponseRules(from: ObjectReader): StampRules {
  const rules = new StampRules();
  readAges(from, rules);
  rules.keys = readRing(from, VERIFIES);
  from.finish();
  return rules;
}

export function readAges(from: ObjectReader, rules: StampRules): void {
  rules.maxAge = from.integer("maxAgeSeconds", 30, 1, 3600);
  rules.clockSkew = from.integer("clockSkewSeconds", 5, 0, 300);
}

function readSigner(from: ObjectReader, read: StampSettings): void {
  read.lifetime = from.integer("lifetimeSeconds", 30, 1, 3600);
  read.keys = readRing(from, SIGNS);
  const isFetched = read.keys.from !== null;
  read.sign = from.text("sign", isFetched ? "" : null);
  if (!isFetched && !read.keys.isConfigured(read.sign)) from.fail("sign", "must be the id of one of keys");
}

/** `token`, the header that stamps cover; "" = none. */
export function readTokenHeader(from: ObjectReader): string {
  const name = from.text("token", "txn-token");
  if (name != "" && (!isHeaderName(name) || name == ZONE_HEADER || name.startsWith("signature"))) {
    from.fail("token", 'must be a lower-case header name, or ""');
  }
  return name;
}
