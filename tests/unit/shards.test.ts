/**
 * `tests/shards.json`: how the tests are divided among the jobs of CI. Of a shard, `files` are test files or whole folders,
 * `needs` are the services that `.ci/run` installs for it, and `seconds` is about what it takes on two processors.
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import shards from "../shards.json" with { type: "json" };
import { reached, readModules } from "./modules.ts";

const root = path.resolve(import.meta.dirname, "../..");
const testFiles = readdirSync(path.join(root, "tests"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => path.posix.join("tests", ...name.split(path.sep)));
const isIn = (file: string, entry: string) => (entry.endsWith("/") ? file.startsWith(entry) : file === entry);

describe("shards", () => {
  it("hold each test file once", () => {
    const entries = Object.values(shards).flatMap(({ files }) => files);
    const counts = testFiles.map((file) => [file, entries.filter((entry) => isIn(file, entry)).length]);
    expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
    expect(entries.filter((entry) => !existsSync(path.join(root, entry)))).toEqual([]);
  });

  it("take at most eight minutes, which leaves two of the ten for installing; days of the shop on Spark take longer", () => {
    for (const [name, { seconds }] of Object.entries(shards))
      expect(seconds, name).toBeLessThanOrEqual(name === "spark" ? 1500 : 480);
  });

  it("are given the services that their tests use, and no others", () => {
    const modules = readModules(["tests"]);
    const text = new Map(modules.map((one) => [one.file, one.text]));
    const uses: Record<string, (file: string) => boolean> = {
      spark: (file) => file === "tests/services/warehouse/start.ts",
      stripe: (file) => file === "tests/services/stripe/start-mock.ts",
      kafka: (file) => file === "tests/services/kafka/start.ts",
      mongo: (file) => file === "tests/services/mongo/start.ts",
      postgres: (file) => file === "tests/services/postgres/start.ts",
      registry: (file) => file === "tests/services/registry/start.ts",
      chromium: (file) => file === "tests/system/browser.ts",
      python: (file) => file === "build/src/commands/jupyter.ts" || /"\.venv/.test(text.get(file) ?? ""),
    };
    for (const [name, { files, needs }] of Object.entries(shards)) {
      const own = testFiles.filter((file) => files.some((entry) => isIn(file, entry)));
      const read = own.flatMap((file) => [file, ...reached(modules, file)]);
      const used = Object.keys(uses).filter((service) => read.some(uses[service]!));
      expect([name, ...used.toSorted()]).toEqual([name, ...needs.toSorted()]);
    }
  });
});
