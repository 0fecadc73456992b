// WASI imports that Envoy accepts and that we need; the import module's name is this file's name.

/** Fills `length` bytes at `pointer`; answers a WASI errno, 0 = success. */
export declare function random_get(pointer: usize, length: u32): u32;

/** Writes nanoseconds at `time`: clock 0 is the wall clock, 1 never goes back. Answers a WASI errno, 0 = success. */
export declare function clock_time_get(clock: u32, precision: u64, time: usize): u32;
