import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { tables } from "#lib/shop/index.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { dbtProject, findDbt, listDbt, needDbt, openDbt } from "../bench/dbt.ts";
import { measurePython } from "../bench/measure.ts";

const root = path.resolve(import.meta.dirname, "../..");
const dbt = await findDbt(path.join(root, ".shopmetrics"));
const python = await promisify(execFile)("python3", ["--version"]).then(
  () => true,
  () => false,
);

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-dbt-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = (...names: string[]) => readFile(path.join(dbtProject, ...names), "utf8");
const layers = ["bronze", "silver", "gold"];

/** The project's models, as `<layer>.<table>`; staging is dbt's own. */
async function models(): Promise<string[]> {
  const found: string[] = [];
  for (const layer of layers)
    for (const file of await readdir(path.join(dbtProject, "models", layer)))
      found.push(`${layer}.${path.basename(file, ".sql")}`);
  return found.toSorted();
}

describe("the dbt project that the benchmark compares with", () => {
  it("has a model for each of our tables, and no other", async () => {
    const ours = [...tables.keys()]
      .filter((name) => layers.some((layer) => name.startsWith(`${layer}.`)))
      // Positions of a broker, changes of a database, and what comes from MongoDB, which the benchmark has not.
      .filter(
        (name) =>
          !/^(bronze\.(\w+_changes|\w*topic_starts|database_\w+)|\w+\.product_(reviews|ratings))$/.test(name),
      );
    expect(await models()).toEqual(ours.toSorted());
  });

  it("has every column of our tables", async () => {
    const macros = await Promise.all(
      (await readdir(path.join(dbtProject, "macros"))).map((name) => text("macros", name)),
    );
    for (const name of await models()) {
      const [layer = "", table = ""] = name.split(".");
      const words = new Set([await text("models", layer, `${table}.sql`), ...macros].join(" ").match(/\w+/g));
      const columns = tables.get(name)!.columns.map((column) => column.name);
      expect({ name, missing: columns.filter((column) => !words.has(column)) }).toEqual({
        name,
        missing: [],
      });
    }
  });

  it("runs the DuckDB that we run", async () => {
    const packageFile = path.join(root, "node_modules/@duckdb/node-api/package.json");
    const { version } = JSON.parse(await readFile(packageFile, "utf8")) as { version: string };
    expect(await text("requirements.txt")).toContain(`\nduckdb==${version.replace(/-.*/, "")}\n`);
  });

  it.skipIf(!dbt)("is read by dbt, where dbt is installed", { timeout: 60_000 }, async () => {
    const listed = await listDbt(await openDbt(dbt!, path.join(folder, "dbt")));
    expect(listed.filter((name) => !name.startsWith("staging."))).toEqual(await models());
  });
});

describe("npm run bench -- --vs", () => {
  it("says what to install where dbt is missing", async () => {
    vi.stubEnv("PATH", folder);
    await expect(needDbt(path.join(folder, "home"))).rejects.toThrow(
      /^No dbt with dbt-duckdb was found: python3 -m venv (\S+home\/dbt) && \1\/bin\/pip install -r tests\/bench\/dbt\/requirements\.txt$/,
    );
    vi.unstubAllEnvs();
  });

  it("ends with 2 where it cannot compare", async () => {
    const run = promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "tests/bench/main.ts", "--vs", "make"],
      {
        cwd: root,
      },
    );
    await expect(run).rejects.toMatchObject({ code: 2, stderr: '--vs takes dbt, not "make".\n' });
  });
});

describe.skipIf(!python)("a measured Python program", () => {
  const measured = (code: string) =>
    measurePython("python3", ["timeit", "-n1", "-r1", code], { usage: path.join(folder, "usage.json") });

  it("has its children's CPU and its peak memory", async () => {
    const child =
      "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(bytes([1]) * 100_000_000)'])";
    const [idle, busy] = [await measured("pass"), await measured(child)];
    expect(busy.cpu).toBeGreaterThan(idle.cpu + 0.3);
    expect(busy.memory).toBeGreaterThan(95);
    expect(busy.memory).toBeLessThan(200);
  });

  it("fails with its output", async () => {
    await expect(measured("raise ValueError('no rows')")).rejects.toThrow(/exited with 1:[^]*no rows/);
  });
});
