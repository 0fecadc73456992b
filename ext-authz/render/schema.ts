/** The JSON Schema of `countersign.zones.yaml` (draft 2020-12): the shape and the words that people read. */

const NAME = "^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$";
const text = { type: "string", minLength: 1, maxLength: 4096 } as const;
const name = { type: "string", pattern: NAME, description: "1 to 63 of a-z 0-9 - _" } as const;
const address = {
  type: "string",
  pattern: "^(\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9_.-]+):\\d{1,5}$",
  description: "host:port or [v6]:port",
} as const;
const variable = { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$" } as const;
const headerName = { type: "string", pattern: "^[a-z0-9!#$%&'*+.^_`|~-]{1,256}$" } as const;
const labels = { type: "object", additionalProperties: { type: "string" }, maxProperties: 64 } as const;
const whole = (minimum: number, maximum: number) => ({ type: "integer", minimum, maximum }) as const;
const listOf = <T extends object>(items: T, maxItems = 1000) => ({ type: "array", items, maxItems }) as const;

function object<P extends object>(properties: P, description: string, required: readonly string[] = []) {
  return { type: "object", additionalProperties: false, properties, description, required } as const;
}

function named<V extends object>(value: V, description: string) {
  return {
    type: "object",
    propertyNames: { pattern: NAME },
    additionalProperties: value,
    maxProperties: 1000,
    description,
  } as const;
}

const workload = object({ namespace: text, name: text, labels }, "what policies with selectors find", [
  "namespace",
  "name",
]);

const key = object(
  {
    id: { type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$" },
    algorithm: { enum: ["hmac-sha256", "ecdsa-p256-sha256", "rsa-v1_5-sha256"] },
    secretEnv: { ...variable, description: "variable of the proxy's environment: base64url, 32 bytes or more" },
    secretFile: { ...text, description: "file that `render` reads: its text goes into the written configuration" },
    publicKeyFile: { ...text, description: "PEM (SPKI)" },
    privateKeyEnv: { ...variable, description: "base64 of PKCS#8 in one line" },
    privateKeyFile: { ...text, description: "PEM (PKCS#8); its text goes into the written configuration" },
    notBefore: whole(0, 99_999_999_999),
    notAfter: whole(0, 99_999_999_999),
  },
  "a stamp key; its secret is named here, never typed",
  ["id"],
);

const token = object(
  {
    required: { type: "boolean" },
    openPaths: listOf(text),
    algorithms: listOf({ type: "string" }, 100),
  },
  "refuse at the guard, before any check, what the server would refuse: the shape of bearer tokens",
);

const route = object(
  {
    prefix: { ...text, pattern: "^/" },
    rewrite: { ...text, pattern: "^/", description: "what the prefix becomes upstream" },
    to: { ...name, description: "a zone or a service" },
    workload,
  },
  "requests whose path starts so",
  ["prefix", "to"],
);

const grants = object(
  {
    pollMilliseconds: whole(100, 1000),
    maxBytes: whole(65_536, 268_435_456),
    routeHeaders: {
      ...listOf({ type: "string", pattern: "^[a-z0-9!#$%&'+.^_`|~-]{1,256}$" }),
      description:
        "headers that the mesh's own routes match on; [] = none. In a mesh, grants that change headers need it",
    },
  },
  "the proxy repeats decisions for as long as the server says; {} = with the defaults",
);

const keysFrom = object(
  {
    tokenEnv: { ...variable, description: "variable of the proxy's environment: the bearer token" },
    verifyTokenEnv: { ...variable, description: "the same for what verifies alone; default: tokenEnv" },
    pollMilliseconds: whole(1000, 60_000),
  },
  "its proxies fetch keys from its server, and take new ones while they run",
  ["tokenEnv"],
);

const zone = object(
  {
    inbound: { enum: ["edge", "zone"], description: "edge: clients come in; zone: only stamped requests" },
    listen: address,
    address: { ...address, description: "where other zones reach it; default: its name and the port of listen" },
    admin: { ...address, description: "loopback only" },
    accessLog: text,
    server: { ...name, description: "the server that decides" },
    timeoutSeconds: { type: "number", minimum: 0.01, maximum: 5 },
    workload,
    ownedHeaders: listOf({ type: "string", pattern: "^[a-z0-9!#$%&'+.^_`|~-]{1,256}\\*?$" }),
    token,
    chain: { type: "boolean", description: "keep the names of the zones before this one" },
    via: listOf(name, 8),
    replayEntries: whole(64, 1_048_576),
    sign: { type: "string", description: "id of the key that signs; default: the first that can" },
    keysFrom,
    contentDigest: object({ maxBytes: whole(0, 1_048_576) }, "bodies must be the stamped ones; {} = up to 64 KiB"),
    responses: object(
      { sign: { type: "string", description: "id of the key that signs; default: the first that can" } },
      "its answers are signed, and whoever stamped for it takes no others; {} = with the defaults",
    ),
    grants,
    routes: { ...listOf(route), minItems: 1 },
    istio: object(
      {
        context: { enum: ["GATEWAY", "SIDECAR_INBOUND"] },
        namespace: text,
        labels,
        address: { ...address, description: "the Kubernetes service, by its full name" },
        stampStand: { enum: ["upstream", "router"] },
      },
      "its proxies in an Istio mesh",
      ["context", "namespace", "labels"],
    ),
    envoyGateway: object({ namespace: text, gateway: text, listener: text }, "its Gateway in Envoy Gateway", [
      "namespace",
      "gateway",
    ]),
    kuma: object({ mesh: text, labels, address }, "its data plane proxies in Kuma", ["labels"]),
  },
  "a part of the network with its own entry",
  ["inbound", "listen", "server", "routes"],
);

const server = object(
  {
    settings: { ...text, description: "its countersign.yaml: ports, policies and what its Envoy must do" },
    host: { ...text, description: "where proxies reach it; default: its name" },
    kubernetes: object({ namespace: text, image: text, replicas: whole(1, 1000) }, "its Deployment", [
      "namespace",
      "image",
    ]),
    compose: { type: "object", description: "members of its compose service: image or build, depends_on" },
  },
  "a `countersign serve`",
  ["settings"],
);

const service = object(
  {
    address,
    workload,
    kubernetes: object({ address }, "its Kubernetes service, by its full name", ["address"]),
    compose: { type: "object", description: "its compose service" },
  },
  "what stands behind the zones",
  ["address", "workload"],
);

export const zonesSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "https://countersign.dev/schema/countersign.zones.yaml.json",
  title: "countersign.zones.yaml",
  ...object(
    {
      name: { ...name, description: "of the whole: the compose project" },
      folder: { ...text, description: "where the rendered files lie on a proxy's disk" },
      filter: object(
        {
          file: { ...text, description: "the compiled filter on the proxy's disk" },
          sha256: {
            type: "string",
            pattern: "^[0-9a-f]{64}$",
            description: "what the filter must be; default: this package's",
          },
        },
        "the Wasm filter",
      ),
      stamp: object(
        {
          lifetimeSeconds: whole(1, 3600),
          clockSkewSeconds: whole(0, 300),
          token: { anyOf: [headerName, { const: "" }], description: "header that stamps cover" },
        },
        "what all zones agree on",
      ),
      keys: { ...listOf(key, 16), description: "the ring" },
      responseKeys: {
        ...listOf(key, 16),
        description: "the ring of responses; default: the secrets of keys, which all share anyway",
      },
      zones: { ...named(zone, "by name"), minProperties: 1 },
      servers: { ...named(server, "by name"), minProperties: 1 },
      services: named(service, "by name"),
      compose: object({ services: { type: "object" } }, "further compose services, as they are"),
    },
    "Zones, services, and which checks stand where: `countersign render` makes the proxies' configuration of it.",
    ["zones", "servers"],
  ),
} as const;
