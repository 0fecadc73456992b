/**
 * Stamp keys for proxies, for the life of a process. In: settings, the log. Out: a way to answer for them beside all other
 * routes; a file that is broken when it changes leaves the last good one in force. Effects: reads and watches files, the clock.
 */
import { readBoundedFile } from "../authenticate/credentials/read-bounded-file.ts";
import { readStampKeys } from "../config/read-stamp-keys.ts";
import type { StampKeysSettings } from "../config/settings.ts";
import type { Log } from "../observe/log.ts";
import { watchFiles } from "../observe/watch-files.ts";
import { answerStampKeys, type StampKeys } from "../respond/stamp-keys.ts";
import { err, ok, type Result } from "../result.ts";
import type { Answering, AnsweringAll } from "../transport/http-server.ts";
import { setTimer } from "./timer.ts";
import { watchedFolders } from "./watched-folders.ts";

export interface WatchedStampKeys {
  /** The route beside all others. */
  readonly before: (others: Answering) => AnsweringAll;
  stop(): void;
}

const PATH = "/v1/stamp-keys";
const MAX_BYTES = 1_048_576;
const TOKEN = /^[\x21-\x7e]{16,1024}$/;

/** @throws when a file cannot be used. Undefined: nothing is configured, and nothing served. */
export async function watchStampKeys(
  settings: StampKeysSettings | undefined,
  log: Log,
): Promise<WatchedStampKeys | undefined> {
  if (settings === undefined) return undefined;
  const first = await load(settings);
  if (!first.ok) throw new Error(`stampKeys.${first.error}`);
  let keys = first.value;
  const { file, tokenFile, verifyTokenFile } = settings;
  const watching = watchFiles({
    ...watchedFolders([file, tokenFile, verifyTokenFile].filter((path) => path !== "")),
    setTimer,
    async changed() {
      const next = await load(settings);
      if (!next.ok) return log.error("stamp keys not taken, the last good ones stay", { problem: next.error });
      keys = next.value;
      log.info("stamp keys in force");
    },
  });
  return {
    before: (others) => (path, asked) =>
      path === PATH ? answerStampKeys(keys, asked, Date.now() / 1000) : others(path),
    stop: watching.stop,
  };
}

async function load(settings: StampKeysSettings): Promise<Result<StampKeys, string>> {
  const [token, verifyToken] = await Promise.all([
    readToken("tokenFile", settings.tokenFile),
    settings.verifyTokenFile === "" ? ok("") : readToken("verifyTokenFile", settings.verifyTokenFile),
  ]);
  if (!token.ok) return token;
  if (!verifyToken.ok) return verifyToken;
  if (token.value === verifyToken.value) return err("verifyTokenFile: must hold another token than tokenFile");
  const text = await readBoundedFile(settings.file, MAX_BYTES);
  if (!text.ok) return err(`file: ${text.error}`);
  const views = readStampKeys(text.value);
  if (!views.ok) return err(`file: ${views.error.slice(0, 10).join("; ")}`);
  const { lifetimeSeconds } = settings;
  return ok({ views: views.value, token: token.value, verifyToken: verifyToken.value, lifetimeSeconds });
}

async function readToken(name: string, path: string): Promise<Result<string, string>> {
  const text = await readBoundedFile(path, 4096);
  if (!text.ok) return err(`${name}: ${text.error}`);
  const token = text.value.trimEnd();
  return TOKEN.test(token) ? ok(token) : err(`${name}: must hold 16 to 1024 visible characters`);
}
