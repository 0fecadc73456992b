/**
 * What the demo's two Countersign servers are told: settings and resources, as an operator would write them. In: where
 * the parts are. Out: plain data; the demo, the tests and the checked-in files under `config/` are made from it.
 */

/** Who the tokens are for: what the OIDC provider is asked for and the edge insists on. */
export const audience = "https://orders.example";
const insideIssuer = "https://edge.countersign.example";
const insideAudience = "https://zone.countersign.example";

interface Listen {
  readonly grpc: string;
  readonly http: string;
}

export function edgeSettings(listen: Listen): object {
  return { ...settings(listen), mint: { issuer: insideIssuer } };
}

export function zoneSettings(listen: Listen): object {
  // One proxy, the edge, stands in front of the zone's own.
  return { ...settings(listen), clientAddress: { useRemoteAddress: true, xffNumTrustedHops: 1 } };
}

function settings(listen: Listen) {
  return {
    listen,
    pathNormalization: "MERGE_SLASHES",
    strict: true,
    // The demo's keys come from this machine; elsewhere such addresses stay closed.
    jwks: { allowPrivateAddresses: true },
  };
}

const security = (kind: string, namespace: string, name: string, spec: object) => ({
  apiVersion: "security.istio.io/v1",
  kind,
  metadata: { name, namespace },
  spec,
});

/** The edge: who the client is, what buyers may do, what nobody may, and the token for inside. */
export function edgeResources(issuer: string): readonly object[] {
  return [
    security("RequestAuthentication", "edge", "clients", {
      jwtRules: [
        { issuer, audiences: [audience], outputClaimToHeaders: [{ header: "x-client-id", claim: "client_id" }] },
      ],
    }),
    security("AuthorizationPolicy", "istio-system", "no-admin-from-outside", {
      action: "DENY",
      rules: [{ to: [{ operation: { paths: ["/api/admin", "/api/admin/*"] } }] }],
    }),
    security("AuthorizationPolicy", "edge", "buyers", {
      action: "ALLOW",
      rules: [
        {
          from: [{ source: { requestPrincipals: [`${issuer}/*`] } }],
          to: [{ operation: { methods: ["GET", "POST"], paths: ["/api/*"] } }],
          when: [{ key: "request.auth.claims[roles]", values: ["buyer"] }],
        },
      ],
    }),
    {
      apiVersion: "countersign.dev/v1alpha1",
      kind: "InternalToken",
      metadata: { name: "inside", namespace: "edge" },
      spec: { audience: insideAudience, lifetime: "60s", claims: { roles: "roles", client_id: "client_id" } },
    },
  ];
}

/** The zone: only the edge's own tokens, and what the service may be asked. */
export function zoneResources(jwksUri: string): readonly object[] {
  return [
    security("RequestAuthentication", "shop", "inside", {
      jwtRules: [
        {
          issuer: insideIssuer,
          audiences: [insideAudience],
          jwksUri,
          fromHeaders: [{ name: "txn-token" }],
          outputClaimToHeaders: [{ header: "x-client-id", claim: "client_id" }],
        },
      ],
    }),
    security("AuthorizationPolicy", "shop", "orders", {
      selector: { matchLabels: { app: "orders" } },
      action: "ALLOW",
      rules: [
        {
          from: [{ source: { requestPrincipals: [`${insideIssuer}/*`] } }],
          to: [{ operation: { methods: ["GET"], paths: ["/orders", "/orders/*"] } }],
          when: [{ key: "request.auth.claims[roles]", values: ["buyer"] }],
        },
      ],
    }),
  ];
}
