/**
 * A real OIDC provider in a process of its own. Options: --host, --port (0 = a free one), --issuer. Says
 * `{"msg":"listening","issuer":…}` on standard output. It knows three clients (client_credentials, secret "secret"):
 * `buyer` and `guest` are named after the role that their tokens carry; `late` is a buyer whose tokens ended ten
 * minutes before they are given out. Keys and tokens live as long as the process. For demos and tests only.
 */
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Provider } from "oidc-provider";

const roles = new Map([
  ["buyer", "buyer"],
  ["guest", "guest"],
  ["late", "buyer"],
]);

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "0" },
    issuer: { type: "string" },
  },
});

const server = createServer();
await new Promise((resolve, reject) => {
  server.once("error", reject);
  server.listen(Number(values.port), values.host, resolve);
});
const issuer = values.issuer ?? `http://${values.host}:${server.address().port}`;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: "demo", alg: "RS256", use: "sig" };

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  clients: [...roles.keys()].map((client_id) => ({
    client_id,
    client_secret: "secret",
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "client_secret_post",
    redirect_uris: [],
    response_types: [],
  })),
  scopes: ["orders"],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_context, resource) => ({
        scope: "orders",
        audience: resource,
        accessTokenTTL: 300,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  extraTokenClaims: (_context, token) => ({ roles: [roles.get(token.clientId) ?? "none"] }),
  formats: {
    customizers: {
      jwt: (_context, token, jwt) => {
        if (token.clientId !== "late") return;
        jwt.payload.iat -= 900;
        jwt.payload.exp = jwt.payload.iat + 300;
      },
    },
  },
});

server.on("request", provider.callback());
process.stdout.write(`${JSON.stringify({ msg: "listening", issuer })}\n`);
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
