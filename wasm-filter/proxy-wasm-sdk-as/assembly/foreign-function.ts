// Functions that a host offers beyond the ABI (Envoy: `verify_signature`, `clear_route_cache`, …); arguments and results
// are bytes in the form that the function documents.

import { Status } from "./abi";
import { nameArgument } from "./argument";
import { proxy_call_foreign_function } from "./env";
import { OUT_LENGTH, OUT_POINTER, resetOut, takeBytes } from "./received";

/** `value` is null exactly if `status` is not Ok. */
export class ForeignResult {
  status: Status;
  value: Uint8Array | null;

  constructor(status: Status, value: Uint8Array | null) {
    this.status = status;
    this.value = value;
  }
}

/** The result, length 0 if the function returns nothing; null if it is unknown or failed. */
export function callForeignFunction(name: string, args: Uint8Array): Uint8Array | null {
  return tryForeignFunction(name, args).value;
}

/** As `callForeignFunction`, with the host's Status. */
export function tryForeignFunction(name: string, args: Uint8Array): ForeignResult {
  const key = nameArgument.put(name);
  resetOut();
  const status = <Status>(
    proxy_call_foreign_function(key.pointer, key.length, args.dataStart, <u32>args.length, OUT_POINTER, OUT_LENGTH)
  );
  // Envoy hands over a result even with a failure: it must be taken, or it stays pinned for ever.
  const value = takeBytes();
  if (status != Status.Ok) return new ForeignResult(status, null);
  return new ForeignResult(value === null ? Status.InvalidMemoryAccess : Status.Ok, value);
}
