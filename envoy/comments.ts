/**
 * What a reader of the written YAML should know, by place in the document. In: a YAML document. Out: the same document
 * with comments before the members named here. A place that is not in the document is a bug: comments must not get lost.
 */
import { type Document, isMap, isNode, isScalar } from "yaml";
import type { Zone } from "./model.ts";

export type Comment = readonly [place: readonly (string | number)[], text: string];

const listener = ["static_resources", "listeners", 0] as const;
const manager = [...listener, "filter_chains", 0, "filters", 0, "typed_config"] as const;
const check = [...manager, "http_filters", 1, "typed_config"] as const;

/** Comments that fit every zone; `authz` = the place of ext_authz's own settings. */
const zoneComments = (authz: readonly (string | number)[]): readonly Comment[] => [
  [["admin"], "Loopback only: whoever reaches this can stop the proxy and read its keys."],
  [[...manager, "normalize_path"], "One reading of the path for guard, policies and upstream; two readings = refused."],
  [[...manager, "access_log"], "One JSON line per request: who decided and why. No query, no token."],
  [[...manager, "http_filters"], "Order is security: the guard cleans before ext_authz reads; the router is last."],
  [[...authz, "grpc_service"], "Fail closed: no answer in this time is a 503, never a pass."],
  [[...authz, "encode_raw_headers"], "Policies see every line of every header, not lines joined by commas."],
  [[...manager, "route_config", "virtual_hosts"], "No catch-all across workloads: what no route names is a 404."],
];

/** What a reader of a zone's whole configuration should know. */
export function commentsOf({ upstreams, grants }: Zone): readonly Comment[] {
  const first = upstreams.findIndex(({ stamp }) => stamp);
  const matcher = [...check, "xds_matcher"];
  const asking = [...matcher, "on_no_match", "action", "typed_config", "typed_config", "typed_config"];
  const granted: readonly Comment[] = [
    [matcher, "No call for a request that the guard passes on a grant."],
    [
      [...matcher, "on_no_match"],
      "Whatever else is asked: without this part nothing would run, and every request would pass.",
    ],
  ];
  const common = grants === undefined ? zoneComments(check) : [...zoneComments(asking), ...granted];
  if (first < 0) return common;
  const stamp = "The stamp stands last before the wire, after route rewrites, and signs each attempt.";
  return [...common, [["static_resources", "clusters", first, "typed_extension_protocol_options"], stamp]];
}

export function annotate(document: Document, comments: readonly Comment[]): void {
  for (const [place, text] of comments) {
    const parent = document.getIn(place.slice(0, -1));
    const name = place.at(-1);
    const pair = isMap(parent) && parent.items.find(({ key }) => isScalar(key) && key.value === name);
    if (!pair || !isNode(pair.key)) throw new Error(`no place for a comment: ${place.join(".")}`);
    pair.key.commentBefore = ` ${text}`;
  }
}
