import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, projectRoot, succeeded, temporaryFolder, type Lakehouse } from "./cli.ts";
import { differences, dump, query, unread } from "./tables.ts";

describe("two at a warehouse", () => {
  let landed: Lakehouse;

  beforeAll(async () => {
    landed = await lakehouse();
    const history = "generate --scale 0.03 --from 2025-09-01 --to 2026-03-01 --faults 0.02 --event-days 5";
    succeeded(await landed.shopmetrics(history));
    succeeded(await landed.shopmetrics("generate --days 1"));
  });

  it("runs begun together end well, one after the other, as if there had been one", async () => {
    const alone = await landed.copy();
    succeeded(await alone.shopmetrics("run"));

    const shop = await landed.copy();
    const runs = [shop.start("run"), shop.start("run")];
    const outcomes = await Promise.all(runs.map(({ outcome }) => outcome));
    outcomes.forEach(succeeded);
    expect(differences(await dump(shop), await dump(alone))).toEqual([]);
    expect(await unread(shop)).toEqual([]);
    const overlapping = await query(
      shop,
      `select a.run_id from ops.runs as a join ops.runs as b
on a.run_id < b.run_id and a.started_at < b.finished_at and b.started_at < a.finished_at`,
    );
    expect(overlapping).toEqual([]);
  });

  it("a warehouse that two make at once is whole", async () => {
    const folder = await temporaryFolder();
    const maker = `import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { setImmediate as turn } from "node:timers/promises";
const [start, count] = process.argv.slice(-2).map(Number);
for (let number = 0; number < count; number++) {
  while (Date.now() < start + number * 60) await turn();
  const engine = await openDuckdb({ file: "${folder}/" + number + ".duckdb" });
  await engine.close();
}`;
    const start = Date.now() + 1500;
    const makers = [1, 2].map(() =>
      promisify(execFile)(process.execPath, ["--input-type=module", "-e", maker, "--", String(start), "40"], {
        cwd: projectRoot,
      }),
    );
    await Promise.all(makers);
    expect(await readdir(folder)).toHaveLength(40);
  });

  it("the second waits for the first, and says for which process", async () => {
    const shop = await landed.copy();
    const holder = await hold(shop);
    const run = shop.start("run");
    await run.says(/Waiting for/);
    holder.closeSync();
    const { code, stderr } = await run.outcome;
    expect(code).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`^Waiting for warehouse\\.duckdb, held by .+\\(PID ${process.pid}\\) …$`, "m"),
    );
  });

  it("the second gets its turn in the short pauses of one that comes back again and again, as live mode does", async () => {
    const file = path.join(await temporaryFolder(), "warehouse.duckdb");
    const program = `import { setTimeout as sleep } from "node:timers/promises";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
for (;;) {
  const engine = await openDuckdb({ file: "${file}", threads: 1 });
  console.log("held");
  await sleep(1300);
  await engine.close();
  await sleep(200);
}`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", program], { cwd: projectRoot });
    await once(holder.stdout, "data");
    const waits: number[] = [];
    for (let index = 0; index < 5; index++) {
      const began = performance.now();
      const engine = await openDuckdb({ file, threads: 1 });
      waits.push(performance.now() - began);
      await engine.close();
      await sleep(300);
    }
    holder.kill();
    expect(Math.max(...waits)).toBeLessThan(5000);
  });

  it("the second gives up after SHOPMETRICS_LOCK_WAIT, and says what to do", async () => {
    const shop = await landed.copy();
    const holder = await hold(shop);
    const begun = await shop.shopmetrics("run", { env: { SHOPMETRICS_LOCK_WAIT: "1" } });
    holder.closeSync();
    expect(begun.code).toBe(2);
    expect(begun.stderr).toMatch(
      new RegExp(
        `is held by .+\\(PID ${process.pid}\\) and did not become free within 1 s\\. Let that process end .+ then run again`,
      ),
    );
    expect(begun.seconds).toBeLessThan(10);
    succeeded(await shop.shopmetrics("run --quiet"));
  });

  it("looking at a table waits for a run too", async () => {
    const shop = await landed.copy();
    await shop.shopmetrics("run --quiet");
    const holder = await hold(shop);
    const show = shop.start("show gold.customer_ltv --limit 1");
    await show.says(/Waiting for/);
    holder.closeSync();
    expect(await show.outcome).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("rows of gold.customer_ltv"),
    });
  });
});

/** Holds the warehouse from this process. */
const hold = (shop: Lakehouse) => DuckDBInstance.create(path.join(shop.home, "warehouse.duckdb"));
