/** Istio's objects that change who is checked. Sources: Istio's EnvoyFilter, AuthorizationPolicy and MeshConfig. */
import { child, type Frame, items, members, textOf } from "./frame.ts";
import { group, quote, type Seen } from "./hazard.ts";
import { providersIn } from "./provider.ts";
import type { Survey } from "./survey.ts";

const kinds = {
  envoy_filter_unknown_field: {
    severity: "error",
    why: "a field that Istio does not know is dropped or refused: the patch does not do what it says",
    fix: "correct the name, or remove it",
  },
  envoy_filter_without_context: {
    severity: "warning",
    why: "without a context the patch goes to gateways, and to what sidecars send as well as to what they receive",
    fix: "match: { context: GATEWAY }, or SIDECAR_INBOUND, SIDECAR_OUTBOUND",
  },
  custom_provider_missing: {
    severity: "error",
    why: "a CUSTOM policy asks a provider that MeshConfig does not have: requests are refused, or the policy is not in force",
    fix: "add the provider to extensionProviders, or correct its name",
  },
} as const;

type Id = keyof typeof kinds;

const SPEC = new Set(["workloadSelector", "targetRefs", "configPatches", "priority"]);
const PATCH_ENTRY = new Set(["applyTo", "match", "patch"]);
const MATCH = new Set(["context", "proxy", "listener", "routeConfiguration", "cluster", "waypoint"]);
const PATCH = new Set(["operation", "value", "filterClass"]);
const APPLY_TO = new Set(
  "LISTENER FILTER_CHAIN NETWORK_FILTER HTTP_FILTER LISTENER_FILTER ROUTE_CONFIGURATION VIRTUAL_HOST HTTP_ROUTE CLUSTER EXTENSION_CONFIG BOOTSTRAP".split(
    " ",
  ),
);
const OPERATIONS = new Set("MERGE ADD REMOVE INSERT_BEFORE INSERT_AFTER INSERT_FIRST REPLACE".split(" "));
const CONTEXTS = new Set(["ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT"]);
/** Patches of which Istio reads no context. */
const WITHOUT_CONTEXT = new Set(["BOOTSTRAP", "EXTENSION_CONFIG"]);

export const istioObjects = group(kinds, function* (survey: Survey) {
  const known = new Set(providersIn(survey).map(({ name }) => name));
  for (const { kind, frame } of survey.objects) {
    if (kind === "EnvoyFilter") yield* envoyFilter(child(frame, "spec"));
    if (kind === "AuthorizationPolicy") yield* custom(frame, survey.hasMeshConfig, known);
  }
});

function* envoyFilter(spec: Frame | undefined): Generator<Seen<Id>> {
  yield* unknown(spec, SPEC);
  for (const entry of items(child(spec, "config_patches"))) {
    const match = child(entry, "match");
    const patch = child(entry, "patch");
    yield* unknown(entry, PATCH_ENTRY);
    yield* unknown(match, MATCH);
    yield* unknown(patch, PATCH);
    yield* word(child(entry, "apply_to"), APPLY_TO);
    yield* word(child(patch, "operation"), OPERATIONS);
    const context = child(match, "context");
    yield* word(context, CONTEXTS);
    const isBound = WITHOUT_CONTEXT.has(textOf(child(entry, "apply_to")) ?? "");
    if (!isBound && (context === undefined || textOf(context) === "ANY")) {
      yield {
        id: "envoy_filter_without_context",
        at: context ?? entry,
        saw: context === undefined ? "not set" : "ANY",
      };
    }
  }
}

function* unknown(frame: Frame | undefined, names: ReadonlySet<string>): Generator<Seen<Id>> {
  for (const member of members(frame)) {
    const name = String(member.key);
    if (!names.has(name)) yield { id: "envoy_filter_unknown_field", at: member, saw: quote(name) };
  }
}

function* word(frame: Frame | undefined, words: ReadonlySet<string>): Generator<Seen<Id>> {
  if (frame !== undefined && !words.has(textOf(frame) ?? "")) {
    yield { id: "envoy_filter_unknown_field", at: frame, saw: `no such ${String(frame.key)}` };
  }
}

function* custom(policy: Frame, hasMeshConfig: boolean, known: ReadonlySet<string>): Generator<Seen<Id>> {
  if (textOf(child(policy, "spec", "action")) !== "CUSTOM") return;
  const name = child(policy, "spec", "provider", "name");
  const text = textOf(name) ?? "";
  if (text === "") yield { id: "custom_provider_missing", at: policy, saw: "no provider is named" };
  else if (hasMeshConfig && !known.has(text)) {
    yield { id: "custom_provider_missing", at: name ?? policy, saw: `provider ${quote(text)}` };
  }
}
