/**
 * Which resources speak of a workload, found without asking each of them. In: all resources. Out: for a workload the groups
 * that select it; equal groups mean equal plans. Pure, built at load.
 * Resources of one namespace and one target are one group. A group is filed under its namespace and the rarest of its
 * labels, or the names of its `targetRefs`; `applies` has the last word.
 */
import type { Workload } from "../model.ts";
import type { Resource } from "./resource.ts";
import { applies, GATEWAY_NAME, WAYPOINT_CLASS } from "./select.ts";

export interface Group extends Pick<Resource, "namespace" | "target"> {
  /** Position among the groups. */
  readonly id: number;
  /** Positions in the list of resources. */
  readonly members: readonly number[];
}

interface Shelf {
  readonly everywhere: Group[];
  /** By label, `["key","value"]`. */
  readonly labelled: Map<string, Group[]>;
  /** By the name of a Gateway or GatewayClass. */
  readonly attached: Map<string, Group[]>;
}

/** @returns groups in the order of their ids */
export type SelectGroups = (workload: Workload) => readonly Group[];

export function groupByTarget(resources: readonly Resource[], rootNamespace: string): SelectGroups {
  const groups = groupsOf(resources);
  const shelves = shelve(groups);
  return (workload) => {
    const { namespace, labels } = workload;
    const gateway = labels.get(GATEWAY_NAME);
    const candidates = new Set<Group>();
    const take = (found: readonly Group[] | undefined): void => {
      for (const group of found ?? []) if (applies(group, workload, rootNamespace)) candidates.add(group);
    };
    for (const name of new Set([namespace, rootNamespace])) {
      const shelf = shelves.get(name);
      take(shelf?.everywhere);
      for (const label of labels) take(shelf?.labelled.get(JSON.stringify(label)));
      if (gateway !== undefined) take(shelf?.attached.get(gateway));
      if (gateway !== undefined) take(shelf?.attached.get(WAYPOINT_CLASS));
    }
    return [...candidates].sort((a, b) => a.id - b.id);
  };
}

function groupsOf(resources: readonly Resource[]): readonly Group[] {
  const groups = new Map<string, Group & { readonly members: number[] }>();
  for (const [position, { namespace, target }] of resources.entries()) {
    const labels = [...target.matchLabels].sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([namespace, labels, target.targetRefs]);
    const known = groups.get(key);
    if (known !== undefined) known.members.push(position);
    else groups.set(key, { id: groups.size, namespace, target, members: [position] });
  }
  return [...groups.values()];
}

function shelve(groups: readonly Group[]): ReadonlyMap<string, Shelf> {
  const shelves = new Map<string, Shelf>();
  const counts = new Map<string, number>();
  const labelsOf = (group: Group) => [...group.target.matchLabels].map((label) => JSON.stringify(label));
  for (const label of groups.flatMap(labelsOf)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const byRarity = (a: string, b: string): number => (counts.get(a) ?? 0) - (counts.get(b) ?? 0);
  for (const group of groups) {
    const shelf: Shelf = shelves.get(group.namespace) ?? { everywhere: [], labelled: new Map(), attached: new Map() };
    shelves.set(group.namespace, shelf);
    const [rarest] = labelsOf(group).sort(byRarity);
    const { targetRefs } = group.target;
    if (targetRefs.length > 0) for (const { name } of targetRefs) put(shelf.attached, name, group);
    else if (rarest === undefined) shelf.everywhere.push(group);
    else put(shelf.labelled, rarest, group);
  }
  return shelves;
}

function put(shelf: Map<string, Group[]>, key: string, group: Group): void {
  const known = shelf.get(key);
  if (known === undefined) shelf.set(key, [group]);
  else known.push(group);
}
