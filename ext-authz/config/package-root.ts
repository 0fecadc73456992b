/** Where the package lies: the same from its sources and from `dist/`. */
import { existsSync } from "node:fs";

/** A directory URL with a trailing slash. Throws when the package is torn apart. */
export const packageRoot: URL = find(new URL(".", import.meta.url));

function find(from: URL): URL {
  for (let at = from; ; at = new URL("..", at)) {
    if (existsSync(new URL("protos/", at)) && existsSync(new URL("package.json", at))) return at;
    if (at.pathname === "/") throw new Error(`countersign: no package.json with protos/ above ${from.pathname}`);
  }
}
