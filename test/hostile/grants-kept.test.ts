/**
 * What must never become a grant: whoever can write ext_authz's metadata, or makes Envoy refuse what the server allowed, has not
 * been let pass by it; and what is a header's name to one and the authority to another is no change that can be repeated.
 */
import { expect, it } from "vitest";
import { GRANTS, granting, grantText } from "../wasm-filter/granting.ts";

async function live() {
  const proxy = await granting({ ...GRANTS, routes: "one" });
  proxy.poll("e1");
  return proxy;
}

// Envoy 1.40 keeps an answer's metadata when it denies, and when it answers 500 because the answer's headers are unfit.
it.each([
  ["of an answer without a decision id: Envoy refused it", ""],
  ["beside another decision's id: a denial, or a stranger's metadata", "d2"],
  ["beside an id that only begins alike", "d1 "],
  ["beside an id in capitals", "D1"],
])("a grant %s is not kept", async (_, decision) => {
  const proxy = await live();
  proxy.exchange({ grant: grantText({ id: "d1" }), decision });
  expect(proxy.exchange().state).toBe("");
  expect([proxy.metric("kept"), proxy.metric("refused")]).toEqual([0, 1]);
  proxy.exchange({ grant: grantText({ id: "d1" }), decision: "d1" });
  expect(proxy.exchange().state).toBe("d1 1");
});

it("a denial in the last fifth ends what it was to renew, whatever its metadata says", async () => {
  const proxy = await live();
  proxy.exchange({ grant: grantText({ id: "d1", milliseconds: 1000 }) });
  proxy.pass(850);
  proxy.answer("e1");
  expect(proxy.exchange({ grant: grantText({ id: "d1" }), decision: "d2" }).state).toBe("");
  expect(proxy.exchange().state).toBe("");
});

// ext_authz does not remove `host`; Wasm removes `:authority` by that name, and Envoy then answers 400.
it.each(["remove host", "set host other.example", "set host "])(
  "a grant that says `%s` is not kept",
  async (change) => {
    const proxy = await live();
    proxy.exchange({ grant: grantText({ changes: ["set x-a b", change] }) });
    expect(proxy.exchange().state).toBe("");
    proxy.exchange({ grant: grantText({ changes: ["set hosts a", "remove x-host"] }) });
    expect(proxy.exchange().state).toBe("d1 1");
  },
);
