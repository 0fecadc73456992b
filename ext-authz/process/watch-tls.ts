/** Our certificate for the life of a process. In: settings, the log. Out: the TLS of both listeners, renewed with its files. */
import { readFile } from "node:fs/promises";
import type { TlsSettings } from "../config/settings.ts";
import type { Log } from "../observe/log.ts";
import { watchFiles } from "../observe/watch-files.ts";
import { openTls, type ServerTls } from "../transport/tls.ts";
import { setTimer } from "./timer.ts";
import { watchedFolders } from "./watched-folders.ts";

export interface WatchedTls {
  readonly server: ServerTls;
  stop(): void;
}

/** @throws when the files are missing or do not fit together. */
export async function watchTls(settings: TlsSettings | undefined, log: Log): Promise<WatchedTls | undefined> {
  if (settings === undefined) return undefined;
  const server = await openTls(settings, (path) => readFile(path, "utf8"));
  const watching = watchFiles({
    ...watchedFolders(server.files),
    setTimer,
    changed: () =>
      server.renew().then(
        () => log.info("certificate renewed"),
        (cause: unknown) => log.error("certificate not renewed, the last good one stays in use", { cause }),
      ),
  });
  return { server, stop: watching.stop };
}
