/** `serve` has V8 make objects young, wherever they are made: told by what V8 itself says of the places that it watches. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { typescriptArguments } from "../../bench/load/typescript.ts";

const run = promisify(execFile);
const cli = new URL("../../ext-authz/cli/cli.ts", import.meta.url).href;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** A place whose objects all last, of which V8 says what it makes of it. */
const LASTING = `
  setFlagsFromString("--trace-pretenuring-statistics");
  const kept = [];
  const make = (n) => [n, n];
  for (let n = 0; n < 400_000; n++) kept.push(make(n));
`;

it.each([
  ["the control: V8 has what lasts made old", "", true],
  ["after serve, though it could not run, nothing is", `await main(["serve", "--config", "/not/there.yaml"]);`, false],
])("%s", async (_, before, isWatched) => {
  const imports = `import { setFlagsFromString } from "node:v8"; import { main } from ${JSON.stringify(cli)};`;
  const args = [...typescriptArguments, "--input-type=module", "--eval", `${imports} ${before} ${LASTING}`];
  const { stdout } = await run(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 });
  expect(stdout.includes("pretenuring: AllocationSite")).toBe(isWatched);
});
