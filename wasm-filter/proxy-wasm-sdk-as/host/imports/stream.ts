/** Steering of streams and contexts, and the local reply. In: stream types, ids. Out: Status; marks on the stream. */
import { MAP, STATUS, STREAMS } from "../abi.ts";
import { toText } from "../bytes.ts";
import { readable } from "../header-map.ts";
import { decodeLines } from "../pair-encoding.ts";
import { acting, streamOf, type VmState } from "../state.ts";
import type { Imports } from "./imports.ts";

// As in Envoy: what waited goes on, and is the guest's no more.
const PASSED: Readonly<Record<string, readonly number[]>> = {
  request: [MAP.requestHeaders, MAP.requestTrailers],
  response: [MAP.responseHeaders, MAP.responseTrailers],
};

export function streamImports(vm: VmState): Imports {
  return {
    proxy_continue_stream(type: number) {
      const name = STREAMS[type];
      if (!name) return STATUS.badArgument;
      const stream = streamOf(acting(vm));
      if (!stream) return STATUS.unimplemented;
      stream.continued.add(name);
      for (const map of PASSED[name] ?? []) stream.passed.add(map);
      return STATUS.ok;
    },
    proxy_close_stream(type: number) {
      const name = STREAMS[type];
      if (!name) return STATUS.badArgument;
      const stream = streamOf(acting(vm));
      if (!stream) return STATUS.unimplemented;
      stream.closed.add(name);
      return STATUS.ok;
    },
    proxy_send_local_response(
      status: number,
      details: number,
      detailsSize: number,
      body: number,
      bodySize: number,
      headers: number,
      headersSize: number,
      grpcStatus: number,
    ) {
      const text = vm.memory.read(details, detailsSize);
      const bytes = vm.memory.read(body, bodySize);
      const pairs = vm.memory.read(headers, headersSize);
      if (!text || !bytes || !pairs) return STATUS.invalidMemoryAccess;
      const stream = streamOf(acting(vm));
      // Only the first reply of a stream is sent.
      if (stream && !stream.localReply) {
        const lines = readable(decodeLines(pairs) ?? []);
        stream.localReply = { status, headers: lines, body: bytes, details: toText(text), grpcStatus: grpcStatus | 0 };
      }
      return STATUS.ok;
    },
    proxy_set_effective_context(id: number) {
      const context = vm.contexts.get(id >>> 0);
      if (!context) return STATUS.badArgument;
      vm.effective = context;
      return STATUS.ok;
    },
    proxy_done() {
      const context = acting(vm);
      if (!context) return STATUS.notFound;
      vm.shared.tasks.push(() => vm.finish(context));
      return STATUS.ok;
    },
  };
}
