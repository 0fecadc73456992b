/** A reload that is asked for while the first keys are still on their way. In: SIGHUP after `listening`. Out: it serves. */
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startChild } from "../../examples/demo/child.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { makeFolder } from "../support/folder.ts";

it("SIGHUP before the first snapshot does not end the server", async () => {
  const folder = await makeFolder();
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const bound = silent.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  await writeFile(
    join(folder.path, "policy.yaml"),
    `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: slow, namespace: default }
spec: { jwtRules: [{ issuer: "https://slow.example", audiences: [a], jwksUri: "http://127.0.0.1:${port}/jwks" }] }
`,
  );
  const config = join(folder.path, "countersign.yaml");
  await writeFile(
    config,
    'listen: { grpc: "127.0.0.1:0", http: "127.0.0.1:0" }\npolicies: [./policy.yaml]\njwks: { allowPrivateAddresses: true }\n',
  );
  const program = fileURLToPath(new URL("ext-authz/countersign.mjs", packageRoot));
  const server = startChild("server", process.execPath, [program, "serve", "--config", config], folder.path);
  try {
    await server.line((line) => (line.includes('"msg":"listening"') ? line : undefined));
    process.kill(server.pid, "SIGHUP");
    await expect(
      server.line((line) => (line.includes('"msg":"snapshot in force"') ? "in force" : undefined), 20_000),
    ).resolves.toBe("in force");
  } finally {
    await server.stop("SIGKILL");
    silent.close();
    await folder.remove();
  }
}, 30_000);
