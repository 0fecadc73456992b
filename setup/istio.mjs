/**
 * A real istiod and istioctl, for `npm run test:istio`. In: Go on the PATH, the pinned modules of `test/istio/build`.
 * Out: the paths of two binaries in the git-ignored cache, on standard output. Effects: the cache. Never part of `npm
 * test`: without them those tests say that they were skipped. Exit codes: 0 done, 2 wrong usage, 3 could not.
 */
import { access, chmod, cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command, lastLine } from "./command.mjs";
import { cacheFolder, root } from "./folders.mjs";
import { takeLock } from "./lock.mjs";

/** Istio's main branch after 1.31 was cut: exact versions of the others are in `test/istio/build/go.mod`. */
export const istioVersion = "1.31-dev-eed52ebb66ad";
const modules = join(root, "test", "istio", "build");
const source = "istio.io/istio";
const MINUTES_30 = 1_800_000;

const programs = { istiod: `${source}/pilot/cmd/pilot-discovery`, istioctl: `${source}/istioctl/cmd/istioctl` };

/**
 * istiod asks Kubernetes in two places even when it is told to read a folder. Each edit is exact: where the text is not
 * found, the build stops.
 */
const edits = [
  {
    // No registry, no client: the first question for namespaces would be asked of nobody.
    file: "pilot/pkg/serviceregistry/serviceentry/controller.go",
    from: "\t\ts.inputs.Namespaces = multiclusterController.ConfigCluster().Namespaces()\n",
    to: [
      "\t\tif multiclusterController != nil {",
      "\t\t\ts.inputs.Namespaces = multiclusterController.ConfigCluster().Namespaces()",
      "\t\t} else {",
      '\t\t\ts.inputs.Namespaces = krt.NewStaticCollection[*v1.Namespace](nil, nil, s.opts.WithName("inputs/Namespaces")...)',
      "\t\t}",
      "",
    ].join("\n"),
  },
  {
    // A folder's WasmPlugins are translated as those of a cluster are; without this line they are read and forgotten.
    file: "pilot/pkg/bootstrap/configcontroller.go",
    from: "\t\ts.ConfigStores = append(s.ConfigStores, configController)\n\t} else {\n",
    to: [
      "\t\ts.ConfigStores = append(s.ConfigStores, configController,",
      "\t\t\textensions.NewController(configController, s.XDSServer, args.KrtDebugger))",
      "\t} else {",
      "",
    ].join("\n"),
  },
];

/** The binaries' paths; they may not be there. */
export function istioPaths() {
  const path = (name) => join(cacheFolder(), "istio", `${name}-${istioVersion}`);
  return { istiod: path("istiod"), istioctl: path("istioctl") };
}

/** @returns the paths of both, built when one is not there yet */
export async function getIstio(say = (_text) => {}) {
  const paths = istioPaths();
  const release = await takeLock(`${paths.istiod}.lock`, { waitMs: MINUTES_30 });
  try {
    if ((await exists(paths.istiod)) && (await exists(paths.istioctl))) return paths;
    const folder = join(cacheFolder(), "istio", "build");
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const file of ["go.mod", "go.sum"]) await cp(join(modules, file), join(folder, file));
    say(`building istiod and istioctl ${istioVersion} with Go, which takes some minutes the first time`);
    await copySource(folder);
    for (const [name, program] of Object.entries(programs)) {
      await go(folder, ["build", "-trimpath", "-ldflags=-s -w", "-o", join(folder, name), program]);
      await rename(join(folder, name), paths[name]);
    }
    await rm(folder, { recursive: true, force: true });
    return paths;
  } finally {
    await release();
  }
}

/** The module as Go's checksum database knows it, copied out of Go's read-only cache, with the edits. */
async function copySource(folder) {
  const wanted = /^\tistio\.io\/istio (\S+)$/m.exec(await readFile(join(folder, "go.mod"), "utf8"))?.[1];
  // In an empty folder: there the `replace` does not hold yet.
  const outside = join(folder, "download");
  await mkdir(outside);
  await writeFile(join(outside, "go.mod"), "module countersign.dev/setup/download\n");
  const answer = await go(outside, ["mod", "download", "-json", `${source}@${wanted}`]);
  const { Dir } = JSON.parse(answer.slice(answer.indexOf("{")));
  const copy = join(folder, "istio");
  const needed = (path) => !["tests", "samples"].some((name) => path === join(Dir, name));
  await cp(Dir, copy, { recursive: true, filter: needed });
  for (const { file, from, to } of edits) {
    const path = join(copy, file);
    const parts = (await readFile(path, "utf8")).split(from);
    if (parts.length !== 2) throw new Error(`${file} of ${source} ${wanted} is not as expected`);
    await chmod(path, 0o644);
    await writeFile(path, parts.join(to));
  }
  await writable(copy);
}

/** Go's cache is read-only, and so would be the copy: it could not be removed. */
async function writable(folder) {
  const run = await command("chmod", ["-R", "u+w", folder]);
  if (run.code !== 0) throw new Error(`${folder} cannot be made writable: ${lastLine(run.stderr)}`);
}

async function go(cwd, args) {
  const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-buildvcs=false", GOWORK: "off", CGO_ENABLED: "0" };
  const run = await command("go", args, { cwd, env, timeoutMs: MINUTES_30 });
  if (run.missing) throw new Error("Go is not installed: Istio cannot be built");
  if (run.code !== 0) throw new Error(`go ${args[0]} failed (exit code ${run.code}): ${lastLine(run.stderr)}`);
  return run.stdout;
}

async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function main(args) {
  if (args.length > 0) {
    process.stderr.write(`unknown argument ${args[0]}\nusage: node setup/istio.mjs\n`);
    return 2;
  }
  const { istiod, istioctl } = await getIstio((text) => process.stderr.write(`setup: ${text}\n`));
  process.stdout.write(`${istiod}\n${istioctl}\n`);
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`setup: ${error.message}\n`);
    return 3;
  });
}
