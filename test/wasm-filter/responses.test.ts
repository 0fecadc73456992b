/** Signed responses in the Node host: what the inner zone answers holds for that one request, and nothing else goes through. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
  createHost,
  type Header,
  type HeaderInput,
  type Host,
  type HttpStream,
} from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { builtFilter } from "./build-filter.ts";
import { ECDSA, nativeCrypto } from "./keys.ts";
import { type Clock, filterHost, type Json, NOW, OTHER_SECRET, replaced, request, STAMP, ZONE } from "./stands.ts";

const RESPONSE_SECRET = Buffer.alloc(32, 3).toString("base64url");
const R1 = { id: "r1", secret: RESPONSE_SECRET };
const SIGNS = { sign: "r1", keys: [R1] };
const GUARD = { ...ZONE, responses: SIGNS };
const CHECKS = { ...STAMP, responses: { keys: [R1] } };
const SERVICE: HeaderInput[] = [
  [":status", "200"],
  ["content-type", "text/plain"],
];

let clock: Clock;
let host: Host;
beforeEach(async () => {
  clock = { now: NOW };
  host = await filterHost(clock, nativeCrypto);
});

const start = (configuration: Json & object) => {
  const rootId = `countersign.${"inbound" in configuration ? "guard" : "stamp"}`;
  return host.startPlugin({ rootId, configuration: JSON.stringify(configuration) });
};
const lines = (headers: readonly Header[]): HeaderInput[] =>
  headers.map(([name, value]) => [String(name), String(value)]);
const line = (headers: readonly HeaderInput[], name: string) =>
  headers.filter(([header]) => header === name).map(([, v]) => v);

interface Crossing {
  readonly outer: HttpStream;
  readonly inner: HttpStream;
  /** As the inner zone got it. */
  readonly asked: HeaderInput[];
}

/** A request through both zones. */
function cross(guard: Json & object = GUARD, stamp: Json & object = CHECKS, asked = request()): Crossing {
  const outer = start(stamp).stream();
  const stamped = lines(outer.requestHeaders(asked, { endOfStream: true }).headers);
  const inner = start(guard).stream();
  inner.requestHeaders(stamped, { endOfStream: true });
  return { outer, inner, asked: stamped };
}
const answerOf = ({ inner }: Crossing, service = SERVICE) =>
  lines(inner.responseHeaders(service, { endOfStream: true }).headers);
function arrive({ outer }: Crossing, answer: readonly HeaderInput[]) {
  const step = outer.responseHeaders(answer, { endOfStream: true });
  const state = outer.filterState("wasm.countersign.stamp");
  const outcome = state === undefined ? "" : Buffer.from(state).toString();
  return { outcome, status: step.localReply?.status, headers: lines(step.headers) };
}
const REFUSED = { outcome: "response_invalid", status: 502 };

describe("a response of the zone", () => {
  it.each([
    ["of a plain one", SERVICE],
    ["with a digest", [...SERVICE, ["content-digest", "sha-256=:AAAA:"]]],
    ["with members of others", [...SERVICE, ["signature-input", 'x=("@status")'], ["signature", "x=:AA==:"]]],
    [
      "with forged members of ours",
      [...SERVICE, ["signature-input", 'countersign=("@status")'], ["signature", "countersign=:AA==:"]],
    ],
  ] as [string, HeaderInput[]][])("goes through, without our signature: %s", (_, service) => {
    const crossing = cross();
    const got = arrive(crossing, answerOf(crossing, service));
    const ours = /countersign/.test(String(line(service, "signature")));
    const want = ours ? service.filter(([name]) => !String(name).startsWith("signature")) : service;
    expect(got).toMatchObject({ outcome: "", status: undefined });
    expect([...got.headers].sort()).toEqual([...want].sort());
  });

  it("is signed as RFC 9421 §2.4 says", () => {
    const crossing = cross(GUARD, CHECKS, replaced(request("/a/b?c=d"), ":method", "POST"));
    const answer = answerOf(crossing, [...SERVICE, ["content-digest", "sha-256=:AAAA:"]]);
    const [input = ""] = line(answer, "signature-input").map(String);
    const covered =
      '("@status" "@method";req "@authority";req "@path";req "signature";req;key="countersign" "content-digest")';
    const times = `;created=${NOW};expires=${NOW + 30};`;
    expect(input.startsWith(`countersign=${covered}${times}nonce="`)).toBe(true);
    expect(input.endsWith('";keyid="r1";alg="hmac-sha256";tag="countersign-response"')).toBe(true);
    const base = [
      '"@status": 200',
      '"@method";req: POST',
      '"@authority";req: shop.example',
      '"@path";req: /a/b',
      `"signature";req;key="countersign": ${String(line(crossing.asked, "signature")).slice("countersign=".length)}`,
      '"content-digest": sha-256=:AAAA:',
      `"@signature-params": ${input.slice("countersign=".length)}`,
    ].join("\n");
    const mac = createHmac("sha256", Buffer.from(RESPONSE_SECRET, "base64url")).update(base).digest("base64");
    expect(line(answer, "signature")).toEqual([`countersign=:${mac}:`]);
  });

  it("holds by a pair of keys", () => {
    const guard = { ...ZONE, responses: { sign: "ec1", keys: [ECDSA.signing] } };
    const crossing = cross(guard, { ...STAMP, responses: { keys: [ECDSA.verifying] } });
    expect(arrive(crossing, answerOf(crossing)).outcome).toBe("");
  });

  it("costs nothing and changes nothing where it is not asked for", () => {
    const crossing = cross(ZONE, STAMP);
    expect(arrive(crossing, answerOf(crossing)).headers).toEqual(SERVICE);
  });
});

describe("refused is", () => {
  const REFUSALS: readonly (readonly [
    what: string,
    change: (answer: HeaderInput[]) => HeaderInput[],
    outcome: string | undefined,
  ])[] = [
    ["one without a signature", () => SERVICE, "response_unsigned"],
    ["one without our member", (answer) => replaced(answer, "signature-input", 'x=("@status")'), "response_unsigned"],
    ["half a signature", (answer) => replaced(answer, "signature"), undefined],
    ["another status", (answer) => replaced(answer, ":status", "201"), undefined],
    ["a digest that was added", (answer) => [...answer, ["content-digest", "sha-256=:AAAA:"]], undefined],
    [
      "our member twice",
      (answer) => [...answer, ["signature-input", String(line(answer, "signature-input"))]],
      undefined,
    ],
    ["a line that does not parse", (answer) => replaced(answer, "signature", "countersign=:A", "x"), undefined],
    ["another tag", (answer) => edited(answer, "countersign-response", "countersign"), undefined],
    ["another algorithm", (answer) => edited(answer, "hmac-sha256", "ecdsa-p256-sha256"), undefined],
    ["another key", (answer) => edited(answer, '"r1"', '"k1"'), undefined],
    ["fewer components", (answer) => edited(answer, ' "@path";req', ""), undefined],
    ["a parameter twice", (answer) => edited(answer, ";created=", ";created=1;created="), undefined],
    ["another time", (answer) => edited(answer, `created=${NOW}`, `created=${NOW - 1}`), undefined],
  ];
  const edited = (answer: HeaderInput[], what: string, by: string) => {
    const text = String(line(answer, "signature-input"));
    expect(text).toContain(what);
    return replaced(answer, "signature-input", text.replace(what, by));
  };
  it.each(REFUSALS)("%s", (_, change, outcome = "response_invalid") => {
    const crossing = cross();
    expect(arrive(crossing, change(answerOf(crossing)))).toMatchObject({ outcome, status: 502 });
    expect(host.metric(`countersign.stamp.refused.${outcome}`)).toBe(1n);
  });

  it("the response to another request, be it an equal one", () => {
    const [one, two] = [cross(), cross()];
    const answer = answerOf(one);
    expect(arrive(two, answer)).toMatchObject(REFUSED);
    expect(arrive(one, answer).outcome).toBe("");
  });

  it("the request's own stamp, sent back", () => {
    const crossing = cross();
    const own = crossing.asked.filter(([name]) => String(name).startsWith("signature"));
    expect(arrive(crossing, [...SERVICE, ...own])).toMatchObject(REFUSED);
  });

  it("a digest that was changed or taken away", () => {
    for (const by of [["sha-256=:BBBB:"], []]) {
      const crossing = cross();
      const answer = answerOf(crossing, [...SERVICE, ["content-digest", "sha-256=:AAAA:"]]);
      expect(arrive(crossing, replaced(answer, "content-digest", ...by))).toMatchObject(REFUSED);
    }
  });

  it.each([
    ["too late", 31, 502],
    ["in time", 30, undefined],
    ["of the future", -6, 502],
    ["of a clock a little ahead", -5, undefined],
  ])("one that comes %s", (_, seconds, status) => {
    const crossing = cross();
    const answer = answerOf(crossing);
    clock.now += seconds;
    expect(arrive(crossing, answer).status).toBe(status);
  });

  it("one by a key that is not known", () => {
    const crossing = cross({ ...ZONE, responses: { sign: "r1", keys: [{ id: "r1", secret: OTHER_SECRET }] } });
    expect(arrive(crossing, answerOf(crossing))).toMatchObject(REFUSED);
  });

  it("what comes for a request whose stamp did not hold", () => {
    const crossing = cross({ ...GUARD, stamp: { zones: ["edge"], keys: [{ id: "k1", secret: OTHER_SECRET }] } });
    const denied = answerOf(crossing, [[":status", "403"]]);
    expect(arrive(crossing, denied)).toMatchObject({ outcome: "response_unsigned", status: 502 });
  });
});

it("no change to a signed response goes through, and none traps", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("signature-input", "signature", ":status"),
      fc.nat(400),
      fc.integer({ min: 1, max: 127 }),
      (name, at, flip) => {
        const crossing = cross();
        const answer = answerOf(crossing);
        const bytes = Buffer.from(String(line(answer, name)));
        const place = at % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ flip;
        expect(arrive(crossing, replaced(answer, name, bytes.toString("latin1"))).status).toBe(502);
      },
    ),
    { numRuns: 200 },
  );
});

it("no request goes out, and none comes in, before the keys for its response are there", async () => {
  host = await createHost(builtFilter(), {
    environment: { T: "a-token-of-the-proxy" },
    now: () => BigInt(NOW) * 1_000_000_000n,
  });
  const keysFrom = { cluster: "c", tokenEnv: "T" };
  const { outer } = cross(GUARD, { ...STAMP, responses: { keysFrom } });
  const { inner } = cross({ ...ZONE, responses: { keysFrom } }, STAMP);
  const told = (stream: HttpStream, name: string) =>
    Buffer.from(stream.filterState(`wasm.countersign.${name}`) ?? "").toString();
  expect([told(outer, "stamp"), told(inner, "guard")]).toEqual(["keys_missing", "keys_missing"]);
});
