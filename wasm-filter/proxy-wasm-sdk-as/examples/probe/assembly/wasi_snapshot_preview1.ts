// WASI imports that Envoy accepts for the plugin's `environment_variables`; the import module's name is this file's name.

/** Writes the number of variables and the bytes that they need; answers an errno, 0 = success. */
export declare function environ_sizes_get(count: usize, size: usize): u32;
/** Writes a pointer for each variable, and the variables as `NAME=value` with a NUL each. */
export declare function environ_get(pointers: usize, text: usize): u32;
