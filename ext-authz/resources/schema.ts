/**
 * JSON Schema pieces that several kinds share, written after the CustomResourceDefinitions of Istio (security/v1).
 * Every object is closed: a field that nobody knows is an error, since a misspelt `rules` would mean "no rules".
 */

export interface RawSelector {
  readonly matchLabels?: { readonly [label: string]: string };
}

export interface RawTargetRef {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface RawTarget {
  readonly selector?: RawSelector;
  readonly targetRef?: RawTargetRef;
  readonly targetRefs?: readonly RawTargetRef[];
}

export const text = { type: "string", minLength: 1 } as const;

export function closed(properties: Readonly<Record<string, object>>, required: readonly string[] = []): object {
  return { type: "object", properties, required, additionalProperties: false };
}

/** A list of strings of which none is empty. */
export function texts(limits: { readonly maxItems?: number; readonly maxLength?: number } = {}): object {
  const { maxItems, maxLength } = limits;
  return {
    type: "array",
    items: maxLength === undefined ? text : { ...text, maxLength },
    ...(maxItems === undefined ? {} : { maxItems }),
  };
}

const targetRef = closed(
  {
    group: { type: "string", maxLength: 253 },
    kind: { ...text, maxLength: 63 },
    name: { ...text, maxLength: 253 },
    namespace: { type: "string" },
  },
  ["kind", "name"],
);

export const selector = closed({
  matchLabels: {
    type: "object",
    maxProperties: 4096,
    additionalProperties: { type: "string", maxLength: 63 },
  },
});

export const target = {
  selector,
  targetRef,
  targetRefs: { type: "array", maxItems: 16, items: targetRef },
} as const;

export const manifest = closed(
  {
    apiVersion: text,
    kind: text,
    metadata: {
      type: "object",
      required: ["name"],
      properties: {
        name: { ...text, maxLength: 253 },
        namespace: { type: "string", maxLength: 63 },
        labels: { type: "object", additionalProperties: { type: "string" } },
        annotations: { type: "object", additionalProperties: { type: "string" } },
      },
    },
    spec: { type: "object" },
    status: {},
  },
  ["apiVersion", "kind", "metadata"],
);

export interface RawManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: { readonly [name: string]: string };
  };
  readonly spec?: object;
}
