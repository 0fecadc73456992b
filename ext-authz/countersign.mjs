#!/usr/bin/env node
// The `countersign` command. A checkout runs its sources (through tsx), an installed package its `dist/`: what runs is
// never older than what is there to read.
import { existsSync } from "node:fs";

const source = new URL("./cli/cli.ts", import.meta.url);
let cli;
if (existsSync(source)) {
  const { register } = await import("tsx/esm/api").catch(() => {
    console.error(
      "countersign: packages are not installed here; run `npm ci` (or `npm run setup`) in this checkout first",
    );
    process.exit(3);
  });
  register();
  cli = await import(source.href);
} else {
  cli = await import(new URL("../dist/ext-authz/cli/cli.js", import.meta.url).href);
}
process.exitCode = await cli.main(process.argv.slice(2));
