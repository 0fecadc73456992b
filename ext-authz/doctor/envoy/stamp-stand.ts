/** Where the stamp stands (DESIGN "The way of a request"): last before the wire, so that it signs what really leaves. */
import { isJsonObject, member, parseStrictJson } from "../../authenticate/strict-json.ts";
import type { Filter } from "./chain.ts";
import { child, textOf } from "./frame.ts";
import { group, quote, type Seen } from "./hazard.ts";
import type { Survey } from "./survey.ts";
import { TYPES } from "./typed.ts";

const kinds = {
  stamp_missing: {
    severity: "error",
    why: "an edge guard stands here, but nothing stamps what leaves: inner zones refuse it, or do not ask for stamps",
    fix: "put the stamp into the upstream chain of the clusters that lead inside, right before upstream_codec",
  },
  stamp_not_last: {
    severity: "error",
    why: "what stands behind the stamp changes the request after it was signed",
    fix: "put the stamp right before upstream_codec (or the router, where nothing rewrites)",
  },
} as const;

const MAX_DEPTH = 32;

type Id = keyof typeof kinds;

export const stampStand = group(kinds, function* (survey: Survey) {
  const chains = [...survey.upstreamChains, ...survey.chains.map(({ filters }) => filters)];
  for (const filters of chains) yield* order(filters);
  const all = [...chains.flat(), ...survey.typed.flatMap(asFilter)];
  const edge = all.find((filter) => filter.role === "guard" && isEdge(filter));
  // Without clusters in sight the stamp may stand in a file that was not given.
  if (edge !== undefined && survey.hasClusters && !all.some(({ role }) => role === "stamp")) {
    yield { id: "stamp_missing", at: edge.entry, saw: "no filter with root_id countersign.stamp" } as const;
  }
});

function* order(filters: readonly Filter[]): Generator<Seen<Id>> {
  const at = filters.findIndex(({ role }) => role === "stamp");
  const own = filters[at];
  const next = filters[at + 1];
  if (own === undefined || next?.role === "codec" || next?.role === "router") return;
  yield { id: "stamp_not_last", at: own.entry, saw: next === undefined ? "nothing follows it" : quote(next.name) };
}

/** Stamps in patches and in ECDS, which stand in no chain that is visible here. */
function asFilter({ type, config }: Survey["typed"][number]): Pick<Filter, "role" | "entry" | "config">[] {
  const root = textOf(child(config, "config", "root_id"));
  return type === TYPES.wasm && root === "countersign.stamp" ? [{ role: "stamp", entry: config, config }] : [];
}

/** One word of the filter's own configuration is looked at, and nothing is printed: it holds the keys. */
function isEdge({ config }: Pick<Filter, "config">): boolean {
  const text = textOf(child(config, "config", "configuration", "value")) ?? "";
  const own = parseStrictJson(text, MAX_DEPTH);
  return isJsonObject(own) && member(own, "inbound") === "edge";
}
