/** A real OIDC provider for a test, in a process of its own (examples/demo/oidc-process.mjs). Out: its issuer. */
import { fileURLToPath } from "node:url";
import { type Child, startChild } from "../../examples/demo/child.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";

export interface Oidc {
  readonly issuer: string;
  readonly child: Child;
}

export async function startOidc(): Promise<Oidc> {
  const program = fileURLToPath(new URL("examples/demo/oidc-process.mjs", packageRoot));
  const child = startChild("OIDC provider", process.execPath, [program], fileURLToPath(packageRoot));
  const issuer = await child.line((line) => /"issuer":"([^"]+)"/.exec(line)?.[1]);
  return { issuer, child };
}
