/**
 * Properties ("attributes") as Envoy's Wasm extension shows them. In: the tree that a test gave, the stream's headers and
 * filter state, a path. Out: bytes as Envoy serializes them, undefined = NotFound. No effects.
 */
import { MAP } from "./abi.ts";
import { concat, toBytes, toText } from "./bytes.ts";
import { firstValue, type Line } from "./header-map.ts";
import { encodeLines } from "./pair-encoding.ts";
import { type ContextState, rootOf, type VmState } from "./state.ts";

export type PropertyValue = string | Uint8Array | number | bigint | boolean | PropertyTree | readonly PropertyValue[];
export interface PropertyTree {
  readonly [name: string]: PropertyValue;
}

export function findProperty(
  vm: VmState,
  context: ContextState | undefined,
  path: readonly string[],
): Uint8Array | undefined {
  const [top, ...rest] = path;
  if (top === undefined) return undefined;
  const start = topValue(vm, context, top);
  const value = rest.reduce<PropertyValue | undefined>(step, start);
  return value === undefined ? undefined : serialize(value);
}

function topValue(vm: VmState, context: ContextState | undefined, name: string): PropertyValue | undefined {
  const root = rootOf(context);
  if (name === "plugin_root_id") return root?.rootId;
  if (name === "plugin_name") return root?.pluginName;
  if (name === "plugin_vm_id") return vm.id;
  if (context?.kind !== "stream") return step(vm.shared.properties, name);
  const given = step(context.properties, name) ?? step(vm.shared.properties, name);
  if (name === "filter_state") return { ...stateTree(context.filterState), ...(isTree(given) ? given : {}) };
  const derived = name === "request" ? requestTree(context.maps.get(MAP.requestHeaders) ?? []) : undefined;
  if (derived) return { ...derived, ...(isTree(given) ? given : {}) };
  return given ?? context.filterState.get(name);
}

// setProperty writes under the name "wasm.x"; getProperty reads it as "x" or through filter_state by its full name.
function stateTree(state: ReadonlyMap<string, Uint8Array>): PropertyTree {
  return Object.fromEntries([...state].map(([name, value]) => [`wasm.${name}`, value]));
}

function requestTree(headers: readonly Line[]): PropertyTree {
  const text = (name: string) => {
    const value = firstValue(headers, name);
    return value === undefined ? undefined : toText(value);
  };
  const path = text(":path");
  const query = path?.indexOf("?") ?? -1;
  const found = {
    method: text(":method"),
    path,
    url_path: query < 0 ? path : path?.slice(0, query),
    query: query < 0 ? "" : path?.slice(query + 1),
    host: text(":authority"),
    scheme: text(":scheme"),
    useragent: text("user-agent"),
    referer: text("referer"),
    id: text("x-request-id"),
  };
  // Here, unlike in getHeader, all lines of one name are joined.
  const joined = new Map<string, Uint8Array>();
  for (const { name, value } of headers) {
    const before = joined.get(name);
    joined.set(name, before ? concat([before, toBytes(","), value]) : value);
  }
  const present = Object.entries(found).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(present), headers: Object.fromEntries(joined) };
}

function step(value: PropertyValue | undefined, name: string): PropertyValue | undefined {
  if (isList(value)) return /^\d{1,6}$/.test(name) ? value[Number(name)] : undefined;
  return isTree(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isList(value: PropertyValue | undefined): value is readonly PropertyValue[] {
  return Array.isArray(value);
}

function isTree(value: PropertyValue | undefined): value is PropertyTree {
  return typeof value === "object" && !isList(value) && !(value instanceof Uint8Array);
}

function serialize(value: PropertyValue): Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return toBytes(value);
  if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
  const number = Buffer.alloc(8);
  if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value))) {
    number.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
    return number;
  }
  if (typeof value === "number") {
    number.writeDoubleLE(value);
    return number;
  }
  const entries = isList(value) ? value.map((item) => ["", item] as const) : Object.entries(value);
  return encodeLines(
    entries.map(([name, item]) =>
      isList(value)
        ? { name: Buffer.from(serialize(item)).toString("latin1"), value: new Uint8Array(0) }
        : { name: Buffer.from(name).toString("latin1"), value: serialize(item) },
    ),
  );
}
