/**
 * The images of `envoy/compose.yaml`, for `npm run test:compose`. In: a running Docker engine. Out: images under the names
 * that compose looks for. Official base images are pulled; where no registry can be reached, stand-ins are made under their
 * names from this machine's own Node, shell and the cached Envoy. Effects: images. Exit codes: 0 done, 3 could not.
 */
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { command, lastLine } from "./command.mjs";
import { findEnvoy } from "./envoy.mjs";
import { root } from "./folders.mjs";

const NODE = "node:22-slim";
const ENVOY = "envoyproxy/envoy:v1.40.0";
const BUILD_MS = 1_200_000;
/** What programs need beside themselves: names, certificates, who is who. */
const SHARED = ["/etc/ssl/certs", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf"];

async function docker(...args) {
  const run = await command("docker", args, { timeoutMs: BUILD_MS });
  if (run.code !== 0) throw new Error(`docker ${args[0]}: ${lastLine(run.stderr) || lastLine(run.stdout)}`);
  return run.stdout;
}

/** Copies a file with what it links to dynamically, under the names that the loader looks for. */
async function addProgram(folder, program, at = program) {
  const linked = await command("ldd", [program]);
  const libraries = [...linked.stdout.matchAll(/(\/[^\s()]+)\s+\(0x/g)].map(([, path]) => path);
  for (const path of [...libraries, ...(await nameServices())]) await addFile(folder, path);
  await addFile(folder, program, at);
}

async function addFile(folder, path, at = path) {
  const target = join(folder, at);
  await mkdir(dirname(target), { recursive: true });
  await cp(await realpath(path), target, { recursive: true, dereference: true });
}

/** glibc loads these when a name is looked up: `ldd` does not know of them. */
async function nameServices() {
  const places = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu"].filter((place) => existsSync(place));
  return places.flatMap((place) =>
    ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"].map((name) => join(place, name)).filter(existsSync),
  );
}

/** @param fill puts the image's own files into the folder @param changes Dockerfile instructions */
async function importImage(name, fill, changes) {
  const folder = await mkdtemp(join(tmpdir(), "image-"));
  try {
    for (const path of SHARED) if (existsSync(path)) await addFile(folder, path);
    await mkdir(join(folder, "tmp"), { recursive: true });
    // It becomes the image's root: programs that are not root must be able to pass.
    await chmod(folder, 0o755);
    await chmod(join(folder, "tmp"), 0o1777);
    const users = "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\nenvoy:x:101:101::/:/bin/sh\n";
    await writeFile(join(folder, "etc/passwd"), users);
    await writeFile(join(folder, "etc/group"), "root:x:0:\nnode:x:1000:\nenvoy:x:101:\n");
    await fill(folder);
    const archive = `${folder}.tar`;
    const packed = await command("tar", ["-C", folder, "-cf", archive, "."]);
    if (packed.code !== 0) throw new Error(`tar: ${lastLine(packed.stderr)}`);
    await docker("import", ...changes.flatMap((change) => ["--change", change]), archive, name);
    await rm(archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fillNode(folder) {
  await addProgram(folder, process.execPath, "/usr/local/bin/node");
  await addProgram(folder, "/bin/sh");
  await addProgram(folder, "/usr/bin/env");
  const npm = (await command("npm", ["root", "--global"])).stdout.trim();
  await cp(join(npm, "npm"), join(folder, "usr/local/lib/node_modules/npm"), { recursive: true });
  for (const name of ["npm", "npx"]) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(folder, "usr/local/bin", name));
  }
  await mkdir(join(folder, "home/node"), { recursive: true });
}

async function fillEnvoy(folder) {
  await addProgram(folder, (await findEnvoy()).path, "/usr/local/bin/envoy");
}

/** @returns how the image came to be here */
async function ensure(name, fill, changes) {
  if ((await command("docker", ["image", "inspect", name])).code === 0) return "already here";
  if ((await command("docker", ["pull", name], { timeoutMs: 120_000 })).code === 0) return "pulled";
  await importImage(name, fill, changes);
  return "a stand-in made from this machine";
}

async function main() {
  const engine = await command("docker", ["version", "--format", "{{.Server.Version}}"], { timeoutMs: 30_000 });
  if (engine.code !== 0) throw new Error(`no Docker engine: ${lastLine(engine.stderr)}`);
  const path = "ENV PATH=/usr/local/bin:/usr/bin:/bin";
  const certificates = "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt";
  console.error(`${NODE}: ${await ensure(NODE, fillNode, [path, certificates])}`);
  console.error(`${ENVOY}: ${await ensure(ENVOY, fillEnvoy, [path])}`);
  // The host's network, for machines whose containers cannot reach a registry.
  const build = ["build", "--network", "host", "-f", "envoy/Dockerfile", "--target"];
  for (const [target, tags] of TARGETS) {
    await docker(...build, target, ...tags.flatMap((tag) => ["-t", tag]), root);
    console.error(`${tags.join(", ")}: built`);
  }
}

/** The names that compose gives to images of services that it builds. */
const TARGETS = [
  ["sample", ["countersign-oidc", "countersign-orders"]],
  ["countersign", ["countersign-countersign-edge", "countersign-countersign-zone", "countersign-filter"]],
];

await main().catch((error) => {
  console.error(`test:compose: ${error.message}`);
  process.exitCode = 3;
});
