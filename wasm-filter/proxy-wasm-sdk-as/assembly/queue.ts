// Queues between VMs: whoever registers a name is told by `onQueueReady` and takes; others resolve the name and put.

import { Status } from "./abi";
import { nameArgument, valueArgument } from "./argument";
import {
  proxy_dequeue_shared_queue,
  proxy_enqueue_shared_queue,
  proxy_register_shared_queue,
  proxy_resolve_shared_queue,
} from "./env";
import { OUT_EXTRA, OUT_LENGTH, OUT_POINTER, resetOut, takeBytes } from "./received";

/** `token` counts only if `status` is Ok. */
export class Queue {
  status: Status;
  token: u32;

  constructor(status: Status, token: u32) {
    this.status = status;
    this.token = token;
  }
}

export function registerQueue(name: string): Queue {
  const key = nameArgument.put(name);
  resetOut();
  const status = <Status>proxy_register_shared_queue(key.pointer, key.length, OUT_EXTRA);
  return new Queue(status, load<u32>(OUT_EXTRA));
}

/** NotFound until a VM with that `vmId` has registered the name. */
export function resolveQueue(vmId: string, name: string): Queue {
  const vm = valueArgument.put(vmId);
  const key = nameArgument.put(name);
  resetOut();
  const status = <Status>proxy_resolve_shared_queue(vm.pointer, vm.length, key.pointer, key.length, OUT_EXTRA);
  return new Queue(status, load<u32>(OUT_EXTRA));
}

/** The oldest message; null if the queue is empty or unknown. */
export function dequeue(token: u32): Uint8Array | null {
  resetOut();
  return proxy_dequeue_shared_queue(token, OUT_POINTER, OUT_LENGTH) == Status.Ok ? takeBytes() : null;
}

export function enqueue(token: u32, message: Uint8Array): Status {
  return <Status>proxy_enqueue_shared_queue(token, message.dataStart, <u32>message.length);
}
