/** What a grant never gets round: routes that nobody told of, a client certificate, the guard's own look at tokens. */
import { describe, expect, it } from "vitest";
import { type Exchange, GRANTS, granting, grantText } from "./granting.ts";
import { NOW } from "./stands.ts";

async function live(...options: Parameters<typeof granting>) {
  const proxy = await granting(...options);
  proxy.poll("e1");
  return proxy;
}

describe("where nobody says on which headers routes match, a grant may change our own alone", () => {
  const { routeHeaders: _, ...unsaid } = GRANTS;
  it.each([
    ["set txn-token a", true],
    ["remove txn-token", true],
    ["set x-countersign-zone a", true],
    ["set txn-tokens a", false],
    ["set x-countersigned a", false],
    ["set x-tier gold", false],
    ["remove x-tier", false],
  ])("%s", async (change, kept) => {
    const proxy = await live(unsaid);
    proxy.exchange({ grant: grantText({ changes: ["set txn-token b", change] }) });
    expect(proxy.exchange().state).toBe(kept ? "d1 1" : "");
  });

  it("says: on that one", async () => {
    const proxy = await live({ ...unsaid, routeHeaders: ["x-tier"] });
    proxy.exchange({ grant: grantText({ changes: ["set x-tier gold"] }) });
    expect(proxy.exchange().state).toBe("");
    proxy.exchange({ grant: grantText({ changes: ["set x-other gold"] }) });
    expect(proxy.exchange().state).toBe("d1 1");
  });
});

it("a client with a certificate is its connection, whatever the grant varies by", async () => {
  const proxy = await live();
  proxy.exchange({ mtls: true, connection: 1, grant: grantText() });
  expect(proxy.exchange({ mtls: true, connection: 2 }).state).toBe("");
  expect(proxy.exchange({ mtls: true, connection: undefined }).state).toBe("");
  expect(proxy.exchange({ mtls: false, connection: 1 }).state).toBe("");
  expect(proxy.exchange({ mtls: true, connection: 1 }).state).toBe("d1 1");
});

describe("the guard's own look at tokens", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const bearer = (claims: object): Exchange => ({
    lines: [["authorization", `Bearer ${part({ alg: "RS256" })}.${part(claims)}.c2ln`]],
  });
  const good = bearer({ exp: NOW + 300 });
  const ended = bearer({ exp: NOW - 300 });
  const required = { token: { check: true, required: true } };

  it("a grant that does not vary by the token speaks for no other token, and not for none", async () => {
    const proxy = await live(GRANTS, required);
    proxy.exchange({ ...good, grant: grantText() });
    expect(proxy.exchange(good)).toMatchObject({ action: "continue", state: "d1 1" });
    expect(proxy.exchange(ended)).toMatchObject({ action: "stop", state: "" });
    expect(proxy.exchange()).toMatchObject({ action: "stop", state: "" });
  });

  it("one that varies by it speaks for its own", async () => {
    const proxy = await live(GRANTS, required);
    const grant = grantText({ vary: ["header:authorization"] });
    proxy.exchange({ ...good, grant });
    expect(proxy.exchange(good)).toMatchObject({ action: "continue", state: "d1 1" });
    expect(proxy.exchange(ended)).toMatchObject({ action: "stop", state: "" });
    expect(proxy.exchange()).toMatchObject({ action: "stop", state: "" });
    // No bearer token: which paths are open is not the server's to say.
    const basic: Exchange = { lines: [["authorization", "Basic YTpi"]] };
    expect(proxy.exchange({ ...basic, grant }).action).toBe("stop");
  });
});
