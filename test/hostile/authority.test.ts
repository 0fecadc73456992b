/**
 * Request heads that two readers read differently, at the request stage with `strict`. In: a target, a host. Out: refused.
 * `DESIGN` names bad UTF-8 among what is refused; an authority that is no `host[:port]` is nobody's to match.
 */
import { describe, expect, it } from "vitest";
import { buildRequest } from "../../ext-authz/request/build-request.ts";
import type { Incoming, IncomingPeer } from "../../ext-authz/request/incoming.ts";

const nobody: IncomingPeer = { address: "192.0.2.1", port: 1, principal: "", certificate: "" };

function judge(target: string, host: string): string {
  const incoming: Incoming = {
    source: nobody,
    destination: nobody,
    http: { id: "", method: "GET", target, host, scheme: "http", headers: new Map() },
    sni: "",
    contextExtensions: new Map(),
    metadata: new Map(),
  };
  const built = buildRequest(incoming, {
    strict: true,
    pathNormalization: "MERGE_SLASHES",
    pathLength: 8192,
    clientAddress: { useRemoteAddress: true, xffNumTrustedHops: 0 },
    workload: { namespace: "default", name: "", labels: new Map() },
  });
  return built.ok ? "accepted" : built.error.code;
}

describe("a path whose bytes are not UTF-8 is refused", () => {
  it.each(["/%ff", "/%c0%ae%c0%ae/admin", "/%e0%80%af/x", "/%ed%a0%80", "/%c3"])("%s", (target) => {
    expect(judge(target, "h")).toBe("path_ambiguous");
  });
});

describe("a path with good escapes is accepted", () => {
  it.each(["/caf%C3%A9", "/%E2%82%AC", "/a%20b"])("%s", (target) => {
    expect(judge(target, "h")).toBe("accepted");
  });
});

describe("an authority that is no host is refused", () => {
  it.each(["a.example,b.example", "a b", "a.example:80:80", "u@a.example", "a.example/x", "a.example.", ".a", "[::1"])(
    "%s",
    (host) => {
      expect(judge("/x", host)).not.toBe("accepted");
    },
  );
});

describe("an authority that is a host is accepted", () => {
  it.each(["a.example", "A.example:8080", "10.0.0.1", "[2001:db8::1]:443", "my_svc", ""])("%j", (host) => {
    expect(judge("/x", host)).toBe("accepted");
  });
});
