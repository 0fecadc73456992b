/** What holds where `countersign.yaml` says nothing: safe on one machine, strict, one process. */
import type { Settings } from "./settings.ts";

export const defaults: Settings = {
  listen: { grpc: "127.0.0.1:9191", http: "127.0.0.1:9192" },
  workers: 1,
  policies: [],
  shadowPolicies: [],
  mesh: {
    rootNamespace: "istio-system",
    trustDomain: "cluster.local",
    trustDomainAliases: [],
    pathNormalization: "BASE",
    strict: true,
    extensionProviders: [],
  },
  clientAddress: { useRemoteAddress: true, xffNumTrustedHops: 0 },
  workload: { namespace: "default", name: "", labels: {} },
  limits: { tokenLength: 16_384, tokens: 8, jsonDepth: 32, pathLength: 8192, checks: 1000 },
  clockSkewSeconds: 60,
  jwks: {
    refreshSeconds: 1200,
    minRefreshSeconds: 300,
    replaceSeconds: 3600,
    staleSeconds: 86_400,
    cooldownSeconds: 30,
    maxBytes: 1_048_576,
    caFile: "",
    folder: "",
    allowPrivateAddresses: false,
  },
  mint: { issuer: "", keyFile: "" },
  decisionLog: {
    file: "",
    stdout: false,
    sample: 1,
    maxBytes: 104_857_600,
    headers: [],
    claims: [],
    maskHeaders: [],
    maskClaims: [],
  },
  log: "info",
};
