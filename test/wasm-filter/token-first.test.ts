/** The covered token stands first in what is signed, or where others put it; what is remembered of it speaks for no other. */
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { HeaderInput } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { filterHost, NOW, OTHER_SECRET, replaced, request, SECRET, STAMP, stand, ZONE } from "./stands.ts";

const host = await filterHost();
const zone = stand(host, ZONE);
const stamp = stand(host, STAMP);

/** Longer than what is looked up, and alike at both ends. */
const long = (middle: string) => `${"a".repeat(600)}${middle}${"b".repeat(600)}`;

/** A request stamped as RFC 9421 says, by Node. */
function signedBy(secret: string, components: readonly string[], token: string): HeaderInput[] {
  const values: Readonly<Record<string, string>> = {
    ...{ "@method": "GET", "@authority": "shop.example", "@path": "/orders", "@query": "?id=1" },
    ...{ "txn-token": token, "x-countersign-zone": "edge" },
  };
  const list = components.map((name) => `"${name}"`).join(" ");
  const times = `created=${NOW};expires=${NOW + 20};nonce="bm9uY2U="`;
  const parameters = `(${list});${times};keyid="k1";alg="hmac-sha256";tag="countersign"`;
  const lines = components.map((name) => `"${name}": ${values[name]}\n`).join("");
  const base = `${lines}"@signature-params": ${parameters}`;
  const code = createHmac("sha256", Buffer.from(secret, "base64url")).update(base).digest("base64");
  return request(
    "/orders?id=1",
    ["txn-token", token],
    ["x-countersign-zone", "edge"],
    ["signature-input", `countersign=${parameters}`],
    ["signature", `countersign=:${code}:`],
  );
}

const REQUEST = ["@method", "@authority", "@path", "@query"];
const ORDERS: readonly (readonly [what: string, components: readonly string[], outcome: string])[] = [
  ["first", ["txn-token", ...REQUEST, "x-countersign-zone"], ""],
  ["after the query", [...REQUEST, "txn-token", "x-countersign-zone"], ""],
  ["last", [...REQUEST, "x-countersign-zone", "txn-token"], "stamp_invalid"],
  ["nowhere", [...REQUEST, "x-countersign-zone"], "stamp_invalid"],
  ["twice", ["txn-token", ...REQUEST, "txn-token", "x-countersign-zone"], "stamp_invalid"],
];

describe("a stamp with the token", () => {
  it.each(ORDERS)("%s", (_, components, outcome) => {
    for (const token of ["a.b.c", long("x")]) expect(zone(signedBy(SECRET, components, token)).outcome).toBe(outcome);
  });
});

describe("a token that came before", () => {
  it("vouches for no other, and for no other key", () => {
    const one = [...stamp(request("/orders?id=1", ["txn-token", long("x")])).headers];
    expect(zone(one).outcome).toBe("");
    expect(zone(replaced(one, "txn-token", long("y"))).outcome).toBe("stamp_invalid");
    expect(zone(signedBy(OTHER_SECRET, ORDERS[0]?.[1] ?? [], long("x"))).outcome).toBe("stamp_invalid");
    expect(zone(one).outcome).toBe("");
  });

  it("is signed anew under a new key of the same id", () => {
    const other = { keys: [{ id: "k1", secret: OTHER_SECRET }] };
    const before = stamp(request("/", ["txn-token", long("x")])).headers;
    const after = stand(host, { ...STAMP, ...other })(request("/", ["txn-token", long("x")])).headers;
    const trusting = stand(host, { ...ZONE, stamp: { zones: ["edge"], token: "txn-token", ...other } });
    expect([trusting([...after]).outcome, trusting([...before]).outcome]).toEqual(["", "stamp_invalid"]);
    expect([zone([...before]).outcome, zone([...after]).outcome]).toEqual(["", "stamp_invalid"]);
  });
});
