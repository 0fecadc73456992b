import { defineConfig } from "vitest/config";

/** `npm run test:istio`: needs a real istiod and istioctl, which `setup/istio.mjs` builds. Not part of `npm test`. */
export default defineConfig({
  test: {
    include: ["test/istio/**/*.istio.ts"],
    globalSetup: ["test/istio/built.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Each file starts a mesh of its own: nine processes.
    maxWorkers: 1,
  },
});
