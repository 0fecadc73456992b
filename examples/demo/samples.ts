/**
 * The demo's table: what is sent, and what must come out. In: tokens and a recorded stamp. Out: rows of plain data; the
 * end-to-end tests run the same ones. No effects.
 */
import type { Incoming, Outgoing } from "./client.ts";
import type { Echoed } from "./echo.ts";
import { restamp, type Stamped } from "./stamp.ts";

export interface Sample {
  readonly name: string;
  /** Where it goes in. */
  readonly to: "edge" | "zone";
  readonly request: Outgoing;
  readonly status: number;
  readonly by: string;
  readonly reason: string;
  readonly policy?: string;
  /** What is wrong with what the service saw; undefined = nothing. */
  readonly inspect?: (echoed: Echoed) => string | undefined;
}

export interface Ingredients {
  readonly buyer: string;
  readonly guest: string;
  readonly late: string;
  readonly otherAudience: string;
  /** A request to /orders/7 as the edge sent it inside. */
  readonly recorded: Stamped;
  /** The secret that the stamp was made with. */
  readonly secret: string;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const FORGED = "forged-by-client";

export function samples(ingredients: Ingredients): readonly Sample[] {
  return [...atTheEdge(ingredients), ...inTheZone(ingredients)];
}

function atTheEdge({ buyer, guest, late, otherAudience }: Ingredients): readonly Sample[] {
  const order = "/api/orders/7";
  const edge = { to: "edge" } as const;
  const through = { status: 200, by: "ext_authz@zone", reason: "allowed", policy: "shop/orders[0]" } as const;
  return [
    { ...edge, name: "good token", request: { path: order, headers: bearer(buyer) }, ...through, inspect: clean },
    {
      ...edge,
      name: "no token",
      request: { path: order },
      status: 401,
      by: "guard@edge",
      reason: "credentials_missing",
    },
    {
      ...edge,
      name: "expired token",
      request: { path: order, headers: bearer(late) },
      status: 401,
      by: "guard@edge",
      reason: "token_expired",
    },
    {
      ...edge,
      name: "token for another audience",
      request: { path: order, headers: bearer(otherAudience) },
      status: 403,
      by: "ext_authz@edge",
      reason: "token_audience",
    },
    {
      ...edge,
      name: "wrong role",
      request: { path: order, headers: bearer(guest) },
      status: 403,
      by: "ext_authz@edge",
      reason: "no_policy_allows",
    },
    {
      ...edge,
      name: "closed by the platform",
      request: { path: "/api/admin/users", headers: bearer(buyer) },
      status: 403,
      by: "ext_authz@edge",
      reason: "denied_by_policy",
      policy: "istio-system/no-admin-from-outside[0]",
    },
    {
      ...edge,
      name: "closed by the service",
      request: { path: order, method: "POST", headers: bearer(buyer) },
      status: 403,
      by: "ext_authz@zone",
      reason: "no_policy_allows",
    },
    {
      ...edge,
      name: "spoofed identity headers",
      request: {
        path: order,
        headers: {
          ...bearer(buyer),
          "x-client-id": FORGED,
          "x-client-role": FORGED,
          "x-countersign-role": FORGED,
          "txn-token": FORGED,
        },
      },
      ...through,
      inspect: clean,
    },
    {
      ...edge,
      name: "ambiguous path",
      request: { path: "/api/orders/..%3b/admin", headers: bearer(buyer) },
      status: 403,
      by: "guard@edge",
      reason: "path_ambiguous",
    },
  ];
}

function inTheZone({ recorded, secret }: Ingredients): readonly Sample[] {
  const zone = { to: "zone", status: 403, by: "guard@zone" } as const;
  const direct = { ...recorded.headers, host: recorded.authority };
  const unstamped = Object.fromEntries(Object.entries(direct).filter(([name]) => !name.startsWith("signature")));
  const old = restamp(recorded, secret, -600);
  return [
    {
      ...zone,
      name: "direct to the zone, no stamp",
      request: { path: recorded.target, headers: unstamped },
      reason: "stamp_missing",
    },
    {
      ...zone,
      name: "stamp replayed on another path",
      request: { path: "/orders/8", headers: direct },
      reason: "stamp_invalid",
    },
    {
      ...zone,
      name: "stamp of ten minutes ago",
      request: { path: recorded.target, headers: { ...direct, ...old } },
      reason: "stamp_expired",
    },
  ];
}

/** The service sees the rewritten path and one true identity; no token, stamp or forged value. */
function clean({ url, headers }: Echoed): string | undefined {
  if (url !== "/orders/7") return `the service saw ${url}`;
  const forged = Object.entries(headers).find(([, values]) => values.some((value) => value.includes(FORGED)));
  if (forged) return `the service saw the forged ${forged[0]}`;
  const leaked = ["authorization", "txn-token"].find((name) => Object.hasOwn(headers, name));
  if (leaked) return `the service saw ${leaked}`;
  const client = headers["x-client-id"] ?? [];
  return client.length === 1 && client[0] === "buyer" ? undefined : `x-client-id is ${JSON.stringify(client)}`;
}

export function echoed(answer: Incoming): Echoed {
  const body: unknown = JSON.parse(answer.body);
  if (typeof body !== "object" || body === null || !("url" in body) || !("method" in body) || !("headers" in body)) {
    throw new Error("this is no answer of the echo service");
  }
  const headers = typeof body.headers === "object" && body.headers !== null ? Object.entries(body.headers) : [];
  return {
    method: String(body.method),
    url: String(body.url),
    headers: Object.fromEntries(
      headers.map(([name, values]) => [name, Array.isArray(values) ? values.map(String) : []]),
    ),
  };
}
