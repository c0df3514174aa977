import { defineConfig } from "vitest/config";
import { notebooks } from "./build/src/notebook-plugin.ts";

export default defineConfig({
  plugins: [notebooks()],
  test: {
    environment: "node",
    passWithNoTests: true,
    // The compiled package is loaded by Node itself, so that a test, the notebook it imports and the compiler's own
    // modules share one instance of it. `npm test` compiles first.
    server: { deps: { external: [/\/(lib|build)\/dist\//] } },
    execArgv: ["--enable-source-maps"],
    projects: [
      { extends: true, test: { name: "unit", include: ["tests/unit/**/*.test.ts"], testTimeout: 10_000 } },
      { extends: true, test: { name: "steps", include: ["tests/steps/**/*.test.ts"], testTimeout: 30_000 } },
      {
        extends: true,
        test: {
          name: "system",
          include: ["tests/system/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
