/**
 * An issuer that all peers believe: keys for RS256 and ES256, tokens, its JWKS over HTTP where a peer wants to fetch them.
 * In: the time. Out: tokens of about 700 characters. Effects: an HTTP server on loopback, keys from the system's chance.
 */
import { createPublicKey, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";
import { promisify } from "node:util";

export const ISSUER = "https://issuer.example";
export const AUDIENCE = "orders";
export type Signing = "RS256" | "ES256";

export interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly azp: string;
  readonly scope: string;
  readonly role: string;
}

export interface LoadIssuer {
  /** RFC 7517, as text. */
  readonly jwks: string;
  /** Where discovery says that the JWKS are; its own `issuer` is this address, not the tokens'. */
  readonly url: string;
  /** @param n names the subject: the same number, the same claims. */
  claims(n: number): Claims;
  sign(claims: Claims, signing: Signing): Promise<string>;
  /** With a key of nobody's and the issuer's `kid`. */
  forge(claims: Claims, signing: Signing): Promise<string>;
  /** So many different good tokens. RS256 takes about half a millisecond of CPU each. */
  tokens(count: number, signing: Signing): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const pairs = promisify(generateKeyPair);
const signAsync = promisify(sign);
type Keys = ReadonlyMap<Signing, KeyObject>;

/** @param now seconds; tokens are good for two hours from it */
export async function startIssuer(now: number): Promise<LoadIssuer> {
  const [real, nobody] = [await keys(), await keys()];
  const jwks = JSON.stringify({ keys: [...real].map(([alg, key]) => jwk(alg, key)) });
  const { url, stop } = await serve(jwks);
  const claims = (n: number): Claims => ({
    ...{ iss: ISSUER, sub: `user-${n}`, aud: [AUDIENCE, "billing"], iat: now, exp: now + 7200, jti: `id-${n}` },
    ...{ azp: "web", scope: "openid profile orders:read", role: "buyer" },
  });
  return {
    ...{ jwks, url, claims, stop },
    sign: (body, signing) => signed(body, signing, real),
    forge: (body, signing) => signed(body, signing, nobody),
    tokens: (count, signing) => Promise.all(Array.from({ length: count }, (_, n) => signed(claims(n), signing, real))),
  };
}

async function keys(): Promise<Keys> {
  const rsa = await pairs("rsa", { modulusLength: 2048 });
  const ec = await pairs("ec", { namedCurve: "P-256" });
  return new Map([
    ["RS256", rsa.privateKey],
    ["ES256", ec.privateKey],
  ]);
}

function jwk(alg: Signing, key: KeyObject): object {
  return { ...createPublicKey(key).export({ format: "jwk" }), kid: alg, alg, use: "sig" };
}

/** In the thread pool: thousands of them take seconds. */
async function signed(claims: Claims, alg: Signing, known: Keys): Promise<string> {
  const key = known.get(alg);
  if (key === undefined) throw new Error(`no key for ${alg}`);
  const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${segment({ alg, typ: "JWT", kid: alg })}.${segment(claims)}`;
  const signature = await signAsync("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

async function serve(jwks: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  let url = "";
  const server = createServer((request, response) => {
    const discovery = {
      ...{ issuer: url, jwks_uri: `${url}/jwks`, authorization_endpoint: `${url}/none`, token_endpoint: `${url}/none` },
      ...{ response_types_supported: ["code"], subject_types_supported: ["public"] },
      id_token_signing_alg_values_supported: ["RS256", "ES256"],
    };
    const found = { "/jwks": jwks, "/.well-known/openid-configuration": JSON.stringify(discovery) }[request.url ?? ""];
    response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" }).end(found ?? "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  url = `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
