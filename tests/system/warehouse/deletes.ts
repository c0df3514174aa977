import { openDatabricks, type DatabricksEngine } from "#lib/engine/databricks/engine.js";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { contentsOf, expected, peopleOn, play, type People } from "../../deletes.ts";
import type { Warehouse } from "../../services/warehouse/start.ts";

// DELETE_RUNS=20 DELETE_SEED=100 CI=true npx vitest run --project system tests/system/warehouse.test.ts -t deletions
const byHand = process.env["DELETE_RUNS"];
const runs = Number(byHand ?? 1);
// A batch takes 20 s.
const batches = byHand ? Infinity : 2;
const first = Number(process.env["DELETE_SEED"] ?? 7);

/** Deletions of a change stream, by the tasks as a bundle deploys them, of which some are killed behind any of their statements. */
export function deleteTests(given: () => Warehouse): void {
  let engine: DatabricksEngine;
  let lake: People;
  beforeAll(async () => {
    const { address, catalog } = given();
    engine = await openDatabricks(address);
    lake = await peopleOn(engine, catalog);
  });
  beforeEach(() => lake.empty());
  afterAll(async () => {
    await lake?.connection.close();
    await engine?.close();
  });

  it.for(Array.from({ length: runs }, (_, index) => first + index))(
    "leave what the plain model says: stream %i",
    async (seed) => {
      const { come, ...published } = await play(lake, seed, batches);
      expect(await contentsOf(lake)).toEqual(expected(come));
      expect(published).toEqual({ again: 0, full: 0 });
    },
  );
}
