import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { notebooks } from "./build/src/notebook/plugin.ts";

/** Files that take long, the longest first: begun last, one of them would keep everybody waiting. */
const long = [
  "warehouse",
  "capture",
  "database",
  "kernel",
  "site",
  "docs",
  "kafka",
  "bad-input",
  "kafka-kill",
  "twice",
  "kill",
  "changed",
  "stripe",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const place = ({ moduleId }: TestSpecification) => {
      // Soon after its begin the warehouse's test wants what the step tests leave on record.
      if (moduleId.includes("/steps/")) return 0.5;
      const found = long.findIndex((name) => moduleId.endsWith(`/system/${name}.test.ts`));
      return found < 0 ? long.length : found;
    };
    const usual = await BaseSequencer.prototype.sort.call(this, files);
    return usual.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  plugins: [notebooks()],
  test: {
    environment: "node",
    passWithNoTests: true,
    // The compiled package is loaded by Node itself, so that a test, the notebook it imports and the compiler's own
    // modules share one instance of it. `npm test` compiles first.
    server: { deps: { external: [/\/(lib|build)\/dist\//] } },
    execArgv: ["--enable-source-maps"],
    // Many files start processes of their own: on two processors, a third file at a time gains nothing.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    // These end what hangs. They say nothing of speed, so a machine may be ten times slower than a quiet one.
    testTimeout: 300_000,
    hookTimeout: 1_200_000,
    projects: ["unit", "steps", "system"].map((name) => ({
      extends: true,
      test: { name, include: [`tests/${name}/**/*.test.ts`] },
    })),
  },
});
