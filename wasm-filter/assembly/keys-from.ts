/**
 * Where a stand gets its keys while it runs: `keysFrom` of a plugin configuration (docs/filter.md). In comes JSON, out go settings
 * or problems; no problem quotes the token. Effects: the environment is read.
 */
import { byteAt, textOf } from "./ascii";
import { ObjectReader } from "./configuration-reader";
import { variable } from "./environment";

/** Of the token; one that is shorter could be guessed. */
const MIN_TOKEN: i32 = 16;
const MAX_TOKEN: i32 = 1024;

export class KeysFrom {
  cluster: string = "";
  /** Nanoseconds. */
  period: u64 = 0;
  authority: string = "";
  path: string = "";
  /** With its scheme. */
  token: string = "";
  signs: bool = false;

  /** The request's head; `tag` = what of the answer is known. */
  head(tag: string): string[][] {
    return [
      [":method", "GET"],
      [":path", this.path],
      [":authority", this.authority],
      ["authorization", this.token],
      ["if-none-match", tag],
    ];
  }

  /** Keys of the same place are the same keys, whichever configuration asks for them. */
  isLike(other: KeysFrom): bool {
    return (
      this.signs == other.signs &&
      this.cluster == other.cluster &&
      this.authority == other.authority &&
      this.path == other.path &&
      this.token == other.token
    );
  }
}

/** Guards ask for what verifies alone: what signs has no business there. */
export function readKeysFrom(from: ObjectReader, signs: bool): KeysFrom {
  const read = new KeysFrom();
  read.cluster = from.text("cluster");
  if (from.has("cluster") && read.cluster == "") from.fail("cluster", "must name a cluster of the proxy");
  read.signs = signs;
  read.authority = from.text("authority", read.cluster);
  read.path = from.text("path", signs ? "/v1/stamp-keys" : "/v1/stamp-keys?for=verify");
  if (!read.path.startsWith("/")) from.fail("path", "must start with '/'");
  const token = variable(from.text("tokenEnv"));
  if (from.has("tokenEnv") && !isBearer(token)) {
    from.fail("tokenEnv", "must name a variable of vm_config.environment_variables with 16 to 1024 visible characters");
  }
  read.period = <u64>from.integer("pollMilliseconds", 5000, 1000, 60000) * 1000000;
  if (token !== null) read.token = "Bearer " + textOf(token, 0, token.length);
  from.finish();
  return read;
}

function isBearer(token: Uint8Array | null): bool {
  if (token === null || token.length < MIN_TOKEN || token.length > MAX_TOKEN) return false;
  for (let i = 0; i < token.length; i++) if (byteAt(token, i) <= 0x20 || byteAt(token, i) > 0x7e) return false;
  return true;
}
