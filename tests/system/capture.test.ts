import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNotReady as whyNoConnect } from "../services/connect/install.ts";
import { start as startConnect, type Connect } from "../services/connect/start.ts";
import { whyNotReady as whyNoKafka } from "../services/kafka/install.ts";
import { start as startKafka, type Kafka } from "../services/kafka/start.ts";
import { createTopic } from "../services/kafka/topic.ts";
import { isMeasuring } from "../measure.ts";
import { keys, openLiveShop, type LiveShop } from "../services/postgres/life.ts";
import { whyNoPostgres } from "../services/postgres/programs.ts";
import { start as startPostgres, type Postgres } from "../services/postgres/start.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { comparedRows } from "./compared.ts";
import { agreement, allAgree, differences, toSilver } from "./database-rows.ts";
import { execute, query } from "./tables.ts";

/** How many days the shop lives: a few by default, a month by `DATABASE_DAYS=30 npx vitest run …`. */
const days = Number(process.env["DATABASE_DAYS"] ?? 2);
/** How many times something is killed: database, broker, Connect or our own process. By hand `DATABASE_KILLS=60`. */
const kills = Number(process.env["DATABASE_KILLS"] ?? 6);

const timeout = 300_000 + Math.max(days, kills) * 60_000;

const absent = whyNoPostgres() ?? (await whyNoKafka()) ?? (await whyNoConnect());

describe.skipIf(absent)(`change data capture${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let postgres: Postgres;
  let kafka: Kafka;
  let connect: Connect;
  let live: LiveShop;
  let owner: Client;
  /** A lakehouse for each way. */
  let shops: Record<"full" | "incremental" | "changes", Lakehouse>;

  const capture = (settings: Readonly<Record<string, string>> = {}) =>
    startConnect({
      folder: path.join(postgres.folder, "connect"),
      brokers: kafka.brokers,
      database: postgres.reader,
      tables: Object.keys(keys),
      settings,
    });
  const open = async () => {
    live = await openLiveShop(postgres.owner, {
      folder: postgres.folder,
      scale: 0.003,
      from: "2026-01-01",
      to: "2026-03-01",
    });
    owner = new Client({ connectionString: postgres.owner });
    owner.on("error", () => undefined);
    await owner.connect();
  };

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([startPostgres(), startKafka()]);
    await open();
    connect = await capture();
    shops = { full: await lakehouse(), incremental: await lakehouse(), changes: await lakehouse() };
  });
  afterAll(async () => {
    await live?.close().catch(() => undefined);
    await owner?.end().catch(() => undefined);
    await connect?.stop();
    await Promise.all([kafka?.stop(), postgres?.stop()]);
  });

  const env = (route: string) => ({
    POSTGRES_URL: postgres.reader,
    POSTGRES_ROUTE: route,
    KAFKA_BROKERS: kafka.brokers,
    POSTGRES_COMPARE_HOURS: "0",
  });
  const args = `run --quiet --only ${toSilver} --date 2026-03-31`;
  const run = (shop: keyof typeof shops, route: string = shop) =>
    shops[shop].shopmetrics(args, { env: env(route) });
  const toGold = "run --quiet --only bronze.database+ --date 2026-03-31";

  /** Runs until silver is what the database holds: the log arrives a little later. */
  async function follow(): Promise<Record<string, unknown>> {
    let found: Record<string, unknown> = {};
    for (const until = Date.now() + 120_000; Date.now() < until; await sleep(1000)) {
      succeeded(await run("changes"));
      found = await differences(shops.changes, owner);
      if (Object.keys(found).length === 0) break;
    }
    return found;
  }

  it("begins with the tables as they are", async () => {
    expect(await follow()).toEqual({});
  });

  it(
    `ends after ${days} days in the same silver and gold as reading the whole, and as reading what was updated`,
    { timeout },
    async () => {
      succeeded(await run("full"));
      succeeded(await run("incremental"));
      for (let day = 0; day < days; day++) {
        await live.day();
        succeeded(await run("full"));
        succeeded(await run("incremental"));
      }
      // What was updated says nothing of what is gone.
      succeeded(await run("incremental", "full"));
      expect(await follow()).toEqual({});
      expect(await agreement(shops.changes)).toEqual(allAgree);
      for (const shop of ["full", "incremental", "changes"] as const)
        succeeded(await shops[shop].shopmetrics(toGold, { env: env(shop) }));
      // Where a row came from, and when it is known to have ended, is another thing on each way.
      const own = new Set(["source_file", "source_row", "source_load", "change_lsn", "effective_end_date"]);
      const found: Record<string, number> = {};
      for (const [table, select] of Object.entries(comparedRows)) {
        if (!/^(?:silver|gold)\./.test(table)) continue;
        const rows = async (shop: Lakehouse) =>
          (await query(shop, select))
            .map((row) => JSON.stringify(Object.entries(row).filter(([name]) => !own.has(name))))
            .toSorted();
        const expected = await rows(shops.full);
        for (const way of ["incremental", "changes"] as const) {
          const here = await rows(shops[way]);
          if (JSON.stringify(here) !== JSON.stringify(expected))
            found[`${table} ${way}`] = here.filter((row) => !expected.includes(row)).length;
        }
      }
      expect(found).toEqual({});
    },
  );

  it("has in bronze for each row of the database what was inserted, and not deleted", async () => {
    for (const [table, key] of Object.entries(keys)) {
      const [counted] = await query(
        shops.changes,
        `select count(*) filter (where op in ('r', 'c'))::int - count(*) filter (where op = 'd')::int as n
          from (select distinct op, kafka_key, source from bronze.${table}_changes where op is not null)`,
      );
      const { rows } = await owner.query<{ n: number }>(`select count(${key})::int as n from ${table}`);
      expect([table, Number(counted!["n"])]).toEqual([table, rows[0]!.n]);
    }
  });

  it(
    `holds what the database holds after ${kills} kills of the database, the broker, Connect and a run`,
    { timeout },
    async () => {
      const victims = ["run", "connect", "postgres", "kafka", "run", "all"] as const;
      for (let kill = 0; kill < kills; kill++) {
        const victim = victims[kill % victims.length]!;
        const living = live.day().catch(() => undefined);
        const running = shops.changes.start(args, { env: env("changes") });
        await sleep(300 + ((kill * 977) % 2500));
        if (victim === "run" || victim === "all") running.child.kill("SIGKILL");
        if (victim === "connect" || victim === "all") await connect.kill();
        if (victim === "postgres" || victim === "all") await postgres.kill();
        if (victim === "kafka" || victim === "all") await kafka.kill();
        await Promise.all([living, running.outcome]);
        if (victim === "postgres" || victim === "all") await postgres.restart();
        if (victim === "kafka" || victim === "all") await kafka.restart();
        // Connect by itself gives up a task whose database or broker was gone for long.
        if (victim !== "run") {
          await connect.kill();
          await connect.restart();
        }
        if (victim === "postgres" || victim === "all") {
          await live.close().catch(() => undefined);
          await owner.end().catch(() => undefined);
          await open();
        }
      }
      await live.day();
      expect(await follow()).toEqual({});
    },
  );

  it("is followed live: what changes is in gold while the shop goes on", async () => {
    await createTopic(kafka.brokers, "clickstream-events");
    const revenue = "select sum(total_revenue)::varchar as revenue from gold.customer_ltv";
    succeeded(await shops.changes.shopmetrics(toGold, { env: env("changes") }));
    const [before] = await query(shops.changes, revenue);
    // Latency is measured while the shop never pauses: five transactions a second.
    const [seconds, pause] = isMeasuring ? [100, 200] : [30, 20];
    const { outcome } = shops.changes.start(`stream --no-produce --seconds ${seconds} --json`, {
      env: env("changes"),
    });
    await sleep(10_000);
    for (const until = Date.now() + (seconds - 20) * 1000; Date.now() < until;)
      await live.day(() => sleep(pause));
    const { code, stdout, stderr } = await outcome;
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as { events: number; rounds: number; latency: { p95: number } };
    expect(report).toMatchObject({ events: expect.any(Number), latency: { p95: expect.any(Number) } });
    expect(report.events).toBeGreaterThan(0);
    expect(isMeasuring ? report.latency.p95 : 0).toBeLessThan(5);
    expect((await query(shops.changes, revenue))[0]).not.toEqual(before);
    expect(await follow()).toEqual({});
  });

  it("tells of a table that was emptied, and keeps its rows until a person says that this is right", async () => {
    const [before] = await query(shops.changes, "select count(*)::int as n from silver.payments");
    await owner.query("truncate payments");
    let told = await run("changes");
    for (
      const until = Date.now() + 60_000;
      told.code === 0 && Date.now() < until;
      told = await run("changes")
    )
      await sleep(1000);
    expect(told.code).toBe(1);
    expect(told.stderr).toContain("the table was emptied (truncate), and its rows are still here");
    expect((await query(shops.changes, "select count(*)::int as n from silver.payments"))[0]).toEqual(before);
    succeeded(
      await shops.changes.shopmetrics(`${args} --accept-loss`, { env: env("changes, payments=full") }),
    );
    expect(await follow()).toEqual({});
  });

  it("tells of a slot that the database gave up; a new snapshot and a full run find all that was missed", async () => {
    await connect.stop();
    const server = new Client({ connectionString: postgres.superuser });
    server.on("error", () => undefined);
    await server.connect();
    const limit = async (change: string) => {
      await server.query(`alter system ${change}`);
      await server.query("select pg_reload_conf()");
    };
    await limit("set max_slot_wal_keep_size = '1MB'");
    await owner.query("delete from payments where payment_id = (select min(payment_id) from payments)");
    const statuses = async () =>
      (await server.query<{ wal_status: string }>("select wal_status from pg_replication_slots")).rows;
    for (const until = Date.now() + 60_000; Date.now() < until;) {
      if ((await statuses())[0]?.wal_status === "lost") break;
      await server.query("select pg_logical_emit_message(false, 'log', repeat('x', 20000000))");
      await server.query("select pg_switch_wal()");
      await server.query("checkpoint");
    }
    expect(await statuses()).toEqual([{ wal_status: "lost" }]);
    const told = await run("changes");
    expect(told.code).toBe(1);
    expect(told.stderr).toMatch(/slots whose log the database gives up: changes are lost.*shop.*lost/s);

    // What docs/databases.md says to do then.
    await limit("reset max_slot_wal_keep_size");
    await server.query("select pg_drop_replication_slot('shop')");
    await server.end();
    connect = await capture({ "snapshot.mode": "when_needed" });
    succeeded(await shops.changes.shopmetrics(args, { env: env("full") }));
    expect(await follow()).toEqual({});
  });

  it("tells of a slot that nobody has read for a day, and never drops it", async () => {
    await connect.stop();
    await execute(shops.changes, [
      `update bronze.database_slots
        set observed_at = strftime(observed_at::timestamp - interval 25 hours, '%Y-%m-%dT%H:%M:%S.%gZ')`,
    ]);
    const { code, stderr } = await run("changes");
    expect(code).toBe(1);
    expect(stderr).toMatch(/slots of the database that nobody has read for a day.*slot_name=?.*shop/s);
    const { rows } = await owner.query("select slot_name from pg_replication_slots");
    expect(rows).toEqual([{ slot_name: "shop" }]);
  });
});
