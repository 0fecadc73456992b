/** Lint rules about whom a resource speaks of. */
import type { Resource } from "../resources/resource.ts";
import { applies } from "../resources/select.ts";
import type { LintInput, LintRule } from "./rule.ts";

function all({ policies, authentications, peers }: LintInput): readonly Resource[] {
  return [...policies, ...authentications, ...peers];
}

export const scopeRules: readonly LintRule[] = [
  {
    id: "namespace-without-workload",
    why: "a policy in a namespace where nothing runs protects nothing; often the namespace is misspelled",
    check: (input) => {
      const { workloads, mesh } = input;
      if (workloads.length === 0) return [];
      const known = new Set([mesh.rootNamespace, ...workloads.map(({ namespace }) => namespace)]);
      return all(input)
        .filter(({ namespace }) => !known.has(namespace))
        .map((resource) => ({
          resource,
          path: ["metadata", "namespace"],
          message: `no known workload runs in \`${resource.namespace}\``,
          fix: `known: ${[...known].join(", ")}`,
        }));
    },
  },
  {
    id: "selector-without-workload",
    why: "a selector that selects nothing protects nothing; often a label is misspelled",
    check: (input) => {
      const { workloads, mesh } = input;
      return all(input)
        .filter(({ namespace, target }) => {
          const narrowed = target.matchLabels.size > 0;
          return narrowed && workloads.some((one) => one.namespace === namespace || namespace === mesh.rootNamespace);
        })
        .filter((resource) => !workloads.some((workload) => applies(resource, workload, mesh.rootNamespace)))
        .map((resource) => ({
          resource,
          path: ["spec", "selector"],
          message: "selects no known workload",
          fix: "compare the labels with the workload's",
        }));
    },
  },
  {
    id: "peer-authentication-ignored",
    why: "Istio ignores a PeerAuthentication with a selector in the root namespace, and of several for one scope all but the oldest",
    check: ({ peers, mesh }) => {
      const seen = new Map<string, string>();
      return peers.flatMap((resource) => {
        const { namespace, name, target } = resource;
        const labels = [...target.matchLabels].map(([key, value]) => `${key}=${value}`).sort();
        if (namespace === mesh.rootNamespace && labels.length > 0) {
          const message = "is ignored: a selector in the root namespace means nothing here";
          return [{ resource, path: ["spec", "selector"], message, fix: "put it into the workload's namespace" }];
        }
        const scope = JSON.stringify([namespace, labels]);
        const other = seen.get(scope);
        if (other === undefined) {
          seen.set(scope, name);
          return [];
        }
        const message = `${namespace}/${other} speaks of the same workloads: only the older one counts`;
        return [{ resource, path: ["metadata", "name"], message, fix: "make one of the two" }];
      });
    },
  },
];
