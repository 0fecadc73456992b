/**
 * Garbage collection at the door. The module is built with the `minimal` runtime, which never collects by itself, so that no
 * function keeps its locals on a shadow stack: that is 40% of the binary. In come bytes of work
 * done, out goes now and then one full collection.
 *
 * Invariant: only the first statement of a callback calls `tidy`, and only the last of `onConfigure` calls `tidyNow`. At
 * these places every object that is still wanted hangs on a global (contexts in the SDK's registry, roots, keys); anything
 * known to a local variable alone would be freed under its reader. Envoy never enters the VM while a callback runs.
 */

/** Bytes of headers after which a collection is due: garbage is about 30 times as much at worst (JSON nodes). */
const DUE_BYTES: u32 = 65536;
/** What a request costs beside its bytes, in the same coin. */
const REQUEST_BYTES: u32 = 2048;

let owed: u32 = 0;

/** Notes `bytes` of outside input that became objects. */
export function owe(bytes: i32): void {
  owed += REQUEST_BYTES + <u32>max(bytes, 0);
}

export function tidy(): void {
  if (owed >= DUE_BYTES) tidyNow();
}

export function tidyNow(): void {
  owed = 0;
  __collect();
}
