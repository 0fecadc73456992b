/** Reads one text and shows its problems in one line each, for tables. */
import { readResources } from "../../ext-authz/resources/read.ts";

export function read(text: string) {
  return readResources([{ file: "p.yaml", text }]);
}

/** `error spec.rules[0]: message`, in order. */
export function problemsOf(text: string): string[] {
  return read(text).problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}

/** A resource as JSON text. */
export function resource(kind: string, spec: unknown, changes: object = {}): string {
  const group = kind === "InternalToken" ? "countersign.dev/v1alpha1" : "security.istio.io/v1";
  return JSON.stringify({ apiVersion: group, kind, metadata: { name: "p", namespace: "foo" }, spec, ...changes });
}

export const annotated = (value: unknown) => ({ metadata: { name: "p", annotations: { "istio.io/dry-run": value } } });
