/**
 * `npm run test:envoys [-- FILE…]`: the end-to-end tests with each Envoy that we say is fit, one after the other. In: which tests
 * (default: all end-to-end tests). Out: one line for each version. Effects: the cache, the tests' own. Versions are exact:
 * ENVOY_BIN and the PATH are left out.
 * Exit codes: 0 all passed, 1 some failed, 3 a version could not be had.
 */

import { command } from "./command.mjs";
import { getEnvoy } from "./envoy.mjs";
import { root } from "./folders.mjs";
import { testedEnvoys } from "./pinned.mjs";
import { progressBar } from "./progress.mjs";

const asked = process.argv.slice(2);
const files = asked.length > 0 ? asked : ["test/e2e", "test/observe/traces.test.ts"];
const lines = [];
let code = 0;
for (const version of testedEnvoys) {
  const env = { ...process.env, ENVOY_BIN: "", COUNTERSIGN_ENVOY_VERSION: version };
  const bar = progressBar(`Envoy ${version}`);
  const envoy = await getEnvoy({ env, onProgress: bar.update })
    .catch((error) => error)
    .finally(bar.end);
  if (envoy instanceof Error) {
    process.stderr.write(`${envoy.message}\n`);
    lines.push(`Envoy ${version}: could not be had`);
    code = 3;
    continue;
  }
  const vitest = [`${root}/node_modules/vitest/vitest.mjs`, "run", ...files];
  const run = await command(process.execPath, vitest, { cwd: root, env, timeoutMs: 1_800_000, inherit: true });
  lines.push(`Envoy ${version}: ${run.code === 0 ? "passed" : `failed (exit code ${run.code})`}`);
  if (run.code !== 0 && code === 0) code = 1;
}
process.stdout.write(`${lines.join("\n")}\n`);
process.exitCode = code;
