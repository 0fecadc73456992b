/** A stamp made by the stamp stand holds at the guard of the next zone; every change to what it covers is refused. */

import { beforeEach, describe, expect, it } from "vitest";
import type { HeaderInput, Host } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import {
  type Clock,
  filterHost,
  NOW,
  OTHER_SECRET,
  replaced,
  request,
  SECRET,
  STAMP,
  type Stand,
  stand,
  values,
  ZONE,
} from "./stands.ts";

let clock: Clock;
let host: Host;
let stamp: Stand;
let zone: Stand;
beforeEach(async () => {
  clock = { now: NOW };
  host = await filterHost(clock);
  stamp = stand(host, STAMP);
  zone = stand(host, ZONE);
});

const stamped = (path?: string, ...more: HeaderInput[]): HeaderInput[] => [
  ...stamp(request(path, ["txn-token", "a.b.c"], ...more)).headers,
];
const input = (headers: readonly HeaderInput[]) => String(headers.find(([name]) => name === "signature-input")?.[1]);
const signature = (headers: readonly HeaderInput[]) => String(headers.find(([name]) => name === "signature")?.[1]);

describe("stamp", () => {
  it("writes zone, input and signature once, whatever was there", () => {
    const step = stamp(
      request(
        "/",
        ["txn-token", "t"],
        ["x-countersign-zone", "fake"],
        ["x_countersign_zone", "fake"],
        ["signature", "s=:AA==:, countersign=:AA==:"],
      ),
    );
    expect(step.action).toBe("continue");
    expect(values(step.headers, "x-countersign-zone")).toEqual(["edge"]);
    expect(values(step.headers, "x_countersign_zone")).toEqual([]);
    expect(values(step.headers, "signature")[0]).toMatch(/^s=:AA==:, countersign=:[A-Za-z0-9+/]{43}=:$/);
    expect(values(step.headers, "signature-input")).toEqual([
      'countersign=("txn-token" "@method" "@authority" "@path" "@query" "x-countersign-zone")' +
        `;created=${NOW};expires=${NOW + 30};nonce="AQIDBAUGBwgJCgsMDQ4PEA==";keyid="k1";alg="hmac-sha256";tag="countersign"`,
    ]);
  });

  it("leaves the token out when there is none", () => {
    expect(input(stamp(request()).headers)).toContain('("@method" "@authority" "@path" "@query" "x-countersign-zone")');
  });

  it("takes a fresh nonce for each request", () => {
    expect(input(stamped())).not.toBe(input(stamped()));
  });

  it.each([
    ["two tokens", () => stamp(request("/", ["txn-token", "a"], ["txn-token", "b"]))],
    ["no headers", () => stamp([])],
    [
      "a key that no longer serves",
      () => stand(host, { ...STAMP, keys: [{ id: "k1", secret: SECRET, notAfter: NOW - 1 }] })(request()),
    ],
    [
      "no clock",
      () => {
        clock.now = 0;
        return stamp(request());
      },
    ],
  ])("lets nothing leave with %s", (_what, send) => {
    const step = send();
    expect(step.action).toBe("stop");
    expect(step.localReply?.status).toBe(503);
  });
});

describe("round trip", () => {
  it.each([
    ["with a token", () => stamped()],
    ["without a query", () => stamped("/")],
    ["with an empty query", () => stamped("/a?")],
    ["without a token", () => [...stamp(request()).headers]],
    ["with other signatures", () => stamped("/", ["signature-input", 'x=("@path")'], ["signature", "x=:AA==:"])],
    ["stamped twice", () => [...stamp(stamped()).headers]],
    ["with another case of the authority", () => replaced(stamped(), ":authority", "SHOP.EXAMPLE")],
  ])("holds %s", (_what, make) => {
    const headers = make();
    const step = zone(headers);
    expect(step.outcome).toBe("");
    expect(values(step.headers, "txn-token")).toEqual(
      values(
        headers.map(([n, v]) => [String(n), String(v)]),
        "txn-token",
      ),
    );
    expect(values(step.headers, "x-countersign-zone")).toEqual(["edge"]);
  });

  it("still takes off what is owned and not covered", () => {
    const step = zone([...stamped(), ["x-user-id", "root"], ["x_countersign_zone", "x"], ["txn_token", "x"]]);
    expect(step.outcome).toBe("");
    expect(step.headers.map(([name]) => name)).not.toContain("x-user-id");
    expect(step.headers.map(([name]) => name)).not.toContain("x_countersign_zone");
    expect(step.headers.map(([name]) => name)).not.toContain("txn_token");
  });

  it("holds with either key while keys rotate", () => {
    const keys = [
      { id: "k1", secret: SECRET, notAfter: NOW },
      { id: "k2", secret: OTHER_SECRET, notBefore: NOW },
    ];
    const old = stand(host, { ...STAMP, keys, sign: "k1" });
    const fresh = stand(host, { ...STAMP, keys, sign: "k2" });
    const stampRules = { zones: ["edge"], keys };
    const both = stand(host, { ...ZONE, stamp: stampRules });
    expect(both(old(request()).headers).outcome).toBe("");
    expect(both(fresh(request()).headers).outcome).toBe("");
    const before = old(request()).headers;
    clock.now += 1;
    expect(both(before).outcome).toBe("stamp_invalid");
  });
});

type Change = (headers: HeaderInput[]) => HeaderInput[];
const both =
  (edit: (text: string) => string): Change =>
  (headers) =>
    replaced(replaced(headers, "signature-input", edit(input(headers))), "signature", signature(headers));
const swapInput = (from: string, to: string): Change => both((text) => text.replace(from, to));

describe("a stamp does not hold", () => {
  const CHANGES: readonly (readonly [what: string, change: Change, reason?: string])[] = [
    ["for another method", (h) => replaced(h, ":method", "POST")],
    ["for another case of the method", (h) => replaced(h, ":method", "get")],
    ["for another authority", (h) => replaced(h, ":authority", "evil.example")],
    ["for another port", (h) => replaced(h, ":authority", "shop.example:8443")],
    ["for another path", (h) => replaced(h, ":path", "/admin?id=1")],
    ["for another query", (h) => replaced(h, ":path", "/orders?id=2")],
    ["without the query", (h) => replaced(h, ":path", "/orders")],
    ["for another token", (h) => replaced(h, "txn-token", "d.e.f")],
    ["without the token", (h) => replaced(h, "txn-token")],
    ["with a second token", (h) => [...h, ["txn-token", "d.e.f"]]],
    ["for another zone", (h) => replaced(h, "x-countersign-zone", "inner")],
    ["without a zone", (h) => replaced(h, "x-countersign-zone")],
    ["with two zones", (h) => [...h, ["x-countersign-zone", "edge"]]],
    ["created later", swapInput(`created=${NOW}`, `created=${NOW + 1}`)],
    ["ending later", swapInput(`expires=${NOW + 30}`, `expires=${NOW + 29}`)],
    ["ending too late", swapInput(`expires=${NOW + 30}`, `expires=${NOW + 31}`)],
    ["ending before it was made", swapInput(`expires=${NOW + 30}`, `expires=${NOW - 1}`)],
    ["with another nonce", swapInput('nonce="A', 'nonce="B')],
    ["with an unknown key", swapInput('keyid="k1"', 'keyid="k2"')],
    ["with another algorithm", swapInput("hmac-sha256", "ecdsa-p256-sha256")],
    ["with another tag", swapInput('tag="countersign"', 'tag="other"')],
    ["without a tag", swapInput(';tag="countersign"', "")],
    ["with one more parameter", swapInput(";created", ";x;created")],
    ["with fewer components", swapInput('"@query" ', "")],
    ["with more components", swapInput('"@query"', '"@query" "@scheme"')],
    ["with reordered components", swapInput('"@method" "@authority"', '"@authority" "@method"')],
    ["with a component named twice", swapInput('"@method"', '"@method" "@method"')],
    ["with a component parameter", swapInput('"@method"', '"@method";req')],
    ["under another label", both((text) => text.replace("countersign=(", "sig=("))],
    [
      "beside another label with our tag",
      (h) => replaced(h, "signature-input", `${input(h)}, ${input(h).replace("countersign=(", "sig=(")}`),
    ],
    ["with the label twice in the input", (h) => replaced(h, "signature-input", `${input(h)}, ${input(h)}`)],
    ["with the label twice in two lines", (h) => replaced(h, "signature-input", input(h), input(h))],
    ["with the label twice in the signature", (h) => replaced(h, "signature", signature(h), signature(h))],
    ["beside a line that does not parse", (h) => [...h, ["signature-input", "?"]]],
    ["beside a signature that does not parse", (h) => [...h, ["signature", "a=:?:"]]],
    ["without a signature", (h) => replaced(h, "signature")],
    ["without an input", (h) => replaced(h, "signature-input"), "stamp_missing"],
    ["without either", (h) => replaced(replaced(h, "signature"), "signature-input"), "stamp_missing"],
    ["with a signature of no bytes", (h) => replaced(h, "signature", "countersign=::")],
    ["with a short signature", (h) => replaced(h, "signature", "countersign=:AQID:")],
    ["with a signature of another type", (h) => replaced(h, "signature", 'countersign="AQID"')],
    ["with a parameter on the signature", (h) => replaced(h, "signature", `${signature(h)};a`)],
    [
      "with one bit changed",
      (h) =>
        replaced(
          h,
          "signature",
          signature(h).replace(/:(.)/, (_, c: string) => (c === "A" ? ":B" : ":A")),
        ),
    ],
  ];

  const cases = CHANGES.map(([what, change, reason = "stamp_invalid"]) => ({ what, change, reason }));
  it.each(cases)("$what", ({ change, reason }) => {
    const good = stamped();
    const changed = change(good);
    expect(changed).not.toEqual(good);
    const step = zone(changed);
    expect(step.outcome).toBe(reason);
    expect(step.localReply?.status).toBe(403);
    expect(Buffer.from(step.localReply?.body ?? []).toString()).toContain("did not come through the gateway");
    expect(zone(good).outcome).toBe("");
  });

  it.each(["http", "https"])("made for host:8443, it does not hold with a default port behind that (%s)", (scheme) => {
    const port = scheme === "http" ? ":80" : ":443";
    const asked = replaced(replaced(request(), ":scheme", scheme), ":authority", "shop.example:8443");
    const good = [...stamp(asked).headers];
    expect(zone(replaced(good, ":authority", `shop.example:8443${port}`)).outcome).toBe("stamp_invalid");
    expect(zone(good).outcome).toBe("");
  });

  const TIMES: readonly (readonly [seconds: number, outcome: string])[] = [
    [30, ""],
    [31, "stamp_expired"],
    [-5, ""],
    [-6, "stamp_invalid"],
  ];
  it.each(TIMES)("%i seconds after it was made: %s", (seconds, outcome) => {
    const headers = stamped();
    clock.now += seconds;
    expect(zone(headers).outcome).toBe(outcome);
  });

  it("made with another secret or for a zone that is not trusted", () => {
    const forged = stand(host, { ...STAMP, keys: [{ id: "k1", secret: OTHER_SECRET }] });
    expect(zone(forged(request()).headers).outcome).toBe("stamp_invalid");
    const elsewhere = stand(host, { ...STAMP, zone: "lab" });
    expect(zone(elsewhere(request()).headers).outcome).toBe("stamp_invalid");
  });

  it("for a token that it does not cover", () => {
    const bare = stand(host, { ...STAMP, token: "" });
    const headers = bare(request("/", ["txn-token", "a.b.c"])).headers;
    expect(zone(headers).outcome).toBe("stamp_invalid");
    expect(zone([...stamp(request()).headers, ["txn-token", "a.b.c"]]).outcome).toBe("stamp_invalid");
  });
});
