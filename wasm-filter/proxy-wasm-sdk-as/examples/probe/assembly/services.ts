// Commands of more than one call: each answers the Status of every call in it.

import {
  bytesOf,
  defineMetric,
  dequeue,
  enqueue,
  getMetric,
  grpcCall,
  grpcClose,
  grpcSend,
  grpcService,
  grpcStream,
  incrementMetric,
  MetricType,
  randomFill,
  recordMetric,
  registerQueue,
  resolveQueue,
} from "proxy-wasm-sdk-as/assembly";
import { shown } from "./shown";

export function metric(type: MetricType, delta: i64): string {
  const id = defineMetric(type, "probe_" + type.toString());
  const increment = incrementMetric(id, delta);
  return increment.toString() + " " + recordMetric(id, 7).toString() + " " + getMetric(id).toString();
}

export function queue(name: string): string {
  const own = registerQueue(name);
  const found = resolveQueue("", name);
  const absent = resolveQueue("", name + "-absent");
  const put = enqueue(found.token, bytesOf("m1"));
  const first = shown(dequeue(own.token));
  return (
    [own.status, found.status, absent.status, put].join(" ") +
    first +
    shown(dequeue(own.token)) +
    enqueue(99999, bytesOf("")).toString()
  );
}

export function random(size: i32): string {
  const bytes = new Uint8Array(size);
  if (!randomFill(bytes)) return "refused";
  let any = false;
  for (let i = 0; i < size; i++) any = any || bytes[i] != 0;
  return any.toString();
}

export function grpc(): string {
  const call = grpcCall(grpcService("keys"), "acme.Keys", "Get", [["k", "v"]], bytesOf("q"), 100);
  const stream = grpcStream(grpcService("keys"), "acme.Keys", "Watch", []);
  const sent = grpcSend(stream.token, bytesOf("one"), true);
  const late = grpcSend(stream.token, bytesOf("two"), false);
  return [call.status, stream.status, sent, late, grpcClose(stream.token), grpcClose(4242)].join(" ");
}
