/** Spans: which are recorded, what is in them, which is the current one; and the headers for the collector. */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { readTraceHeaders } from "../../ext-authz/observe/trace-headers.ts";
import { type Span, writeSpans } from "../../ext-authz/observe/trace-span.ts";
import { tracedCheck } from "../../ext-authz/observe/traced-check.ts";
import { tracedFetch } from "../../ext-authz/observe/traced-fetch.ts";
import { createTracer } from "../../ext-authz/observe/tracer.ts";
import { err, ok } from "../../ext-authz/result.ts";
import { aDeny, aFailure, anAllow, ref } from "./fixtures.ts";

const parent = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true };

function tracing(sampleRatio = 1, random = 0.5) {
  const ended: Span[] = [];
  let now = 1_700_000_000_000;
  let clock = 5;
  let ids = 0;
  const tracer = createTracer(sampleRatio, {
    ended: (span) => ended.push(span),
    now: () => now,
    clock: () => clock,
    random: () => random,
    randomHex: (bytes) => String(++ids).padStart(2 * bytes, "0"),
  });
  const pass = (milliseconds: number, step = 0): void => {
    clock += milliseconds;
    now += milliseconds + step;
  };
  return { tracer, ended, pass };
}

describe("what is recorded", () => {
  it.each([
    ["a caller that records", 0, parent, true],
    ["a caller that does not", 1, { ...parent, sampled: false }, false],
    ["no caller, below the ratio", 0.6, undefined, true],
    ["no caller, beyond the ratio", 0.5, undefined, false],
    ["no caller and none wanted", 0, undefined, false],
  ])("%s", (_, ratio, caller, recorded) => {
    expect(tracing(ratio).tracer.begin("x", "server", caller) !== undefined).toBe(recorded);
  });

  it("all of them at 1, however the dice fall", () => {
    expect(tracing(1, 0.999_999).tracer.begin("x", "server", undefined)).toBeDefined();
  });
});

describe("a span", () => {
  it("lasts as long as it took, whatever is done to the wall clock", () => {
    const { tracer, ended, pass } = tracing();
    const span = tracer.begin("x", "client", parent);
    pass(1.5, -60_000);
    span?.event("half");
    pass(1, 60_000);
    span?.end({ a: "b" }, true);
    span?.end({ a: "c" }, false);
    expect(ended).toEqual([
      {
        traceId: parent.traceId,
        spanId: "0000000000000001",
        parentSpanId: parent.spanId,
        name: "x",
        kind: "client",
        startMs: 1_700_000_000_000,
        endMs: 1_700_000_000_002.5,
        attributes: { a: "b" },
        events: [{ name: "half", atMs: 1_700_000_000_001.5 }],
        failed: true,
      },
    ]);
    expect(writeSpans({ "service.name": "s" }, ended)).toContain('"endTimeUnixNano":"1700000000002500000"');
  });

  it("is the current one in all that it waits for, until it ends", async () => {
    const { tracer } = tracing();
    const span = tracer.begin("x", "server", undefined);
    if (span === undefined) throw new Error("not recorded");
    const seen: boolean[] = [];
    await tracer.within(span, async () => {
      await turn();
      seen.push(tracer.current() === span);
      span.end({}, false);
      await turn();
      seen.push(tracer.current() === undefined);
    });
    expect([...seen, tracer.current()]).toEqual([true, true, undefined]);
  });
});

describe("a traced check", () => {
  const incoming = {
    source: { address: "", port: 0, principal: "", certificate: "" },
    destination: { address: "", port: 0, principal: "", certificate: "" },
    http: undefined,
    sni: "",
    contextExtensions: new Map(),
    metadata: new Map(),
  };
  const { signal } = new AbortController();

  it.each([
    ["allowed", anAllow(ref("a", 2)), "allow", "allowed", "foo/a[2]", false],
    ["denied", aDeny("denied_by_policy", ref("b")), "deny", "denied_by_policy", "foo/b[0]", false],
    ["failed", aFailure, "error", "internal_error", "", true],
  ])("%s", async (_, decision, effect, reason, policy, isFailure) => {
    const { tracer, ended } = tracing();
    expect(await tracedCheck(async () => decision, tracer)(incoming, signal)).toBe(decision);
    const [span] = ended;
    expect(span?.failed).toBe(isFailure);
    // The whole list: what is not in it cannot leave.
    expect(span?.attributes).toEqual({
      "rpc.system": "grpc",
      "rpc.service": "envoy.service.auth.v3.Authorization",
      "rpc.method": "Check",
      "countersign.effect": effect,
      "countersign.reason": reason,
      "countersign.policy": policy,
      "countersign.revision": "r1",
      "countersign.decision_id": "d1",
    });
  });

  it("that throws ends its span and still throws", async () => {
    const { tracer, ended } = tracing();
    const broken = tracedCheck(async () => {
      throw new Error("secret");
    }, tracer);
    await expect(broken(incoming, signal)).rejects.toThrow("secret");
    expect(ended).toMatchObject([{ failed: true }]);
    expect(JSON.stringify(ended)).not.toContain("secret");
  });

  it("is the parent of the key fetches that it causes; later ones are on their own", async () => {
    const { tracer, ended } = tracing();
    const asked: (string | undefined)[] = [];
    const fetch = tracedFetch(async ({ traceparent }) => {
      asked.push(traceparent);
      return asked.length === 1 ? ok({ kind: "unchanged" }) : err("gone");
    }, tracer);
    const request = { url: "https://issuer.example/keys?secret=1", etag: "", maxBytes: 1, signal };
    const check = tracedCheck(async () => {
      await fetch(request);
      return anAllow();
    }, tracer);
    await check(incoming, signal);
    await fetch(request);
    const [first, around, later] = ended;
    expect(first).toMatchObject({
      traceId: around?.traceId,
      parentSpanId: around?.spanId,
      kind: "client",
      failed: false,
    });
    expect(first?.attributes).toEqual({
      "http.request.method": "GET",
      "server.address": "issuer.example",
      "countersign.keys": "unchanged",
    });
    expect(later).toMatchObject({ parentSpanId: "", failed: true, attributes: { "countersign.keys": "failed" } });
    expect(asked[0]).toBe(`00-${first?.traceId}-${first?.spanId}-01`);
  });
});

describe("headers for the collector", () => {
  it("are read from lines", () => {
    const text = "# key\nAuthorization: Bearer abc:def\r\n\nx-tenant:  a \nx-empty:\n";
    expect(readTraceHeaders(text)).toEqual(ok({ authorization: "Bearer abc:def", "x-tenant": "a", "x-empty": "" }));
  });

  it.each([
    ["no name", "fine: 1\n: hidden", "line 2 is no `name: value`"],
    ["no colon", "hidden", "line 1 is no `name: value`"],
    ["a name with a space", "x y: hidden", "line 1 is no `name: value`"],
    ["one of ours", "Content-Type: hidden", "line 1 sets content-type, which is ours"],
    ["a control character", "x: hidden\u0001", "line 1 has bytes that no header can hold"],
    ["not ASCII", "x: hiddeñ", "line 1 has bytes that no header can hold"],
  ])("with %s are refused, and nothing is quoted", (_, text, why) => {
    expect(readTraceHeaders(text)).toEqual(err(why));
  });
});
