/**
 * A gateway that never notices: two workers under an even load while everything changes that may change. In: a folder that is
 * swapped as a mounted ConfigMap is. Out: no check fails, and each is decided by exactly one of the sets.
 * COUNTERSIGN_LONG=1: three rolling restarts in place of one.
 */
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { type Child, startChild } from "../../examples/demo/child.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { CA, first, gateway, type Pair, second } from "../transport/certificates.ts";
import { type SteadyLoad, steadyLoad } from "./steady-load.ts";

const RELOADS = 20;
const ROLLS = process.env["COUNTERSIGN_LONG"] === undefined ? 1 : 3;
const DENIED = 7;

let folder: Folder;
let child: Child | undefined;
let load: SteadyLoad | undefined;
let swaps = 0;

afterEach(async () => {
  await load?.stop();
  await child?.stop();
  await folder.remove();
});

/** Opens one of the two paths: an answer shows which set made it. */
const opening = (path: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: open, namespace: default }
spec:
  action: ALLOW
  rules:
    - to: [{ operation: { paths: ["${path}"] } }]
`;

/** As kubelet does: a new folder, then one rename of the link that all names lead through. */
async function swap(mount: string, files: Readonly<Record<string, string>>): Promise<void> {
  const version = `..${++swaps}`;
  const data = join(mount, version);
  await mkdir(data, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(data, name), text);
    await symlink(join("..data", name), join(mount, name)).catch(() => {});
  }
  await symlink(version, join(mount, "..data_tmp"));
  await rename(join(mount, "..data_tmp"), join(mount, "..data"));
}

const tlsFiles = ({ cert, key }: Pair) => ({ "tls.crt": cert, "tls.key": key, "ca.crt": CA });

async function serve(): Promise<{ running: Child; address: string }> {
  folder = await makeFolder();
  await swap(join(folder.path, "policies"), { "open.yaml": opening("/a") });
  await swap(join(folder.path, "tls"), tlsFiles(first));
  const config = join(folder.path, "countersign.yaml");
  await writeFile(
    config,
    `listen:
  grpc: 127.0.0.1:0
  http: 127.0.0.1:0
  tls:
    { certFile: tls/tls.crt, keyFile: tls/tls.key, clientCaFile: tls/ca.crt, allowedSans: ["URI:spiffe://cluster.local/ns/edge/sa/gateway"] }
policies: [./policies]
workers: 2
serving: { maxWaitMs: 60000 }
log: info
`,
  );
  const program = fileURLToPath(new URL("ext-authz/countersign.mjs", packageRoot));
  const running = startChild("server", process.execPath, [program, "serve", "--config", config], folder.path);
  child = running;
  const found = await running.line((line) => /"msg":"listening","grpc":"([^"]+)"/.exec(line)?.[1]);
  return { running, address: found };
}

/** The serial number of the certificate that a new connection sees. */
function serialAt(address: string): Promise<string> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), ca: CA, ...gateway, ALPNProtocols: ["h2"] }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

it("20 reloads, a broken one, rolling restarts and a new certificate: no check fails or is decided by a mix", async () => {
  const { running, address } = await serve();
  const opens = new Map<string, string>();
  load = steadyLoad({
    address,
    credentials: grpc.credentials.createSsl(Buffer.from(CA), Buffer.from(gateway.key), Buffer.from(gateway.cert)),
    clients: 4,
    rate: 200,
    paths: ["/a", "/b"],
    judge({ path, code, revision, reason }) {
      if (code !== 0 && code !== DENIED) return `${path}: ${code} ${reason}`;
      // Who allowed it names the set; every other answer of that revision must agree.
      const open = opens.get(revision) ?? (code === 0 ? path : path === "/a" ? "/b" : "/a");
      opens.set(revision, open);
      return (code === 0) === (path === open) ? undefined : `${path}: ${code} under ${revision}, which opens ${open}`;
    },
  });
  const steady = load;
  const policies = join(folder.path, "policies");

  const rolls = (async () => {
    for (let roll = 0; roll < ROLLS; roll++) {
      const since = new Date().toISOString();
      const done = running.line((line) => {
        const time = /"time":"([^"]+)".*"msg":"workers restarted"/.exec(line)?.[1] ?? "";
        return time > since ? true : undefined;
      });
      process.kill(running.pid, "SIGUSR2");
      await done;
    }
  })();
  const renewal = (async () => {
    const before = await serialAt(address);
    const renewed = running.line((line) => (line.includes('"msg":"certificate renewed"') ? true : undefined));
    await swap(join(folder.path, "tls"), tlsFiles(second));
    await renewed;
    return before;
  })();
  for (let reload = 1; reload <= RELOADS; reload++) {
    const path = reload % 2 === 0 ? "/a" : "/b";
    const taken = steady.until((answer) => answer.code === 0 && answer.path === path);
    await swap(policies, { "open.yaml": opening(path) });
    await taken;
    if (reload === RELOADS / 2) {
      const reported = running.line((line) => (line.includes("reload refused") ? true : undefined));
      await swap(policies, { "open.yaml": opening("/**/").replace("ALLOW", "PERHAPS") });
      await reported;
    }
  }
  const [before] = await Promise.all([renewal, rolls]);
  await expect.poll(() => serialAt(address), { timeout: 15_000 }).not.toBe(before);
  await steady.stop();
  expect(steady.failures()).toEqual([]);
  expect(new Set(opens.values())).toEqual(new Set(["/a", "/b"]));
  expect(opens.size).toBe(2);
  expect(steady.answered()).toBeGreaterThan(500);
}, 120_000);
