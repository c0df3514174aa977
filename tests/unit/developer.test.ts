import { existsSync } from "node:fs";
import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { developerSettings } from "#lib/session/developer.js";
import { readSettings, type Settings } from "#lib/settings.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let home: string;
let said: string[];

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "shopmetrics-developer-"));
  said = [];
});

afterEach(() => rm(home, { recursive: true, force: true }));

const settings = (env: Record<string, string> = {}) =>
  readSettings({ SHOPMETRICS_HOME: home, SHOPMETRICS_DEV: "ann", ...env });
const note = (text: string) => void said.push(text);

async function execute({ warehouse }: Pick<Settings, "warehouse">, sql: string) {
  const engine = await openDuckdb({ file: warehouse });
  const connection = await engine.connect();
  try {
    return (await connection.query(sql)).rows;
  } finally {
    await connection.close();
    await engine.close();
  }
}

describe("a developer's own tables", () => {
  it("are a copy of the warehouse, whose changes the warehouse does not see", async () => {
    await execute(settings(), "create table t as select 1 as n");
    const own = await developerSettings(settings(), note);
    expect(own.warehouse).toBe(path.join(home, "dev_ann.duckdb"));
    await execute(own, "update t set n = 2");
    expect(await execute(own, "from t")).toEqual([{ n: 2 }]);
    expect(await execute(settings(), "from t")).toEqual([{ n: 1 }]);
    expect(said[0]).toMatch(
      /^Working in dev_ann\.duckdb, your own copy of the warehouse: .*SHOPMETRICS_DEV=off/,
    );
  });

  it("are kept from one notebook to the next, which is told when the warehouse has changed since", async () => {
    await execute(settings(), "create table t as select 1 as n");
    await execute(await developerSettings(settings(), note), "update t set n = 2");
    const again = await developerSettings(settings(), note);
    expect(await execute(again, "from t")).toEqual([{ n: 2 }]);
    expect(said[1]).toBe("Working in dev_ann.duckdb, your own copy of the warehouse.");
    await utimes(settings().warehouse, new Date(), new Date(2e12));
    await developerSettings(settings(), note);
    expect(said[2]).toContain("The warehouse has changed since: `npx shopmetrics clean --dev`");
  });

  it("begin empty where there is no warehouse yet, and make none", async () => {
    const own = await developerSettings(settings(), note);
    await execute(own, "select 1");
    expect(existsSync(settings().warehouse)).toBe(false);
    expect(said[0]).toContain("your own warehouse, which is new");
  });

  it("are not used with SHOPMETRICS_DEV=off", async () => {
    expect((await developerSettings(settings({ SHOPMETRICS_DEV: "off" }), note)).warehouse).toBe(
      settings().warehouse,
    );
    expect(said).toEqual([]);
  });

  it("are a catalog of one's own on Databricks", async () => {
    const workspace = {
      SHOPMETRICS_ENGINE: "databricks",
      DATABRICKS_HOST: "adb-1.2.azuredatabricks.net",
      DATABRICKS_TOKEN: "t",
      DATABRICKS_HTTP_PATH: "/sql/1.0/warehouses/1",
    };
    expect((await developerSettings(settings(workspace), note)).catalog).toBe("dev_ann");
    expect(said[0]).toContain("not in ecommerce");
  });

  it("refuse a name that could lead elsewhere", () => {
    expect(() => settings({ SHOPMETRICS_DEV: "../x" })).toThrow(/^SHOPMETRICS_DEV=\.\.\/x: is not a name/);
  });
});
