import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { TVMLAB_VERSION: JSON.stringify("of the test") },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    testTimeout: 300_000, // a busy machine takes longer than the 5 s that are usual
  },
});
