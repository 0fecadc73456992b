import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Workload } from "../../ext-authz/model.ts";
import type { Resource } from "../../ext-authz/resources/resource.ts";
import { applies } from "../../ext-authz/resources/select.ts";
import { groupByTarget } from "../../ext-authz/resources/selection.ts";
import { policy } from "../authorize/fixtures.ts";

const root = "istio-system";
const gatewayName = "gateway.networking.k8s.io/gateway-name";
const managed = "gateway.istio.io/managed";

const labels = fc.dictionary(fc.constantFrom("app", "version", "tier", "__proto__"), fc.constantFrom("a", "b"));
const refs = fc.array(
  fc.record({
    group: fc.constant("gateway.networking.k8s.io"),
    kind: fc.constantFrom("Gateway", "GatewayClass"),
    name: fc.constantFrom("g", "h", "istio-waypoint"),
    namespace: fc.constant(""),
  }),
  { minLength: 1, maxLength: 2 },
);
const target = fc.oneof(
  { weight: 3, arbitrary: labels.map((all) => ({ matchLabels: new Map(Object.entries(all)), targetRefs: [] })) },
  { weight: 1, arbitrary: refs.map((targetRefs) => ({ matchLabels: new Map<string, string>(), targetRefs })) },
);
const namespace = fc.constantFrom(root, "foo", "bar");
const resource: fc.Arbitrary<Resource> = fc
  .record({ namespace, target })
  .map((changes) => policy("ALLOW", [{}], changes));
const workload: fc.Arbitrary<Workload> = fc
  .record({
    namespace,
    labels,
    gateway: fc.constantFrom({}, { [gatewayName]: "g" }, { [gatewayName]: "h" }),
    waypoint: fc.boolean(),
  })
  .map(({ namespace: of, labels: own, gateway, waypoint }) => ({
    namespace: of,
    name: "",
    labels: new Map(
      Object.entries({ ...own, ...gateway, ...(waypoint ? { [managed]: "istio.io-mesh-controller" } : {}) }),
    ),
  }));

describe("groups of resources", () => {
  test("hold exactly what applies to the workload", () => {
    fc.assert(
      fc.property(fc.array(resource, { maxLength: 30 }), workload, (resources, of) => {
        const members = groupByTarget(resources, root)(of).flatMap((group) => group.members);
        const expected = [...resources.keys()].filter((at) => {
          const one = resources[at];
          return one !== undefined && applies(one, of, root);
        });
        expect(members.toSorted((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("are the same for workloads that the same resources select", () => {
    const resources = [
      policy("ALLOW", [{}]),
      policy("DENY", [{}], { namespace: root }),
      policy("DENY", [{}], { name: "q" }),
    ];
    const select = groupByTarget(resources, root);
    const of = (app: string): Workload => ({ namespace: "foo", name: "", labels: new Map([["app", app]]) });
    expect(select(of("a")).map(({ id, members }) => [id, members])).toEqual([
      [0, [0, 2]],
      [1, [1]],
    ]);
    expect(select(of("b"))).toEqual(select(of("a")));
  });
});
