/** The outage drill over real HTTP: an issuer fails in every way while its keys rotate, beside one that works. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createJwksFetch } from "../../ext-authz/authenticate/jwks-fetch.ts";
import { createKeySources, type LivingKeySources } from "../../ext-authz/authenticate/key-sources.ts";
import { bearer, goodClaims, jwkOf, jwksOf, keys, NOW, outcome, planOf, rule, token } from "./forge.ts";
import { handClock, silentLog } from "./hand-clock.ts";

const OTHER = "https://other.example";
const oldKeys = jwksOf(jwkOf(keys.rsa, { kid: "k1" }));
const rotated = jwksOf(jwkOf(keys.rsa, { kid: "k1" }), jwkOf(keys.p256, { kid: "k2" }));
const oldToken = token(goodClaims({ exp: NOW + 1e6 }));
const newToken = token(goodClaims({ exp: NOW + 1e6 }), { alg: "ES256", kid: "k2" }, keys.p256);
const forged = token(goodClaims({ exp: NOW + 1e6 }), {}, keys.otherRsa);
const otherToken = token(goodClaims({ iss: OTHER, sub: "bob", exp: NOW + 1e6 }));

const servers: Server[] = [];
let sources: LivingKeySources | undefined;
afterEach(async () => {
  sources?.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
}

const good =
  (text: string): RequestListener =>
  (_, res) =>
    res.end(text);

const failures: readonly (readonly [name: string, listener: RequestListener])[] = [
  ["down", (_, res) => res.destroy()],
  ["slow", () => {}],
  ["500", (_, res) => res.writeHead(500).end(rotated)],
  ["empty", (_, res) => res.end()],
  ["HTML", (_, res) => res.end("<html>Login</html>")],
  ["huge", (_, res) => res.end(`${rotated}${" ".repeat(70_000)}`)],
  ["half a body", (_, res) => res.writeHead(200, { "content-length": "9999" }).write(rotated, () => res.destroy())],
  ["keys of no use", (_, res) => res.end('{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}')],
  ["redirect loop", (req, res) => res.writeHead(302, { location: req.url ?? "/" }).end()],
];

test.each(failures)(
  "%s: no valid token is refused, no invalid one accepted, the other issuer works",
  async (name, failing) => {
    let listener = good(oldKeys);
    const uri = await serve((req, res) => listener(req, res));
    const otherUri = await serve(good(oldKeys));
    const clock = handClock(NOW);
    sources = createKeySources(
      {
        fetch: createJwksFetch({ caPem: "", allowPrivateAddresses: false }),
        now: clock.now,
        setTimer: clock.setTimer,
        random: () => 0,
        log: silentLog,
      },
      {
        refreshSeconds: 600,
        staleSeconds: 3600,
        cooldownSeconds: 30,
        maxBytes: 65536,
        caFile: "",
        allowPrivateAddresses: false,
      },
      { strict: true, jsonDepth: 32 },
    );
    const mine = rule({ jwks: undefined, jwksUri: uri });
    const other = rule({ jwks: undefined, jwksUri: otherUri, issuer: OTHER });
    const plan = planOf([mine, other], false, sources.sourceFor);
    await sources.ready();
    const [source, otherSource] = [sources.sourceFor(mine), sources.sourceFor(other)];
    /** Joins the fetches that the clock has started; only the slow one needs its timer to end. */
    const fetched = async (isSlow: boolean): Promise<void> => {
      const running = source.renew("k1");
      await otherSource.renew("k1");
      if (isSlow) await clock.advance(5);
      await running;
    };

    listener = failing;
    await clock.advance(600);
    await fetched(name === "slow");
    expect(sources.state().map((state) => state.failures > 0)).toEqual([true, false]);
    expect(await outcome(plan, bearer(oldToken))).toBe("ok alice");
    expect(await outcome(plan, bearer(forged))).toBe("Jwt verification fails");
    expect(await outcome(plan, bearer(otherToken))).toBe("ok bob");

    listener = good(rotated);
    await clock.advance(2);
    await fetched(false);
    expect(await outcome(plan, bearer(newToken))).toBe("ok alice");
    expect(await outcome(plan, bearer(oldToken))).toBe("ok alice");
    expect(sources.state()).toMatchObject([{ failures: 0, lastError: "", keys: 2 }, { failures: 0 }]);
  },
);
