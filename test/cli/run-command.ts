/** A command in this process: arguments in, exit code and lines out. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { main } from "../../ext-authz/cli/cli.ts";
import { type Folder, makeFolder } from "../support/folder.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function run(...args: readonly string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** A folder with these files for all tests of a suite. */
export function withFiles(files: Readonly<Record<string, string>>): (name: string) => string {
  let folder: Folder | undefined;
  beforeAll(async () => {
    folder = await makeFolder();
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  });
  afterAll(async () => folder?.remove());
  return (name) => join(folder?.path ?? "", name);
}

/** Who may what at the shop: readers read orders, nobody reaches /admin. */
export const SHOP = `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: idp, namespace: shop }
spec: { jwtRules: [{ issuer: "https://idp.example", audiences: [shop], jwksUri: "https://idp.example/jwks" }] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers, namespace: shop }
spec:
  selector: { matchLabels: { app: orders } }
  rules:
    - from: [{ source: { requestPrincipals: ["https://idp.example/*"] } }]
      to: [{ operation: { methods: [GET], paths: ["/orders", "/orders/*"] } }]
      when: [{ key: "request.auth.claims[role]", values: [reader] }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin, namespace: istio-system }
spec: { action: DENY, rules: [{ to: [{ operation: { paths: ["/admin", "/admin/*"], ports: ["0"] } }] }] }
`;

export const READER = '{"iss": "https://idp.example", "sub": "alice", "role": "reader"}';
