/** The JSON Schema of `countersign.yaml` (draft 2020-12): the shape, the defaults and the words that people read. */

const positive = { type: "integer", minimum: 1 } as const;
const seconds = { type: "integer", minimum: 0, maximum: 31_536_000 } as const;
const names = { type: "array", items: { type: "string", minLength: 1 } } as const;
const address = {
  type: "string",
  pattern: "^(unix:///.+|(\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9.-]+):\\d{1,5})$",
  description: "host:port, [v6]:port or unix:///path",
} as const;

function object<P extends object>(properties: P, description: string) {
  return { type: "object", additionalProperties: false, properties, description } as const;
}

const file = { type: "string", minLength: 1 } as const;

const tls = {
  ...object(
    {
      certFile: file,
      keyFile: file,
      clientCaFile: file,
      allowedSans: {
        type: "array",
        minItems: 1,
        maxItems: 1000,
        items: { type: "string", pattern: "^(?:URI|DNS):.+$" },
      },
    },
    "TLS on both listeners; with clientCaFile only for clients that prove who they are",
  ),
  required: ["certFile", "keyFile"],
  // A list of names that nobody proves would be a list that does nothing.
  dependentRequired: { allowedSans: ["clientCaFile"] },
} as const;

export const settingsSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "https://countersign.dev/schema/countersign.yaml.json",
  title: "countersign.yaml",
  ...object(
    {
      listen: object({ grpc: address, http: address, tls }, "where the server listens"),
      serving: object(
        {
          drainSeconds: { ...seconds, maximum: 600 },
          graceSeconds: { ...seconds, maximum: 600 },
          maxWaitMs: { type: "integer", minimum: 0, maximum: 60_000 },
          watch: { type: "boolean" },
        },
        "the life of the process: drain, overload, reload",
      ),
      workers: { anyOf: [positive, { const: "auto" }], description: "processes; auto = one per core" },
      policies: {
        type: "array",
        items: { type: "string", minLength: 1 },
        description: "files and folders of resources",
      },
      shadowPolicies: {
        type: "array",
        items: { type: "string", minLength: 1 },
        description: "files and folders of a candidate set, evaluated beside `policies` and never answering",
      },
      rootNamespace: { type: "string", minLength: 1, description: "the platform layer" },
      trustDomain: { type: "string", minLength: 1 },
      trustDomainAliases: { type: "array", items: { type: "string", minLength: 1 } },
      extensionProviders: {
        type: "array",
        items: { type: "string", minLength: 1 },
        description: "names that CUSTOM policies may call; requests that match another are denied",
      },
      pathNormalization: {
        enum: ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"],
        description: "what the Envoy in front was told",
      },
      strict: { type: "boolean", description: "false = exactly Istio's leniency" },
      clientAddress: object(
        { useRemoteAddress: { type: "boolean" }, xffNumTrustedHops: { type: "integer", minimum: 0, maximum: 100 } },
        "as in Envoy; gives remote.ip from x-forwarded-for",
      ),
      workload: object(
        {
          namespace: { type: "string", minLength: 1 },
          name: { type: "string" },
          labels: { type: "object", additionalProperties: { type: "string" } },
        },
        "what we protect, when the request does not say",
      ),
      limits: object(
        {
          tokenLength: { ...positive, maximum: 1_048_576 },
          tokens: { ...positive, maximum: 100 },
          jsonDepth: { ...positive, maximum: 100 },
          pathLength: { ...positive, maximum: 1_048_576 },
          checks: { ...positive, maximum: 1_000_000 },
        },
        "bounds on what comes from outside",
      ),
      clockSkewSeconds: { ...seconds, maximum: 3600 },
      jwks: object(
        {
          refreshSeconds: { ...seconds, minimum: 1 },
          minRefreshSeconds: { ...seconds, minimum: 1 },
          replaceSeconds: seconds,
          staleSeconds: seconds,
          cooldownSeconds: seconds,
          maxBytes: positive,
          caFile: { type: "string" },
          folder: { type: "string" },
          allowPrivateAddresses: { type: "boolean" },
        },
        "how issuers' keys are fetched and kept",
      ),
      mint: object({ issuer: { type: "string" }, keyFile: { type: "string" } }, "how internal tokens are signed"),
      stampKeys: {
        ...object(
          {
            ...{ file, tokenFile: file, verifyTokenFile: file },
            // Not less than a proxy's longest time between two polls, some lost ones, and a clock that is off by a minute.
            lifetimeSeconds: { type: "integer", minimum: 300, maximum: 315_360_000 },
          },
          "keys of stamps for proxies that bring the token",
        ),
        required: ["file", "tokenFile"],
      },
      grants: object(
        {
          enabled: { type: "boolean" },
          maxTtl: { type: "string", pattern: "^(?:(?:[1-9]|[1-5]\\d|60)s|1m|(?:[1-9]\\d{3}|[1-5]\\d{4}|60000)ms)$" },
        },
        "decisions that the proxy may repeat for equal requests",
      ),
      decisionLog: object(
        {
          file: { type: "string" },
          stdout: { type: "boolean" },
          sample: { type: "number", minimum: 0, maximum: 1 },
          maxBytes: { ...positive, minimum: 65_536 },
          headers: names,
          claims: names,
          maskHeaders: names,
          maskClaims: names,
        },
        "decisions as JSON lines, for audits and replay",
      ),
      tracing: object(
        {
          endpoint: {
            type: "string",
            pattern: "^(https?://[^\\s@]+)?$",
            description: "as http://collector:4318/v1/traces",
          },
          sampleRatio: { type: "number", minimum: 0, maximum: 1 },
          headersFile: { type: "string" },
          serviceName: { type: "string", minLength: 1 },
        },
        "where spans of checks and key fetches go: OTLP over HTTP, JSON",
      ),
      log: { enum: ["debug", "info", "warn", "error"] },
    },
    "Settings of `countersign serve`.",
  ),
} as const;
