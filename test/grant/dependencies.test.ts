/**
 * The table of dependencies in docs/grants.md, row by row: what the policies can read is what the grant names, and what no key
 * can hold bars it. Also that the page has a row for every part of a request and every reason.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { UNGRANTED } from "../../ext-authz/grant/grant.ts";
import type { RequestModel } from "../../ext-authz/model.ts";
import { rows } from "./dependency-rows.ts";
import { type ParsedGrant, type ProxyRequest, parseGrant } from "./guard-model.ts";
import { judgeOf } from "./world.ts";
import { type Manifest, readManifests } from "./world-policies.ts";

function say({ atoms, terms, milliseconds }: ParsedGrant): string {
  const life = milliseconds === 5000 ? [] : [`${milliseconds} ms`];
  return [...atoms, ...terms, ...life].join(" ");
}

describe("what a decision depends on is what its grant names", () => {
  it.each(rows)("%s", async (_, written, parts, said) => {
    const manifests = written.map(([kind, spec]): Manifest => ({ kind, namespace: "foo", spec }));
    const resources = readManifests(manifests);
    expect(resources.length).toBe(manifests.length);
    const judge = judgeOf({ resources, mesh: defaults.mesh, clientAddress: defaults.clientAddress });
    const request: ProxyRequest = {
      ...{
        route: "one",
        mtls: false,
        connection: "c1",
        method: "GET",
        authority: "svc.example",
        scheme: "http",
        target: "/",
      },
      headers: [],
      ...parts,
    };
    const decision = await judge.decide(request);
    const grant = decision.effect === "allow" && decision.grant !== undefined ? parseGrant(decision.grant) : undefined;
    const [outcome = decision.effect] = judge.outcomes.keys();
    expect(grant === undefined ? (outcome === decision.effect ? outcome : `none: ${outcome}`) : say(grant)).toBe(said);
  });
});

/** A new part of a request does not compile until it is in here; the page has a row for each. */
const parts: Readonly<Record<keyof RequestModel, true>> = {
  ...{ protocol: true, method: true, path: true, query: true, scheme: true, host: true, headers: true, source: true },
  ...{
    destination: true,
    remoteAddress: true,
    sourcePrincipal: true,
    peerCertificate: true,
    sni: true,
    workload: true,
  },
  ...{ metadata: true, requestId: true },
};

describe("docs/grants.md", () => {
  const page = readFileSync(new URL("docs/grants.md", packageRoot), "utf8");
  it.each([...Object.keys(parts), ...UNGRANTED])("has a row for `%s`", (name) => {
    expect(page).toMatch(new RegExp(`^\\|.*\`${name}\``, "m"));
  });
});
