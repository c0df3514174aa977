import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { change, contentsOf, expected, peopleOn, play, stepNames, type Change, type People } from "../deletes.ts";

// DELETE_RUNS=5000 npx vitest run --project unit tests/unit/deletes.test.ts
// A failure names its seed: DELETE_SEED=<seed> DELETE_RUNS=1 runs that stream alone.
const runs = Number(process.env["DELETE_RUNS"] ?? 25);
const first = Number(process.env["DELETE_SEED"] ?? 1);

let engine: Awaited<ReturnType<typeof openDuckdb>>;
let lake: People;
beforeEach(async () => {
  engine = await openDuckdb({ file: ":memory:", threads: 1 });
  lake = await peopleOn(engine, "memory");
});
afterEach(async () => {
  await lake.connection.close();
  await engine.close();
});


/** Batches that arrive one after the other, with a run after each; how many rows the last one wrote. */
async function arriving(...batches: readonly Change[][]): Promise<number> {
  let wrote = 0;
  for (const batch of batches) {
    wrote = 0;
    await lake.arrive(batch);
    for (const step of stepNames) wrote += await lake.run(step);
  }
  return wrote;
}

describe("whatever a change stream brings, however it is cut", () => {
  it.for(Array.from({ length: runs }, (_, index) => first + index))(
    "both verbs hold what the plain model says: stream %i",
    async (seed) => {
      const { come, ...published } = await play(lake, seed);
      expect(await contentsOf(lake)).toEqual(expected(come));
      expect(published).toEqual({ again: 0, full: 0 });
    },
  );
});
