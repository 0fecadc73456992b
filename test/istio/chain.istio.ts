/** What istiod makes of the rendered patches, as the proxies themselves report it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { envoyFilter } from "../../envoy/istio/envoy-filter.ts";
import type { RouteWorkload } from "../../envoy/model.ts";
import { send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { runDoctorEnvoy } from "../../ext-authz/cli/doctor-envoy.ts";
import { type Mesh, startMesh } from "./mesh.ts";
import { until } from "./until.ts";

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startMesh();
});
afterAll(() => mesh?.stop());

/** The names in each chain of HTTP filters, in order. */
async function chains(admin: string): Promise<readonly (readonly string[])[]> {
  const dump: unknown = await (await fetch(`${admin}/config_dump?resource=dynamic_listeners`)).json();
  const found: string[][] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("http_filters" in value && Array.isArray(value.http_filters)) {
      found.push(value.http_filters.map(({ name }: { name: string }) => name));
    }
    for (const member of Object.values(value)) walk(member);
  };
  walk(dump);
  return found;
}

describe("order is security", () => {
  it.each(["edge", "zone"] as const)("%s: guard, ext_authz, then Istio's own, the router last", async (name) => {
    // A sidecar's own requests to others pass no filter of ours.
    const ours = (await chains(mesh[name].admin)).filter((chain) =>
      chain.some((filter) => filter.startsWith("countersign")),
    );
    expect(ours).toHaveLength(1);
    const [chain = []] = ours;
    expect(chain.slice(0, 3)).toEqual([
      "countersign.guard",
      "envoy.filters.http.ext_authz",
      "envoy.filters.http.jwt_authn",
    ]);
    expect(chain.at(-1)).toBe("envoy.filters.http.router");
  });
});

it.each(["edge", "zone"] as const)("doctor finds nothing in what %s really runs", async (name) => {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  const code = await runDoctorEnvoy([mesh[name].admin], { out: write, err: write });
  expect({ code, lines: lines.slice(0, -1) }).toEqual({ code: 0, lines: [] });
});

it("behind one gateway each route has its own workload, by the name of its rule in the VirtualService", async () => {
  const [placed] = mesh.zones;
  const token = await fetchToken(mesh.issuer, "buyer", audience);
  if (placed === undefined) throw new Error("no gateway");
  const gateway: RouteWorkload = { namespace: "edge", name: "gateway", labels: { app: "gateway" } };
  const [route] = placed.zone.routes;
  if (route === undefined) throw new Error("no route");
  const nobody = { ...gateway, namespace: "nowhere" };
  const routes = [
    { ...route, prefix: "recorded", workload: nobody },
    { ...route, prefix: "api", workload: gateway },
  ];
  await mesh.change("edge-envoy-filter.yaml", [envoyFilter({ ...placed, zone: { ...placed.zone, routes } })]);
  const ask = async (path: string) =>
    (await send(mesh.edge.port, { path, headers: { authorization: `Bearer ${token}` } })).status;
  await until("the recorder's route is nobody's", async () => (await ask("/api/recorded/orders/7")) !== 200);
  expect([await ask("/api/recorded/orders/7"), await ask("/api/orders/7")]).toEqual([403, 200]);
});
