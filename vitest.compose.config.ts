/** The tests that need a Docker engine (`npm run test:compose`): images are there before they begin. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/compose/*.compose.ts"], testTimeout: 120_000, hookTimeout: 300_000 },
});
