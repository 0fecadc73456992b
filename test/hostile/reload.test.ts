/**
 * Reloads that find the policies half there. In: what happens to the folder, then SIGHUP. Out: whether a route that was
 * closed stays closed, and whether the next good reload is still taken. One server for each row, in a folder of its own.
 */
import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { type Child, startChild } from "../../examples/demo/child.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { authorizationService } from "../../ext-authz/transport/protos.ts";
import { type Folder, makeFolder } from "../support/folder.ts";

const policy = (name: string, action: string, rules: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ${name}
  namespace: default
spec:
  action: ${action}
  rules:
${rules}`;
const operation = (path: string): string => `    - to:
        - operation:
            methods: ["GET"]
            paths: ["${path}"]
`;
const allow = policy("public", "ALLOW", operation("/public/*"));
const deny = policy("closed", "DENY", operation("/public/closed"));

let folder: Folder;
let child: Child | undefined;
let client: grpc.Client | undefined;

afterEach(async () => {
  client?.close();
  await child?.stop("SIGKILL");
  await folder.remove();
});

const outcome = /"msg":"(snapshot in force|reload refused)/;

/** The outcome of the `wanted`th reload, the start being the first. */
function reloadOutcome(running: Child, wanted: number): Promise<string> {
  let seen = 0;
  return running.line((line) => {
    const found = outcome.exec(line)?.[1];
    if (found === undefined) return undefined;
    seen++;
    return seen === wanted ? found : undefined;
  }, 5_000);
}

async function serve(strict: boolean): Promise<Child> {
  folder = await makeFolder();
  await mkdir(at(""));
  await writeFile(at("allow.yaml"), allow);
  await writeFile(at("deny.yaml"), deny);
  const config = join(folder.path, "countersign.yaml");
  await writeFile(
    config,
    `listen: { grpc: "127.0.0.1:0", http: "127.0.0.1:0" }\npolicies: [./policies]\nstrict: ${strict}\n`,
  );
  const program = fileURLToPath(new URL("ext-authz/countersign.mjs", packageRoot));
  const running = startChild("server", process.execPath, [program, "serve", "--config", config], folder.path);
  child = running;
  const address = await running.line((line) => /"msg":"listening","grpc":"([^"]+)"/.exec(line)?.[1]);
  client = new grpc.Client(address, grpc.credentials.createInsecure());
  await reloadOutcome(running, 1);
  return running;
}

/** `google.rpc.Code` of the answer for GET `path`. */
function codeOf(path: string): Promise<number> {
  const method = authorizationService["Check"];
  const connected = client;
  if (method === undefined || connected === undefined) throw new Error("no Check, or no client");
  const request = { attributes: { request: { http: { method: "GET", path, host: "h", scheme: "http" } } } };
  return new Promise((resolve, reject) => {
    connected.makeUnaryRequest<object, { readonly status: { readonly code: number } }>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as (bytes: Buffer) => { readonly status: { readonly code: number } },
      request,
      { deadline: Date.now() + 5_000 },
      (error, answer) => (error === null ? resolve(answer?.status.code ?? 0) : reject(error)),
    );
  });
}

const at = (name: string): string => join(folder.path, "policies", name);
const CLOSED = 7;

describe("a set of policies that is only half there does not open what was closed", () => {
  const rows: readonly [string, string, () => Promise<unknown>][] = [
    ["the refusing file is empty for a moment", "/public/closed", () => writeFile(at("deny.yaml"), "")],
    ["only its first comment is written", "/public/closed", () => writeFile(at("deny.yaml"), "# closed\n---\n")],
    ["a broken file beside a good one", "/public/closed", () => writeFile(at("deny.yaml"), `${deny}\n  : [`)],
    ["the folder is gone", "/public/closed", () => rename(at(""), `${folder.path}/elsewhere`)],
    ["two policies of one name", "/public/closed", () => writeFile(at("z.yaml"), allow)],
    ["a link that leads nowhere", "/public/closed", () => replaceDeny("/nowhere/at-all.yaml", "deny.yaml")],
    ["the policy moved into a folder that is linked", "/public/closed", linkFolder],
    [
      "a misspelt group",
      "/public/closed",
      () => writeFile(at("deny.yaml"), deny.replace("security.istio.io", "security.istio.oi")),
    ],
    ["a file that ends in .YAML", "/public/closed", () => rename(at("deny.yaml"), at("deny.YAML"))],
  ];
  it.each(rows)(
    "%s",
    async (_, path, happens) => {
      const running = await serve(true);
      expect(await codeOf(path)).toBe(CLOSED);
      await happens();
      process.kill(running.pid, "SIGHUP");
      await reloadOutcome(running, 2);
      expect(await codeOf(path)).toBe(CLOSED);
    },
    30_000,
  );
});

async function replaceDeny(target: string, name: string): Promise<void> {
  await rm(at("deny.yaml"));
  await symlink(target, at(name));
}

async function linkFolder(): Promise<void> {
  const elsewhere = join(folder.path, "linked");
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, "deny.yaml"), deny);
  await replaceDeny(elsewhere, "linked");
}

it("strict: false: an emptied folder does not open everything", async () => {
  const running = await serve(false);
  expect(await codeOf("/secret")).toBe(CLOSED);
  await rm(at("allow.yaml"));
  await rm(at("deny.yaml"));
  process.kill(running.pid, "SIGHUP");
  await reloadOutcome(running, 2);
  expect(await codeOf("/secret")).toBe(CLOSED);
}, 30_000);

it("a file that never ends does not stop reloads", async () => {
  const running = await serve(true);
  execFileSync("mkfifo", [at("pipe.yaml")]);
  process.kill(running.pid, "SIGHUP");
  expect(await reloadOutcome(running, 2)).toBe("reload refused");
}, 30_000);
