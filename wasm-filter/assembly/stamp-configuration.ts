/** The stamp's plugin configuration (docs/filter.md). In comes JSON, out go settings or problems. No effects. */
import { ObjectReader } from "./configuration-reader";
import { readTokenHeader } from "./guard-configuration";
import { KeyRing } from "./key-ring";
import { isZone } from "./names";
import { readKeys, SIGNS } from "./read-keys";

export class StampConfiguration {
  zone: string = "";
  /** Seconds. */
  lifetime: i64 = 30;
  /** Header that carries the token, lower-case; "" = none is covered. */
  token: string = "";
  /** Id of the key that signs. */
  sign: string = "";
  /** Whether the zones that the request came through stay named, before ours. */
  chain: bool = false;
  keys: KeyRing = new KeyRing();
}

export function readStampConfiguration(from: ObjectReader): StampConfiguration {
  const read = new StampConfiguration();
  from.text("stand");
  read.zone = from.text("zone");
  if (!isZone(read.zone)) from.fail("zone", "must be 1 to 63 of a-z, 0-9, '-' and '_'");
  read.lifetime = from.integer("lifetimeSeconds", 30, 1, 3600);
  read.token = readTokenHeader(from);
  read.chain = from.flag("chain", false);
  read.sign = from.text("sign");
  read.keys = readKeys(from, SIGNS);
  if (!read.keys.has(read.sign)) from.fail("sign", "must be the id of one of keys");
  from.finish();
  return read;
}
