// Data that all VMs with one `vm_id` share, over all worker threads of one proxy; compare-and-set by `cas`.

import { Status } from "./abi";
import { nameArgument } from "./argument";
import { proxy_get_shared_data, proxy_set_shared_data } from "./env";
import { OUT_EXTRA, OUT_LENGTH, OUT_POINTER, resetOut, takeBytes } from "./received";

/** `value` is null exactly if `status` is not Ok; NotFound is an absent key. */
export class SharedValue {
  status: Status;
  value: Uint8Array | null;
  cas: u32;

  constructor(status: Status, value: Uint8Array | null, cas: u32) {
    this.status = status;
    this.value = value;
    this.cas = cas;
  }
}

export function getSharedData(key: string): SharedValue {
  const name = nameArgument.put(key);
  resetOut();
  const status = <Status>proxy_get_shared_data(name.pointer, name.length, OUT_POINTER, OUT_LENGTH, OUT_EXTRA);
  if (status != Status.Ok) return new SharedValue(status, null, 0);
  const value = takeBytes();
  return new SharedValue(value === null ? Status.InvalidMemoryAccess : Status.Ok, value, load<u32>(OUT_EXTRA));
}

/** Writes if nobody wrote since `cas` was read (CasMismatch otherwise); cas 0 writes always. */
export function setSharedData(key: string, value: Uint8Array, cas: u32 = 0): Status {
  const name = nameArgument.put(key);
  return <Status>proxy_set_shared_data(name.pointer, name.length, value.dataStart, <u32>value.length, cas);
}
