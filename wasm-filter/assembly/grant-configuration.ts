/** What the guard's configuration says of grants (docs/filter.md). In comes JSON, out go settings or problems. No effects. */
import { bytesOf, decimal } from "./ascii";
import { ObjectReader } from "./configuration-reader";
import { isHeaderName } from "./names";

export class GrantSettings {
  cluster: string = "";
  authority: string = "";
  path: string = "";
  pollMilliseconds: u32 = 500;
  /** Of the store. */
  maxBytes: u32 = 16777216;
  /** Routes differ in what they tell the server; else all tell it the same. */
  named: bool = true;
  /**
   * Headers that routes match on: a grant that changes one could lead to another route than the one it was given for, since
   * the host chooses anew after a write of ours. Null = nobody said which: then any header may be one, but our own.
   */
  routeHeaders: Uint8Array[] | null = null;
}

export function readGrantSettings(from: ObjectReader): GrantSettings {
  const read = new GrantSettings();
  read.cluster = from.text("cluster");
  if (from.has("cluster") && read.cluster == "") from.fail("cluster", "must name a cluster of the proxy");
  read.authority = from.text("authority", read.cluster);
  read.path = from.text("path", "/v1/revision");
  if (!read.path.startsWith("/")) from.fail("path", "must start with '/'");
  read.pollMilliseconds = <u32>from.integer("pollMilliseconds", 500, 100, 1000);
  read.maxBytes = <u32>from.integer("maxBytes", 16777216, 65536, 268435456);
  const routes = from.text("routes", "named");
  read.named = routes != "one";
  if (read.named && routes != "named") from.fail("routes", "must be named or one");
  // Only to differ in: guards whose configurations are equal share their grants.
  from.text("scope", "");
  if (from.has("routeHeaders")) {
    const headers: Uint8Array[] = [];
    const names = from.texts("routeHeaders");
    for (let i = 0; i < names.length; i++) {
      if (!isHeaderName(names[i])) from.fail(`routeHeaders[${decimal(i)}]`, "must be a lower-case header name");
      headers.push(bytesOf(names[i]));
    }
    read.routeHeaders = headers;
  }
  from.finish();
  return read;
}
