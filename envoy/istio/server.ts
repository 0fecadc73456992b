/**
 * A Countersign server in Kubernetes. In: its name, image and files. Out: ServiceAccount, ConfigMap, Deployment, Service,
 * disruption budget, and that nobody reaches it but through the mesh's mTLS. No root, no writable file system, no
 * capability, no token of the API server. A changed file reaches the running server; it reads policies again by itself.
 */
import type { Config } from "../model.ts";
import { object } from "./place.ts";

export interface IstioServer {
  /** Of the Service and everything else. */
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  /** Ports that its settings say. */
  readonly ports: { readonly grpc: number; readonly http: number };
  /** Files in its folder: `countersign.yaml` and those it names. */
  readonly files: Readonly<Record<string, string>>;
}

const FOLDER = "/etc/countersign";

export function serverObjects(server: IstioServer): readonly Config[] {
  const { name, namespace } = server;
  const labels = { app: name };
  const metadata = { name, namespace, labels };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false },
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: keyed(server.files) },
    { apiVersion: "v1", kind: "Service", metadata, spec: service(server) },
    { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: deployment(server) },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
    object("security.istio.io/v1", "PeerAuthentication", namespace, name, {
      selector: { matchLabels: labels },
      mtls: { mode: "STRICT" },
    }),
  ];
}

/** A ConfigMap's keys have no slash; the volume gives the paths back. */
function keyOf(path: string): string {
  return path.replaceAll("/", "__");
}

function keyed(files: IstioServer["files"]): Config {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [keyOf(path), text]));
}

function service({ name, ports }: IstioServer): Config {
  return {
    selector: { app: name },
    ports: [
      // Istio reads the protocol from the port's name.
      { name: "grpc-check", port: ports.grpc, targetPort: "grpc" },
      { name: "http-operators", port: ports.http, targetPort: "http" },
    ],
  };
}

function deployment(server: IstioServer): Config {
  const { name, replicas } = server;
  const items = Object.keys(server.files).map((path) => ({ key: keyOf(path), path }));
  return {
    replicas,
    selector: { matchLabels: { app: name } },
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: {
      metadata: { labels: { app: name, ...versionOf(server.image), "sidecar.istio.io/inject": "true" } },
      spec: {
        serviceAccountName: name,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
        containers: [container(server)],
        volumes: [{ name: "configuration", configMap: { name, items } }],
      },
    },
  };
}

/** The label that Istio's telemetry tells versions apart by. Not in the selector, which never changes. */
function versionOf(image: string): Config {
  const tag = /:(\w[\w.-]{0,61}\w)$/.exec(image)?.[1];
  return tag === undefined ? {} : { version: tag };
}

function container({ image, ports }: IstioServer): Config {
  const probe = (path: string): Config => ({ httpGet: { path, port: "http" }, timeoutSeconds: 2 });
  return {
    name: "countersign",
    image,
    args: ["serve", "--config", `${FOLDER}/countersign.yaml`],
    ports: [
      { name: "grpc", containerPort: ports.grpc },
      { name: "http", containerPort: ports.http },
    ],
    readinessProbe: { ...probe("/readyz"), periodSeconds: 2 },
    livenessProbe: { ...probe("/healthz"), periodSeconds: 10, failureThreshold: 3 },
    resources: { requests: { cpu: "250m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [{ name: "configuration", mountPath: FOLDER, readOnly: true }],
  };
}
