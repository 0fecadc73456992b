// Time and chance, both from the host.

import { Status } from "./abi";
import { proxy_get_current_time_nanoseconds, proxy_set_tick_period_milliseconds } from "./env";
import { OUT_POINTER, resetOut } from "./received";
import { clock_time_get, random_get } from "./wasi_snapshot_preview1";

// WASI's number of it.
const MONOTONIC: u32 = 1;

/** Nanoseconds since the epoch; 0 if the host has no clock, which a caller must take as "unknown", not as early. */
export function now(): u64 {
  resetOut();
  return proxy_get_current_time_nanoseconds(OUT_POINTER) == Status.Ok ? load<u64>(OUT_POINTER) : 0;
}

/** Nanoseconds since some start, never going back, for spans of time; 0 if the host has no such clock. */
export function monotonicNow(): u64 {
  resetOut();
  return clock_time_get(MONOTONIC, 1, OUT_POINTER) == 0 ? load<u64>(OUT_POINTER) : 0;
}

/** Calls the current root's `onTick` every `milliseconds`; 0 stops it. */
export function setTickPeriod(milliseconds: u32): Status {
  return <Status>proxy_set_tick_period_milliseconds(milliseconds);
}

/** Fills the bytes with the host's cryptographic randomness; false if it has none, and then they must not be used. */
export function randomFill(bytes: Uint8Array): bool {
  return random_get(bytes.dataStart, <u32>bytes.length) == 0;
}
