/**
 * The soak's check server, and what it knows: tokens that it believes, tokens that it must not, and the file of the keys that
 * stands fetch. In: a folder. Out: addresses, tokens, a way to rotate the keys. Effects: one process, an issuer, files.
 */
import { randomBytes } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer } from "../../examples/demo/server-process.ts";
import { AUDIENCE, ISSUER, type LoadIssuer, startIssuer } from "../peers/issuer.ts";

export interface SoakTokens {
  readonly good: readonly string[];
  /** As good but for the key that signed them. */
  readonly forged: readonly string[];
  /** What guards refuse by themselves. */
  readonly otherIssuer: string;
  readonly otherAudience: string;
}

export interface SoakServer {
  readonly grpc: { readonly host: string; readonly port: number };
  readonly http: { readonly host: string; readonly port: number };
  readonly tokens: SoakTokens;
  /** Bearer token of the proxies. */
  readonly keysToken: string;
  /** Another key signs from now on; the one before and the one after are known. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
}

const TOKENS = 50;
/** Longer than any soak. */
const LIFETIME_SECONDS = 7 * 86_400;

export async function startSoakServer(folder: string): Promise<SoakServer> {
  const issuer = await startIssuer(Math.floor(Date.now() / 1000));
  try {
    const keysToken = randomBytes(24).toString("base64url");
    const [file, tokenFile] = [join(folder, "keys.json"), join(folder, "keys.token")];
    await writeFile(tokenFile, keysToken, { mode: 0o600 });
    const rotate = rotation(file);
    await rotate();
    const settings = {
      listen: { grpc: "127.0.0.1:0", http: "127.0.0.1:0" },
      pathNormalization: "MERGE_SLASHES",
      // A busy machine is no overload here: every answer is held against the one right one.
      serving: { maxWaitMs: 0 },
      mint: { issuer: "https://edge.soak.example" },
      // As short as it may be: what is not fetched again in time refuses requests.
      stampKeys: { file, tokenFile, lifetimeSeconds: 300 },
    };
    const server = await startServer("soak", settings, resources(issuer.jwks), folder);
    const http = new URL(server.http);
    return {
      grpc: server.grpc,
      http: { host: http.hostname, port: Number(http.port) },
      tokens: await tokens(issuer),
      keysToken,
      rotate,
      async stop() {
        await server.child.stop();
        await issuer.stop();
      },
    };
  } catch (error) {
    await issuer.stop();
    throw error;
  }
}

async function tokens(issuer: LoadIssuer): Promise<SoakTokens> {
  const claims = (n: number) => ({ ...issuer.claims(n), exp: issuer.claims(n).iat + LIFETIME_SECONDS });
  const numbers = Array.from({ length: TOKENS }, (_, n) => n);
  return {
    good: await Promise.all(numbers.map((n) => issuer.sign(claims(n), n % 2 === 0 ? "ES256" : "RS256"))),
    forged: await Promise.all(numbers.map((n) => issuer.forge(claims(n), "ES256"))),
    otherIssuer: await issuer.sign({ ...claims(1), iss: "https://other.example" }, "ES256"),
    otherAudience: await issuer.sign({ ...claims(1), aud: ["other"] }, "ES256"),
  };
}

/** The key that signs stands between its neighbours: stands that have not asked yet still know what others sign with. */
function rotation(file: string): () => Promise<void> {
  let round = 0;
  const made = (n: number) => ({ id: `f${n}`, secret: randomBytes(32).toString("base64url") });
  let keys = [made(0), made(1)];
  return async () => {
    round++;
    keys = [...keys.slice(-2), made(round + 1)];
    await writeFile(`${file}.draft`, JSON.stringify({ keys, sign: `f${round}` }), { mode: 0o600 });
    await rename(`${file}.draft`, file);
  };
}

function resources(jwks: string): readonly object[] {
  const resource = (apiVersion: string, kind: string, spec: object): object => {
    return { apiVersion, kind, metadata: { name: "soak", namespace: "default" }, spec };
  };
  const security = "security.istio.io/v1";
  return [
    resource(security, "RequestAuthentication", {
      jwtRules: [{ issuer: ISSUER, audiences: [AUDIENCE], jwks, forwardOriginalToken: true }],
    }),
    resource(security, "AuthorizationPolicy", {
      action: "ALLOW",
      rules: [
        {
          from: [{ source: { requestPrincipals: [`${ISSUER}/*`] } }],
          to: [{ operation: { methods: ["GET", "POST"], paths: ["/o/*", "/in/*", "/bare/*"] } }],
        },
        { to: [{ operation: { paths: ["/healthz"] } }] },
      ],
    }),
    resource("countersign.dev/v1alpha1", "InternalToken", { audience: "https://zone.soak.example", lifetime: "60s" }),
  ];
}
