/**
 * The one order of policies: the platform's first, then by namespace and name. Of several that match, the first is the one
 * that a verdict names, so the name does not depend on the order of files. Pure.
 */
interface Named {
  readonly namespace: string;
  readonly name: string;
}

export function canonicalOrder(rootNamespace: string): (a: Named, b: Named) => number {
  const isLower = ({ namespace }: Named): number => Number(namespace !== rootNamespace);
  return (a, b) => isLower(a) - isLower(b) || compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

/** By code units: a locale would make it depend on the machine. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
