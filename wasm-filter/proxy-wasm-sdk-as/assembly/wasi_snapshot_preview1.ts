// The one WASI import that Envoy accepts and that we need; the import module's name is this file's name.

/** Fills `length` bytes at `pointer`; answers a WASI errno, 0 = success. */
export declare function random_get(pointer: usize, length: u32): u32;
