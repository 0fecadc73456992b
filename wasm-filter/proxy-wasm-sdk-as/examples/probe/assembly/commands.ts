// The commands of a probe: one host call each, and its result as text.

import {
  addHeader,
  BufferType,
  bytesOf,
  callForeignFunction,
  getBuffer,
  getHeader,
  getPropertyString,
  getSharedData,
  incrementMetric,
  MapType,
  MetricType,
  now,
  removeHeader,
  setEffectiveContext,
  setHeader,
  setHeaderPairs,
  setProperty,
  setSharedData,
  tryForeignFunction,
} from "proxy-wasm-sdk-as/assembly";
import { environment } from "./environment";
import { grpc, metric, queue, random } from "./services";
import { pairs, shown } from "./shown";

/** One command, "verb:name=value", and the text of its result. */
export function run(step: string): string {
  const colon = step.indexOf(":");
  const verb = colon < 0 ? step : step.substring(0, colon);
  const rest = colon < 0 ? "" : step.substring(colon + 1);
  const equals = rest.indexOf("=");
  const name = equals < 0 ? rest : rest.substring(0, equals);
  const value = equals < 0 ? "" : rest.substring(equals + 1);
  const headers = MapType.RequestHeaders;
  if (verb == "pairs") return pairs(headers);
  if (verb == "pairs-of") return pairs(<MapType>parseInt(name));
  if (verb == "get") {
    const found = getHeader(headers, name);
    return found === null ? "(none)" : "[" + found + "]";
  }
  if (verb == "set") return setHeader(headers, name, value).toString();
  if (verb == "add") return addHeader(headers, name, value).toString();
  if (verb == "remove") return removeHeader(headers, name).toString();
  if (verb == "set-response") return setHeader(MapType.ResponseHeaders, name, value).toString();
  if (verb == "replace-all") {
    return setHeaderPairs(headers, [
      [":method", "GET"],
      [":path", "/new"],
      [":authority", "a"],
      ["x-t-new", "é"],
    ]).toString();
  }
  if (verb == "property") {
    const found = getPropertyString(name.split("/"));
    return found === null ? "(none)" : "[" + found + "]";
  }
  if (verb == "set-property") return setProperty([name], bytesOf(value)).toString();
  if (verb == "shared") return setSharedData(name, bytesOf(value)).toString();
  if (verb == "shared-cas") return setSharedData(name, bytesOf("x"), <u32>parseInt(value)).toString();
  if (verb == "get-shared") {
    const found = getSharedData(name);
    return found.status.toString() + shown(found.value);
  }
  if (verb == "metric") return metric(<MetricType>parseInt(name), <i64>parseInt(value));
  if (verb == "no-metric") return incrementMetric(<u32>parseInt(name), 1).toString();
  if (verb == "queue") return queue(name);
  if (verb == "foreign") {
    const result = tryForeignFunction(name, bytesOf(value));
    return result.status.toString() + shown(callForeignFunction(name, bytesOf(value)));
  }
  if (verb == "effective") return setEffectiveContext(<u32>parseInt(name)).toString();
  if (verb == "buffer") return shown(getBuffer(<BufferType>parseInt(name), 0, 10));
  if (verb == "clock") return (now() > 1_600_000_000_000_000_000).toString();
  if (verb == "random") return random(<i32>parseInt(name));
  if (verb == "grpc") return grpc();
  if (verb == "environment") return environment();
  return "unknown " + verb;
}
