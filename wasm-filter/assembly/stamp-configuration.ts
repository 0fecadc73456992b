/**
 * How requests are signed (docs/filter.md): the stamp's plugin configuration, and `sign` of the guard's. In comes JSON, out go
 * settings or problems. No effects.
 */
import { bytesOf } from "./ascii";
import { ObjectReader } from "./configuration-reader";
import { KeyRing } from "./key-ring";
import { isHeaderName, isZone } from "./names";
import { readRing, SIGNS } from "./read-keys";
import { ZONE_HEADER } from "./stamp-fields";

export class StampSettings {
  /** Seconds. */
  lifetime: i64 = 30;
  /** Header that carries the token, lower-case; "" = none is covered. */
  token: string = "";
  /** Id of the key that signs. */
  sign: string = "";
  /** Whether the zones that the request came through stay named, before ours. */
  chain: bool = false;
  keys: KeyRing = new KeyRing();
  zoneBytes: Uint8Array;

  constructor(public zone: string) {
    this.zoneBytes = bytesOf(zone);
  }
}

export function readStampConfiguration(from: ObjectReader): StampSettings {
  from.text("stand");
  const zone = from.text("zone");
  if (!isZone(zone)) from.fail("zone", "must be 1 to 63 of a-z, 0-9, '-' and '_'");
  return readSettings(from, zone);
}

/** The members that both stands have; `zone` is the stand's own. */
export function readSettings(from: ObjectReader, zone: string): StampSettings {
  const read = new StampSettings(zone);
  read.lifetime = from.integer("lifetimeSeconds", 30, 1, 3600);
  read.token = readTokenHeader(from);
  read.chain = from.flag("chain", false);
  read.keys = readRing(from, SIGNS);
  const isFetched = read.keys.from !== null;
  read.sign = from.text("sign", isFetched ? "" : null);
  if (!isFetched && !read.keys.isConfigured(read.sign)) from.fail("sign", "must be the id of one of keys");
  from.finish();
  return read;
}

/** `token`, the header that stamps cover; "" = none. */
export function readTokenHeader(from: ObjectReader): string {
  const name = from.text("token", "txn-token");
  if (name != "" && (!isHeaderName(name) || name == ZONE_HEADER || name.startsWith("signature"))) {
    from.fail("token", 'must be a lower-case header name, or ""');
  }
  return name;
}
