/**
 * `experimental.envoy.filters.X[Y]`: dynamic metadata of the filter `envoy.filters.X`, member Y. Pure.
 * A value in brackets asks for a string element of a list, any other for a string. An external server sees metadata
 * only where Envoy's `metadata_context_namespaces` sends it; what is not sent does not match.
 */
import type { JsonValue } from "../model.ts";
import { listMatches } from "./claim.ts";
import type { Facts, Test } from "./facts.ts";
import type { Field } from "./field.ts";
import { anyPattern } from "./string-pattern.ts";

/** @param key the condition's key without `experimental.` */
export function metadataField(key: string): Field {
  const body = key.endsWith("]") ? key.slice(0, -1) : key;
  const open = body.indexOf("[");
  const filter = body.slice(0, Math.max(open, 0));
  const member = body.slice(open + 1);
  return {
    httpOnly: false,
    reads: ["metadata"],
    usable: () => open >= 0,
    test: (values) => metadataTest(filter, member, values),
  };
}

function metadataTest(filter: string, member: string, values: readonly string[]): Test {
  const isList = (value: string) => value.startsWith("[") && value.endsWith("]");
  const text = anyPattern(
    values.filter((value) => !isList(value)),
    "non-empty",
  );
  const element = anyPattern(values.filter(isList).map(trimBrackets), "non-empty");
  return (facts) => {
    const value = memberOf(facts, filter, member);
    return typeof value === "string" ? text(value) : listMatches(value, element);
  };
}

/** All outer brackets go, as in Istio: `[[a]]` asks for `a`. */
function trimBrackets(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && "[]".includes(value.charAt(start))) start++;
  while (end > start && "[]".includes(value.charAt(end - 1))) end--;
  return value.slice(start, end);
}

function memberOf(facts: Facts, filter: string, member: string): JsonValue | undefined {
  const metadata = facts.request.metadata.get(filter);
  return metadata !== undefined && Object.hasOwn(metadata, member) ? metadata[member] : undefined;
}
