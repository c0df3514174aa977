import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "#lib/engine/connection.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { beforeAll, describe, expect, it } from "vitest";
import { leaveFiles } from "../year.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { differences, dump, unread, type Tables } from "./tables.ts";

/** How many runs are killed: a few by default, more by `KILL_RUNS=60 npx vitest run tests/system/kill.test.ts`. */
const killed = Number(process.env["KILL_RUNS"] ?? 4);
const random = seeded(Number(process.env["KILL_SEED"] ?? 1));

describe("a run that is killed and repeated", () => {
  /** Landed files that no run has seen, and a warehouse that has taken in the history but not the days after it. */
  let starts: { shop: Lakehouse; expected: Tables; seconds: number }[];

  beforeAll(async () => {
    const daily = await lakehouse();
    const history = "generate --scale 0.03 --from 2025-09-01 --to 2026-03-01 --faults 0.02 --event-days 5";
    succeeded(await daily.shopmetrics(history));
    succeeded(await daily.shopmetrics("run"));
    succeeded(await daily.shopmetrics("generate --days 2"));
    const fresh = await daily.copy({ warehouse: false });
    starts = [];
    for (const shop of [fresh, daily]) {
      const undisturbed = await shop.copy();
      const run = await undisturbed.shopmetrics("run");
      succeeded(run);
      starts.push({ shop, expected: await dump(undisturbed), seconds: run.seconds });
    }
  });

  it("by SIGKILL at any moment leaves the tables of an undisturbed run", async () => {
    const points: string[] = [];
    for (let index = 0; index < killed; index++) {
      const from = starts[index % starts.length]!;
      const { shop: start, expected, seconds } = from;
      const shop = await start.copy();
      // The moments are spread over the run, each somewhere in its share of it; Node's start is not worth a kill.
      const delay = 1000 * seconds * (0.25 + (0.75 * (index + random())) / killed);
      const run = shop.start("run");
      await sleep(delay);
      run.child.kill("SIGKILL");
      const { signal, stdout, seconds: took } = await run.outcome;
      if (!signal) from.seconds = Math.min(seconds, took);
      const steps = stdout.match(/^✓/gm)?.length ?? 0;
      points.push(signal ? `${Math.round(delay)} ms, ${steps} steps done` : "after the end");

      const again = await shop.shopmetrics("run");
      expect(again, `run after ${points.at(-1)}`).toMatchObject({ code: 0 });
      expect(differences(await dump(shop), expected), `killed at ${points.at(-1)}`).toEqual([]);
      expect(await unread(shop)).toEqual([]);
      await shop.remove();
    }
    const during = points.filter((point) => point !== "after the end");
    console.log(`${during.length} of ${killed} runs killed: ${points.join("; ")}`);
    expect(during.length).toBeGreaterThan(0);
  }, 600_000);

  it("several times over still ends with the tables of an undisturbed run", async () => {
    const { shop: fresh, expected, seconds } = starts[0]!;
    const shop = await fresh.copy();
    for (let index = 0; index < 4; index++) {
      const run = shop.start("run");
      await sleep(1000 * seconds * random());
      run.child.kill("SIGKILL");
      await run.outcome;
    }
    succeeded(await shop.shopmetrics("run"));
    expect(differences(await dump(shop), expected)).toEqual([]);
  });

  it("while it joins small files of messages loses none and loads none twice", async () => {
    const shop = await lakehouse();
    succeeded(await shop.shopmetrics("generate --scale 0.01 --quiet"));
    succeeded(await shop.shopmetrics("run --only +bronze.clickstream_raw"));
    const asked = async <T>(work: (connection: Connection) => Promise<T>, of = shop): Promise<T> => {
      const engine = await openDuckdb({ file: path.join(of.home, "warehouse.duckdb") });
      const connection = await engine.connect();
      try {
        return await work(connection);
      } finally {
        await connection.close();
        await engine.close();
      }
    };
    const count = 600;
    const anHour = "now()::timestamp - interval 40 day + to_hours(n)";
    await asked((connection) => leaveFiles(connection, shop.landing, count, anHour));
    const folder = path.join(shop.landing, "clickstream");
    const landed = async () =>
      (await readdir(folder)).filter((name) => /^clicks-.*\.ndjson$/.test(name)).toSorted();
    const messages = async () => {
      const texts = (await landed()).map((name) => readFile(path.join(folder, name), "utf8"));
      return (await Promise.all(texts)).join("").trimEnd().split("\n").toSorted();
    };
    const arrived = (connection: Connection) =>
      connection.query(`select count(*) as arrived, count(distinct (kafka_partition, kafka_offset)) as messages,
        (select sum(rows_loaded) from ops.loaded_files where source_file like 'clickstream/clicks-%') as on_the_ledger
        from bronze.clickstream_raw where kafka_topic = 'clicks'`);
    const all = await messages();
    const once = [{ arrived: 2 * count, messages: 2 * count, on_the_ledger: 2 * count }];
    let during = 0;
    for (let index = 0; index < 2 * killed; index++) {
      const run = shop.start("run --only bronze.clickstream_raw");
      await sleep(300 + 900 * random());
      run.child.kill("SIGKILL");
      if ((await run.outcome).signal) during++;
      if (index % 2 > 0) succeeded(await shop.shopmetrics("run --only bronze.clickstream_raw"));
      expect((await asked(arrived)).rows.map(numbers), `kill ${index + 1}`).toEqual(once);
    }
    expect(during).toBeGreaterThan(0);
    succeeded(await shop.shopmetrics("run --only bronze.clickstream_raw"));
    expect((await landed()).length).toBeLessThan(count / 4);
    expect(await messages()).toEqual(all);
    const made = await shop.copy({ warehouse: false });
    succeeded(await made.shopmetrics("run --only bronze.clickstream_raw"));
    expect((await asked(arrived, made)).rows.map(numbers)).toEqual(once);
  }, 600_000);

  it.each(["SIGINT", "SIGTERM"] as const)("by %s ends at once, says so and loses nothing", async (signal) => {
    const { shop: fresh, expected } = starts[0]!;
    const shop = await fresh.copy();
    const run = shop.start("run");
    await run.says(/✓ bronze/);
    const asked = performance.now();
    run.child.kill(signal);
    const outcome = await run.outcome;
    expect(performance.now() - asked).toBeLessThan(3000);
    // Node reports a process that ended by a signal as such; a shell sees 130 or 143.
    expect(outcome).toMatchObject({ code: null, signal });
    expect(outcome.stderr).toContain(`Interrupted (${signal}): the steps that had ended are saved`);
    expect(outcome.stderr).toContain("npx shopmetrics run");

    succeeded(await shop.shopmetrics("run"));
    expect(differences(await dump(shop), expected)).toEqual([]);
    expect(await unread(shop)).toEqual([]);
  });
});

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const numbers = (row: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
