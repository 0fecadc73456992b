/**
 * HTTP and gRPC callouts, recorded for the test to answer. In: cluster, headers, bodies from the guest. Out: Status and a
 * token. As in Envoy every call belongs to the root of the context that made it.
 */
import { STATUS } from "../abi.ts";
import { toText } from "../bytes.ts";
import { firstValue, type Line, readable } from "../header-map.ts";
import { decodeLines } from "../pair-encoding.ts";
import { acting, type PendingCall, rootOf, type VmState } from "../state.ts";
import type { Imports } from "./imports.ts";

// As in Envoy a token tells its kind: a token of another kind is a bad argument, an unknown one is not found.
const KINDS: readonly PendingCall["kind"][] = ["http", "grpc call", "grpc stream"];

type Span = readonly [pointer: number, size: number];

export function calloutImports(vm: VmState): Imports {
  const record = (call: Omit<PendingCall, "token" | "closed">, tokenOut: number): number => {
    const root = rootOf(acting(vm));
    if (!root) return STATUS.badArgument;
    const { clusters } = vm.shared;
    if (call.kind === "http" && clusters && !clusters.has(call.upstream)) return STATUS.badArgument;
    const token = vm.nextToken++ * 4 + KINDS.indexOf(call.kind);
    root.calls.set(token, { ...call, token, closed: false });
    return vm.memory.writeU32(tokenOut, token) ? STATUS.ok : STATUS.invalidMemoryAccess;
  };
  const texts = (...spans: Span[]): string[] | undefined => {
    const all = spans.map(([pointer, size]) => vm.memory.read(pointer, size));
    return all.flatMap((bytes) => (bytes ? [toText(bytes)] : [])).length === spans.length
      ? all.map((bytes) => toText(bytes ?? new Uint8Array(0)))
      : undefined;
  };
  const lines = ([pointer, size]: Span): Line[] | undefined => {
    const bytes = vm.memory.read(pointer, size);
    return bytes && decodeLines(bytes);
  };
  const grpc = (
    kind: "grpc call" | "grpc stream",
    spans: Span[],
    meta: Span,
    message: Span | undefined,
    timeout: number,
    out: number,
  ) => {
    const names = texts(...spans);
    const metadata = lines(meta);
    const bytes = message && vm.memory.read(...message);
    if (!names || !metadata || (message && !bytes)) return STATUS.invalidMemoryAccess;
    const [upstream = "", service = "", method = ""] = names;
    const shape = {
      kind,
      upstream,
      method: `${service}/${method}`,
      headers: readable(metadata),
      trailers: [],
      timeout,
    };
    return record({ ...shape, messages: bytes ? [bytes] : [] }, out);
  };
  const open = (token: number, kinds: readonly PendingCall["kind"][]): PendingCall | number => {
    const kind = KINDS[token & 3];
    if (!kind || !kinds.includes(kind)) return STATUS.badArgument;
    return rootOf(acting(vm))?.calls.get(token >>> 0) ?? STATUS.notFound;
  };
  const drop = (token: number): number => {
    const call = open(token, ["grpc call", "grpc stream"]);
    if (typeof call === "number") return call;
    rootOf(acting(vm))?.calls.delete(token >>> 0);
    return STATUS.ok;
  };
  return {
    proxy_http_call(
      u: number,
      us: number,
      h: number,
      hs: number,
      b: number,
      bs: number,
      t: number,
      ts: number,
      timeout: number,
      out: number,
    ) {
      const names = texts([u, us]);
      const head = lines([h, hs]);
      const tail = lines([t, ts]);
      const body = vm.memory.read(b, bs);
      if (!names || !head || !tail || !body) return STATUS.invalidMemoryAccess;
      if (timeout < 0 || [":method", ":path", ":authority"].some((name) => !firstValue(head, name)))
        return STATUS.badArgument;
      const shape = { kind: "http", upstream: names[0] ?? "", method: "", timeout, messages: [body] } as const;
      return record({ ...shape, headers: readable(head), trailers: readable(tail), messages: [body] }, out);
    },
    proxy_grpc_call: (
      u: number,
      us: number,
      s: number,
      ss: number,
      m: number,
      ms: number,
      i: number,
      is: number,
      b: number,
      bs: number,
      timeout: number,
      out: number,
    ) =>
      grpc(
        "grpc call",
        [
          [u, us],
          [s, ss],
          [m, ms],
        ],
        [i, is],
        [b, bs],
        timeout,
        out,
      ),
    proxy_grpc_stream: (
      u: number,
      us: number,
      s: number,
      ss: number,
      m: number,
      ms: number,
      i: number,
      is: number,
      out: number,
    ) =>
      grpc(
        "grpc stream",
        [
          [u, us],
          [s, ss],
          [m, ms],
        ],
        [i, is],
        undefined,
        0,
        out,
      ),
    proxy_grpc_send(token: number, message: number, size: number, endStream: number) {
      const bytes = vm.memory.read(message, size);
      if (!bytes) return STATUS.invalidMemoryAccess;
      const call = open(token, ["grpc stream"]);
      if (typeof call === "number") return call;
      if (call.closed) return STATUS.badArgument;
      call.messages.push(bytes);
      call.closed = endStream !== 0;
      return STATUS.ok;
    },
    proxy_grpc_cancel: drop,
    proxy_grpc_close: drop,
  };
}
