/** Which requests grants may speak for at all; for all others the server is asked, and nothing is kept. */
import { beforeAll, expect, it } from "vitest";
import type { HeaderInput } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { type Exchange, type Granting, granting, grantText, linesOf } from "./granting.ts";
import { SECRET } from "./stands.ts";

let proxy: Granting;
beforeAll(async () => {
  // The guard's own rules stand aside here, so that it is the grants' that are seen.
  proxy = await granting({ cluster: "http" }, { path: { normalization: "NONE", refuseAmbiguous: false } });
  proxy.poll("e1");
});

/** Asked twice: eligible requests are repeated, or at least counted as a miss. */
function isEligible(exchange: Exchange, lines: readonly HeaderInput[] = linesOf(exchange)): boolean {
  const { route = "r", mtls = false } = exchange;
  const before = proxy.metric("miss") + proxy.metric("hit");
  const stream = proxy.plugin.stream({
    properties: { xds: { route_name: route }, connection: { mtls, id: 1 } },
  });
  expect(stream.requestHeaders(lines, { endOfStream: true }).action).toBe("continue");
  stream.done();
  return proxy.metric("miss") + proxy.metric("hit") > before;
}

const allowed = "-0aZ_~!$&'()*+,:=@.";
const forbidden = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
  (letter) => !`${allowed}/?`.includes(letter) && !/[A-Za-z0-9]/.test(letter),
);

it.each<[string, string]>([
  ["root", "/"],
  ["every byte that is allowed", `/${allowed}/x`],
  ["an empty end", "/a/"],
  ["dots in names", "/.../a.b/..c/.d/c.."],
  ["a query", '/a?b=%20{}|^`<>"\\é'.replace("é", "")],
  ["an empty query", "/a?"],
  ["slashes and dots in a query", "/a?//../x"],
  ["2048 bytes", `/${"a".repeat(2047)}`],
  ["2048 bytes with the query", `/a?${"b".repeat(2045)}`],
])("eligible: %s", (_, path) => {
  expect(isEligible({ path })).toBe(true);
});

it.each<[string, string]>([
  ["an empty segment", "/a//b"],
  ["two slashes first", "//a"],
  ["two slashes last", "/a//"],
  ["a dot", "/a/./b"],
  ["a dot last", "/a/."],
  ["a dot first", "/."],
  ["two dots", "/a/../b"],
  ["two dots last", "/a/.."],
  ["two dots before a query", "/a/..?b"],
  ["an escape", "/a%41"],
  ["parameters", "/a;b"],
  ["a fragment", "/a#b"],
  ["a fragment in the query", "/a?b#c"],
  ["a space in the query", "/a?b c"],
  ["a control byte in the query", "/a?b\x7f"],
  ["a high byte in the query", "/a?b\xff"],
  ["absolute form", "http://shop.example/a"],
  ["asterisk form", "*"],
  ["nothing", ""],
  ["2049 bytes", `/${"a".repeat(2048)}`],
])("asked for: %s", (_, path) => {
  expect(isEligible({ path })).toBe(false);
});

it("no other byte may stand in a path", () => {
  const wrong = forbidden.filter((letter) => {
    const lines = linesOf({}).map(
      ([name, value]): HeaderInput =>
        name === ":path" ? [name, new Uint8Array(Buffer.from(`/a${letter}b`, "latin1"))] : [name, value],
    );
    return isEligible({}, lines);
  });
  expect(forbidden.length).toBeGreaterThan(160);
  expect(wrong).toEqual([]);
});

it.each<[string, boolean, readonly HeaderInput[]]>([
  ["keep-alive", true, [["connection", "keep-alive"]]],
  ["Close", true, [["connection", "Close"]]],
  ["a nomination", false, [["connection", "x-user"]]],
  ["a nomination beside close", false, [["connection", "close, x-user"]]],
  [
    "a second line",
    false,
    [
      ["connection", "close"],
      ["connection", "x-user"],
    ],
  ],
  ["an empty line", false, [["connection", ""]]],
  ["an upgrade", false, [["upgrade", "websocket"]]],
])("connection: %s", (_, wanted, lines) => {
  expect(isEligible({ lines })).toBe(wanted);
});

// Of two lines with one of these names a host makes one; that it might not is all that more lines are refused for.
it.each([":method", ":authority", ":path"])("not without %s", (name) => {
  const lines = linesOf({}).filter(([line]) => line !== name);
  expect(isEligible({}, lines)).toBe(false);
});

it("no CONNECT, no unnamed route", () => {
  expect(isEligible({ method: "CONNECT" })).toBe(false);
  expect(isEligible({ route: "" })).toBe(false);
});

it("a request from which the guard took a header may lead to another route than the host tells", async () => {
  const owned: readonly HeaderInput[] = [["x-user-id", "root"]];
  const other = await granting();
  other.poll("e1");
  other.exchange({ lines: owned, grant: grantText() });
  expect([other.exchange({ lines: owned }).state, other.metric("kept")]).toEqual(["", 0]);
  other.exchange({ grant: grantText() });
  expect([other.exchange({ lines: owned }).state, other.exchange().state]).toEqual(["", "d1 1"]);
  // Where all routes are one, it does not matter.
  const one = await granting({ cluster: "http", routes: "one" });
  one.poll("e1");
  one.exchange({ lines: owned, grant: grantText() });
  expect(one.exchange({ lines: owned }).state).toBe("d1 1");
});

it("a refused request has no grant, and what refuses comes first", async () => {
  const guarded = await granting({ cluster: "http" }, { request: { methods: ["GET"] } });
  guarded.poll("e1");
  guarded.exchange({ grant: grantText() });
  expect(guarded.exchange({ method: "PUT", grant: grantText() })).toMatchObject({ action: "stop", state: "" });
  expect(guarded.exchange().state).toBe("d1 1");
  const stamp = { verify: true, zones: ["edge"], keys: [{ id: "k1", secret: SECRET }] };
  const inner = await granting({ cluster: "http" }, { zone: "inner", inbound: "zone", stamp });
  inner.poll("e1");
  expect(inner.exchange({ grant: grantText() })).toMatchObject({ action: "stop" });
  expect(inner.metric("kept")).toBe(0);
});

it("a grant that changes a header on which routes match is not kept", async () => {
  const routed = await granting({ cluster: "http", routeHeaders: ["x-tenant", "x-lane"] });
  routed.poll("e1");
  for (const change of ["set x-tenant a", "remove x-lane", "set x-a b\nset x-lane c"]) {
    routed.exchange({ grant: grantText({ changes: [change] }) });
    expect(routed.exchange().state).toBe("");
  }
  routed.exchange({ grant: grantText({ changes: ["set x-tenants a", "remove x-lan"] }) });
  expect(routed.exchange().state).toBe("d1 1");
});
