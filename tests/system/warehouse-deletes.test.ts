import { openDatabricks, type DatabricksEngine } from "#lib/engine/databricks/engine.js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { contentsOf, expected, peopleOn, play, type People } from "../deletes.ts";
import { whyNotReady } from "../services/warehouse/install.ts";
import { start, type Warehouse } from "../services/warehouse/start.ts";

/*
 * Deletions of a change stream, by the tasks as a bundle deploys them, of which some are killed behind any of their statements.
 *
 * DELETE_RUNS=2 DELETE_SEED=100 CI=true npx vitest run --project system tests/system/warehouse-deletes.test.ts
 */
const byHand = process.env["DELETE_RUNS"];
const runs = Number(byHand ?? 1);
const first = Number(process.env["DELETE_SEED"] ?? 7);
// A batch takes 20 s.
const batches = byHand ? Infinity : 2;

// In CI a missing service is a failure, so nothing is asked before.
const absent = process.env["CI"] ? undefined : await whyNotReady();

describe.skipIf(absent)(`deletions on a SQL warehouse${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let warehouse: Warehouse;
  let engine: DatabricksEngine;
  let lake: People;
  beforeAll(async () => {
    warehouse = await start();
    engine = await openDatabricks(warehouse.address);
    lake = await peopleOn(engine, warehouse.catalog);
  });
  beforeEach(() => lake.empty());
  afterAll(async () => {
    await lake?.connection.close();
    await engine?.close();
    await warehouse?.stop();
  });

  it.for(Array.from({ length: runs }, (_, index) => first + index))(
    "leave what the plain model says: stream %i",
    async (seed) => {
      const { come, ...published } = await play(lake, seed, batches);
      expect(await contentsOf(lake)).toEqual(expected(come));
      expect(published).toEqual({ again: 0, full: 0 });
    },
  );
});
