/** What the description only names: read from disk by `sources.ts`, or given by a test. Plain values. */
import type { Settings } from "../config/settings.ts";

export interface ServerFacts {
  readonly settings: Settings;
  /** What its policies write: headers that no client may send. */
  readonly ownedHeaders: readonly string[];
  /** The files of its folder that it needs, by their path in it; for targets that bring them along. */
  readonly files: ReadonlyMap<string, string>;
}

export interface Facts {
  /** By the server's name. A server that could not be read is not in it, and has its own problem. */
  readonly servers: ReadonlyMap<string, ServerFacts>;
  /** Text of each file that a key names, by the name as written. */
  readonly keyFiles: ReadonlyMap<string, string>;
  /** Of the compiled filter that belongs to this package: 64 lower-case hexadecimal digits. */
  readonly filterSha256: string;
}
