/** What issuers' keys and lists of revoked tokens mean for /readyz: needed once, shown always. */
import { expect, test } from "vitest";
import { operatorRoutes, type Readiness } from "../../ext-authz/respond/operator-routes.ts";

const key = { uri: "https://idp/jwks", keys: 1, lastError: "" };
const ready: Readiness = { snapshot: { revision: "abc" }, refused: false, keys: [key] };

async function readyz(state: Readiness): Promise<[status: number, issuers: unknown]> {
  const routes = operatorRoutes({
    readiness: () => state,
    metrics: { text: () => Promise.resolve(""), contentType: "text/plain" },
    findDecision: () => undefined,
    jwks: () => ({ keys: [] }),
    filter: () => Promise.resolve(new Uint8Array()),
  });
  const answer = await routes["/readyz"]?.("");
  return [answer?.status ?? 0, JSON.parse(String(answer?.body)).issuers];
}

const empty = { ...key, keys: 0, lastError: "ECONNREFUSED" };
const list = { source: "revoked.json", ageSeconds: 900, failures: 3, entries: 1 };
const unread = { ...list, ageSeconds: undefined };

test.each<[string, Partial<Readiness>, [number, string]]>([
  ["all keys are in", {}, [200, "complete"]],
  ["an issuer's keys never were in", { keys: [key, empty] }, [503, "incomplete"]],
  ["an issuer's keys became too old", { keys: [key, empty], prefetched: true }, [200, "incomplete"]],
  ["a list of revoked tokens was never read", { revocations: [list, unread], prefetched: true }, [503, "complete"]],
  ["all lists were read once", { revocations: [list] }, [200, "complete"]],
  ["nothing is in force", { snapshot: undefined, prefetched: true }, [503, "complete"]],
])("%s", async (_, more, expected) => {
  expect(await readyz({ ...ready, ...more })).toEqual(expected);
});
