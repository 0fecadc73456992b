/** How Wasm code gets in and what happens when it traps. Sources: Envoy's wasm.proto, Istio's WasmPlugin. */
import { child, type Frame, isTrue, textOf } from "./frame.ts";
import { group, type Seen } from "./hazard.ts";
import type { Survey } from "./survey.ts";
import { TYPES } from "./typed.ts";

const kinds = {
  wasm_fail_open: {
    severity: "error",
    why: "when the module traps or cannot be loaded, requests pass without it",
    fix: "failure_policy: FAIL_RELOAD (Istio's WasmPlugin: failStrategy: FAIL_CLOSE)",
  },
  wasm_never_recovers: {
    severity: "warning",
    why: "FAIL_CLOSED, the default, answers 503 for ever after one trap",
    fix: "failure_policy: FAIL_RELOAD with a short reload_config.backoff",
  },
  wasm_unpinned: {
    severity: "error",
    why: "code that decides about requests is fetched without a checksum: whoever holds the server holds the proxy",
    fix: "code.remote.sha256 (WasmPlugin: sha256, or an image by its digest)",
  },
} as const;

type Id = keyof typeof kinds;

export const wasmPlugin = group(kinds, function* (survey: Survey) {
  for (const { type, config } of survey.typed) {
    if (type === TYPES.wasm || type === TYPES.networkWasm) yield* plugin(child(config, "config") ?? config);
  }
  for (const { kind, frame } of survey.objects) if (kind === "WasmPlugin") yield* resource(frame);
});

function* plugin(config: Frame): Generator<Seen<Id>> {
  const policy = child(config, "failure_policy");
  const open = child(config, "fail_open");
  const opens = textOf(policy) === "FAIL_OPEN" ? policy : isTrue(open) ? open : undefined;
  if (opens !== undefined) yield { id: "wasm_fail_open", at: opens, saw: String(opens.key) };
  else if (textOf(policy) !== "FAIL_RELOAD") {
    yield { id: "wasm_never_recovers", at: policy ?? config, saw: policy === undefined ? "not set" : "FAIL_CLOSED" };
  }
  const remote = child(config, "vm_config", "code", "remote");
  if (remote !== undefined && !isDigest(child(remote, "sha256"))) {
    yield { id: "wasm_unpinned", at: remote, saw: "no sha256" };
  }
}

function* resource(object: Frame): Generator<Seen<Id>> {
  const strategy = child(object, "spec", "fail_strategy");
  if (strategy !== undefined && textOf(strategy) === "FAIL_OPEN") {
    yield { id: "wasm_fail_open", at: strategy, saw: "failStrategy" };
  }
  const url = child(object, "spec", "url");
  const text = textOf(url) ?? "";
  const isPinned = text.startsWith("file://") || text.includes("@sha256:") || isDigest(child(object, "spec", "sha256"));
  if (url !== undefined && !isPinned) yield { id: "wasm_unpinned", at: url, saw: "no sha256" };
}

function isDigest(field: Frame | undefined): boolean {
  return /^[0-9a-fA-F]{64}$/.test(textOf(field) ?? "");
}
