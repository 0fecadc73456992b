/** One case → the check that decides it, at the core: no socket, the clock handed in. */
import { createHash } from "node:crypto";
import { createKeySources } from "../../ext-authz/authenticate/key-sources.ts";
import { type Check, createCheck } from "../../ext-authz/check.ts";
import { defaults } from "../../ext-authz/config/defaults.ts";
import type { MeshSettings, PathNormalization } from "../../ext-authz/config/settings.ts";
import type { Incoming } from "../../ext-authz/request/incoming.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import { err } from "../../ext-authz/result.ts";
import { compileSnapshot } from "../../ext-authz/snapshot.ts";
import type { FilledCase } from "./cases.ts";

/** Istio's leniency: the cases are what Istio does. */
function meshOf(filled: FilledCase): MeshSettings {
  const { mesh = {} } = filled.source;
  return {
    ...defaults.mesh,
    strict: false,
    rootNamespace: mesh.rootNamespace ?? defaults.mesh.rootNamespace,
    trustDomain: mesh.trustDomain ?? defaults.mesh.trustDomain,
    trustDomainAliases: mesh.trustDomainAliases ?? [],
    pathNormalization: (mesh.pathNormalization as PathNormalization | undefined) ?? "BASE",
    extensionProviders: mesh.extensionProviders ?? [],
  };
}

export function checkFor(filled: FilledCase, now: number): Check {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: filled.policies });
  const { resources, problems } = readResources([{ file: filled.name, text }]);
  const errors = problems.filter((problem) => problem.severity === "error");
  if (errors.length > 0) throw new Error(`${filled.name}: ${JSON.stringify(errors)}`);
  const mesh = meshOf(filled);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const keys = createKeySources(
    {
      fetch: () => Promise.resolve(err("no network in this test")),
      now: () => now,
      setTimer: () => () => {},
      random: () => 0,
      log,
    },
    defaults.jwks,
    { strict: false, jsonDepth: defaults.limits.jsonDepth },
  );
  const snapshot = compileSnapshot(resources, {
    mesh,
    limits: defaults.limits,
    clockSkewSeconds: defaults.clockSkewSeconds,
    keys,
    compileMint: () => {
      throw new Error("no InternalToken in these cases");
    },
    hash: (value) => createHash("sha256").update(value).digest("hex"),
  });
  return createCheck({
    snapshot: () => snapshot,
    request: {
      strict: false,
      pathNormalization: mesh.pathNormalization,
      pathLength: defaults.limits.pathLength,
      clientAddress: defaults.clientAddress,
      workload: { namespace: "nowhere", name: "", labels: new Map() },
    },
    now: () => now,
    newId: () => "id",
  });
}

/** `context_extensions` as DESIGN §5 names them. */
export function contextExtensions(filled: FilledCase): Record<string, string> {
  const { namespace, labels } = filled.source.workload;
  const entries = Object.entries(labels).map(([key, value]) => [`label.${key}`, value]);
  return { namespace, ...Object.fromEntries(entries) };
}

export function incomingOf(filled: FilledCase): Incoming {
  const { request } = filled.source;
  const headers = new Map<string, string[]>();
  for (const [name, value] of filled.headers)
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value]);
  return {
    source: { address: request.source_ip, port: 4711, principal: request.source_principal ?? "", certificate: "" },
    destination: { address: request.destination_ip, port: request.destination_port, principal: "", certificate: "" },
    http:
      request.protocol === "tcp"
        ? undefined
        : { id: "", method: filled.method, target: filled.target, host: filled.host, scheme: "http", headers },
    sni: request.sni,
    contextExtensions: new Map(Object.entries(contextExtensions(filled))),
    metadata: new Map(),
  };
}
