/**
 * The work that every peer does: verify a JWT (signature, `iss`, `aud`, `exp`), ask for a role, a method and a path prefix, set
 * two headers from claims. In: nothing. Out: its words, and the table of what must be allowed and what must not. No effects.
 */
import type { LoadIssuer, Signing } from "./issuer.ts";

export const HOST = "orders.example.com";
export const PATH = "/orders/17/lines?page=2";
export const PREFIX = "/orders/";
export const METHOD = "GET";
export const ROLE = "buyer";
/** Header to the claim that it gets. */
export const HEADERS: readonly (readonly [header: string, claim: string])[] = [
  ["x-user", "sub"],
  ["x-client", "azp"],
];

export interface Sample {
  readonly name: string;
  readonly allowed: boolean;
  readonly token: string;
  readonly method: string;
  readonly path: string;
  /** What the two headers must say, when it is allowed. */
  readonly headers: ReadonlyMap<string, string>;
}

export async function samples(issuer: LoadIssuer, signing: Signing): Promise<readonly Sample[]> {
  const { claims } = issuer;
  const good = claims(1);
  const past = { ...good, iat: good.iat - 7200, exp: good.iat - 3600 };
  const sample = async (
    name: string,
    token: Promise<string>,
    method = METHOD,
    path = PATH,
    sub = "",
  ): Promise<Sample> => ({
    ...{ name, allowed: sub !== "", method, path, token: await token },
    headers: new Map([
      ["x-user", sub],
      ["x-client", good.azp],
    ]),
  });
  const token = issuer.sign(good, signing);
  const other = issuer.sign(claims(2), signing);
  return Promise.all([
    sample("a buyer's order", token, METHOD, PATH, good.sub),
    sample("another buyer's order", other, METHOD, `${PREFIX}18`, claims(2).sub),
    sample("no token", Promise.resolve("")),
    sample("another issuer", issuer.sign({ ...good, iss: "https://other.example" }, signing)),
    sample("another audience", issuer.sign({ ...good, aud: ["billing"] }, signing)),
    sample("expired", issuer.sign(past, signing)),
    sample("another role", issuer.sign({ ...good, role: "seller" }, signing)),
    sample("another method", token, "DELETE"),
    sample("another path", token, METHOD, "/billing/17"),
    sample("another token's signature", spliced(token, other)),
    sample("a key that is not the issuer's", issuer.forge(good, signing)),
  ]);
}

async function spliced(one: Promise<string>, other: Promise<string>): Promise<string> {
  const [header, payload] = (await one).split(".");
  return `${header}.${payload}.${(await other).split(".")[2]}`;
}
