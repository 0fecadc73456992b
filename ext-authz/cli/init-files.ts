/**
 * A working folder. In: answers, a fresh secret. Out: file → text. Pure. One server decides for all zones, since the request
 * says which workload it is for; another server for a zone is a few lines more in both files.
 */
import { stringify } from "yaml";
import type { Answers } from "./init-answers.ts";
import { INSIDE, NAMESPACES, policyFiles } from "./init-policies.ts";
import { readmeText } from "./init-readme.ts";

export const SECRET_VARIABLE = "COUNTERSIGN_STAMP_SECRET";
const GRPC = 9191;
const HTTP = 9192;
const CLIENT_PORT = 10_000;
const ADMIN_PORT = 9901;
const IMAGE = "countersign:local";
const SERVER_IN_MESH = "countersign.countersign-system.svc.cluster.local";

/** @param secret base64url, 32 bytes or more: for the environment of the proxies. */
export function initFiles(answers: Answers, secret: string): ReadonlyMap<string, string> {
  return new Map([
    ["countersign.yaml", settings(answers)],
    ["countersign.zones.yaml", zones(answers)],
    ...policyFiles(answers, `http://${serverHost(answers)}:${HTTP}/.well-known/jwks.json`),
    [".env", `${SECRET_VARIABLE}=${secret}\n`],
    [".gitignore", ".env\n"],
    ["README.md", readmeText(answers)],
  ]);
}

/** Where the server is for whoever asks it: proxies, and the zones that want its keys. */
function serverHost({ target }: Answers): string {
  if (target === "istio") return SERVER_IN_MESH;
  return target === "compose" ? "countersign" : "127.0.0.1";
}

function isLocal({ target }: Answers): boolean {
  return target === "envoy" || target === "xds";
}

function settings(answers: Answers): string {
  const host = isLocal(answers) ? "127.0.0.1" : "0.0.0.0";
  const text = stringify({
    listen: { grpc: `${host}:${GRPC}`, http: `${host}:${HTTP}` },
    policies: ["./policies"],
    pathNormalization: "MERGE_SLASHES",
    mint: { issuer: INSIDE.issuer },
  });
  return `# The server's settings; all keys: docs/configuration.md\n${text}`;
}

function zones(answers: Answers): string {
  const { zones: names, service } = answers;
  const described = {
    ...(isLocal(answers) && { folder: "rendered", filter: { file: "countersign.wasm" } }),
    keys: [{ id: "k1", secretEnv: SECRET_VARIABLE }],
    zones: Object.fromEntries(names.map((name, index) => [name, zone(name, index, answers)])),
    servers: { countersign: { settings: "./countersign.yaml", ...serverPlace(answers) } },
    services: {
      service: {
        address: service,
        workload: { namespace: NAMESPACES.service, name: "service", labels: { app: "service" } },
        ...(answers.target === "istio" && { kubernetes: { address: service } }),
      },
    },
  };
  return `# Zones, services, and which checks stand where: docs/attach.md\n${stringify(described, { lineWidth: 0 })}`;
}

function zone(name: string, index: number, answers: Answers): object {
  const next = answers.zones[index + 1];
  const isEdge = index === 0;
  const local = isLocal(answers);
  return {
    inbound: isEdge ? "edge" : "zone",
    listen: local ? `127.0.0.1:${CLIENT_PORT + index}` : `0.0.0.0:${CLIENT_PORT}`,
    ...(local && !isEdge && { address: `127.0.0.1:${CLIENT_PORT + index}` }),
    ...(local && { admin: `127.0.0.1:${ADMIN_PORT + index}`, accessLog: `${name}.log` }),
    server: "countersign",
    ...(isEdge && { token: { required: true, openPaths: ["/healthz"] } }),
    workload: {
      namespace: isEdge ? NAMESPACES.edge : NAMESPACES.service,
      name,
      labels: { app: isEdge ? name : "service" },
    },
    routes: [{ prefix: isEdge ? "/api/" : "/", ...(isEdge && { rewrite: "/" }), to: next ?? "service" }],
    ...(answers.target === "istio" && { istio: meshPlace(isEdge, answers) }),
  };
}

function meshPlace(isEdge: boolean, { service }: Answers): object {
  if (isEdge) return { context: "GATEWAY", namespace: "istio-ingress", labels: { istio: "ingressgateway" } };
  return { context: "SIDECAR_INBOUND", namespace: NAMESPACES.service, labels: { app: "service" }, address: service };
}

function serverPlace({ target }: Answers): object {
  if (target === "compose") return { compose: { image: IMAGE } };
  if (target === "istio") return { kubernetes: { namespace: "countersign-system", image: IMAGE } };
  return { host: "127.0.0.1" };
}
