import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openDatabricks } from "#lib/engine/databricks/engine.js";
import { afterAll, beforeAll, describe } from "vitest";
import { whyNotReady } from "../services/warehouse/install.ts";
import { start, type Warehouse } from "../services/warehouse/start.ts";
import { answerTests } from "./warehouse/answers.ts";
import { engineTests } from "./warehouse/engine.ts";
import { liveTests } from "./warehouse/live.ts";
import { sqlTaskTests } from "./warehouse/sql-tasks.ts";

// In CI a missing service is a failure, so nothing is asked before.
const absent = process.env["CI"] ? undefined : await whyNotReady();

/* All that needs a warehouse, on one: Spark takes long to start, and longer to warm up. */
describe.skipIf(absent)(`a SQL warehouse${absent ? ` (skipped: ${absent})` : ""}`, () => {
  const home = mkdtempSync(path.join(tmpdir(), "shopmetrics-days-"));
  let warehouse: Warehouse;
  const given = () => warehouse;

  beforeAll(async () => {
    warehouse = await start();
  });
  afterAll(async () => {
    await warehouse?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  describe("the engine", () => {
    engineTests(given);
    afterAll(empty);
  });
  describe("Spark's answers", () => {
    answerTests(given);
  });
  describe("SQL tasks", () => {
    sqlTaskTests(given, home);
  });
  describe("live", () => {
    liveTests(given, home);
  });

  /** Leaves the warehouse as it was at the start. */
  async function empty(): Promise<void> {
    const { address, catalog, folder } = warehouse;
    const engine = await openDatabricks(address);
    const connection = await engine.connect();
    for (const schema of ["bronze", "silver", "gold", "ops"])
      await connection.execute(`drop schema if exists ${schema} cascade`);
    await connection.execute("create schema bronze");
    await engine.close();
    rmSync(path.join(folder, "volumes", catalog, "bronze/raw_data"), { recursive: true });
    mkdirSync(path.join(folder, "volumes", catalog, "bronze/raw_data"));
  }
});
