/**
 * In: one Kubernetes-shaped object. Out: its envelope (who it is, and its spec), with misfits reported. Pure.
 */
import type { Report } from "./field-path.ts";
import type { Resource } from "./resource.ts";
import { manifest, type RawManifest } from "./schema.ts";
import { shapeOf } from "./shape.ts";

export interface Envelope {
  readonly meta: Pick<Resource, "namespace" | "name" | "file" | "line">;
  /** Value of the annotation `istio.io/dry-run`; undefined when there is none. */
  readonly dryRun: string | undefined;
  readonly spec: object;
}

const DRY_RUN = "istio.io/dry-run";
const hasShape = shapeOf<RawManifest>(manifest);

export function readEnvelope(value: unknown, file: string, line: number, report: Report): Envelope | undefined {
  if (!hasShape(value, report)) return undefined;
  const { name, namespace = "default", annotations = {} } = value.metadata;
  // Kubernetes allows less; what matters here is that a name stays one word in messages, metadata and logs.
  if (!isPrintable(name) || name.includes("/")) {
    report(["metadata", "name"], "a name must not have slashes, spaces or control characters");
  }
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace)) {
    report(["metadata", "namespace"], `\`${namespace}\` is no namespace name`, "lower-case letters, digits and dashes");
  }
  return {
    meta: { namespace, name, file, line },
    dryRun: Object.hasOwn(annotations, DRY_RUN) ? annotations[DRY_RUN] : undefined,
    spec: value.spec ?? {},
  };
}

function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return false;
  }
  return true;
}

/** Only AuthorizationPolicies can be dry-run in Istio; elsewhere the annotation is refused, not ignored. */
export function refuseDryRun({ dryRun }: Envelope, report: Report): void {
  if (dryRun === undefined) return;
  report(["metadata", "annotations", DRY_RUN], "is not supported on this kind", "remove the annotation");
}

/** `field: null` is a field that is not written (proto3 JSON). Lists keep their nulls, and so does what `keep` names. */
export function withoutNulls(value: unknown, keep: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, keep));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    members.map(([name, member]) => [name, name === keep ? member : withoutNulls(member, keep)]),
  );
}
