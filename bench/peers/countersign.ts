/**
 * Our own server. In: the command, the issuer's keys, how many policies. Out: its addresses. Effects: files in the folder,
 * one process.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stringify } from "yaml";
import { startChild, startError } from "../../examples/demo/child.ts";
import type { CheckServer, PolicyCount } from "./check-server.ts";
import { AUDIENCE, ISSUER } from "./issuer.ts";
import { HEADERS, METHOD, PREFIX, ROLE } from "./work.ts";

export const workload = { namespace: "shop", name: "orders", labels: { app: "orders" } };

/** As the image starts it (envoy/Dockerfile). */
export const NODE_OPTIONS: readonly string[] = ["--max-semi-space-size=8"];

/** Ten thousand policies take their time. */
const READY_MS = 120_000;

/** @param program the `countersign` command */
export async function startCountersign(
  program: string,
  jwks: string,
  policies: PolicyCount,
  folder: string,
): Promise<CheckServer> {
  const name = `countersign-${policies}`;
  const [settings, file] = [join(folder, `${name}.yaml`), join(folder, `${name}-policies.yaml`)];
  const listen = { grpc: "127.0.0.1:0", http: "127.0.0.1:0" };
  await writeFile(settings, stringify({ listen, workload, pathNormalization: "MERGE_SLASHES", policies: [file] }));
  const texts = lists(resources(jwks, policies)).map((resource) => stringify(resource));
  await writeFile(file, texts.join("---\n"));
  const child = startChild(name, process.execPath, [...NODE_OPTIONS, program, "serve", "--config", settings], folder);
  try {
    const { grpc, http } = await child.line(listening, READY_MS);
    const [host = "", port = ""] = grpc.split(":");
    for (const deadline = Date.now() + READY_MS; Date.now() < deadline && child.running(); await pause(50)) {
      const answer = await fetch(`http://${http}/readyz`).catch(() => undefined);
      if (answer?.status !== 200) continue;
      const address = { host, port: Number(port), http: `http://${http}` };
      return { name: "countersign", version: "of this tree", ...address, encodeRawHeaders: true, child };
    }
    throw startError(child, "did not become ready");
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** The addresses in the line that says them. */
function listening(line: string): { readonly grpc: string; readonly http: string } | undefined {
  const entry: unknown = line.startsWith("{") ? JSON.parse(line) : undefined;
  if (typeof entry !== "object" || entry === null || !("msg" in entry) || entry.msg !== "listening") return undefined;
  return "grpc" in entry && "http" in entry ? { grpc: String(entry.grpc), http: String(entry.http) } : undefined;
}

/** One file holds not more than some thousands of documents: lists of them. */
function lists(items: readonly object[]): readonly object[] {
  const size = 1000;
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => {
    return { apiVersion: "v1", kind: "List", items: items.slice(n * size, (n + 1) * size) };
  });
}

export function resources(jwks: string, policies: number): readonly object[] {
  const outputClaimToHeaders = HEADERS.map(([header, claim]) => ({ header, claim }));
  return [
    resource("RequestAuthentication", "clients", {
      jwtRules: [{ issuer: ISSUER, audiences: [AUDIENCE], jwks, outputClaimToHeaders, forwardOriginalToken: true }],
    }),
    allow("buyers", `${PREFIX}*`, ROLE),
    ...Array.from({ length: policies - 1 }, (_, n) => allow(`other-${n}`, `/service-${n}/*`, `role-${n}`)),
  ];
}

function allow(name: string, path: string, role: string): object {
  return resource("AuthorizationPolicy", name, {
    // A copy: one object in two places would be written as an alias, which policies may not have.
    selector: { matchLabels: { ...workload.labels } },
    action: "ALLOW",
    rules: [
      {
        from: [{ source: { requestPrincipals: [`${ISSUER}/*`] } }],
        to: [{ operation: { methods: [METHOD], paths: [path] } }],
        when: [{ key: "request.auth.claims[role]", values: [role] }],
      },
    ],
  });
}

function resource(kind: string, name: string, spec: object): object {
  return { apiVersion: "security.istio.io/v1", kind, metadata: { name, namespace: workload.namespace }, spec };
}
