import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLiveShop, keys, type LiveShop } from "../services/postgres/life.ts";
import { whyNoPostgres } from "../services/postgres/programs.ts";
import { start, type Postgres } from "../services/postgres/start.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { agreement, allAgree, differences, landMessages, messageOf, toSilver } from "./database-rows.ts";
import { execute, query } from "./tables.ts";

/** How many extractions are killed: a few by default, more by `DATABASE_KILLS=60 npx vitest run …`. */
const kills = Number(process.env["DATABASE_KILLS"] ?? 2);

const absent = whyNoPostgres();

describe.skipIf(absent)(`the shop's database${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let postgres: Postgres;
  let live: LiveShop;
  let owner: Client;
  let shop: Lakehouse;

  beforeAll(async () => {
    postgres = await start();
    live = await openLiveShop(postgres.owner, {
      folder: postgres.folder,
      scale: 0.004,
      from: "2026-01-01",
      to: "2026-03-01",
    });
    owner = new Client({ connectionString: postgres.owner });
    await owner.connect();
    shop = await lakehouse();
  });
  afterAll(async () => {
    await live?.close();
    await owner?.end();
    await shop?.remove();
    await postgres?.stop();
  });

  const env = (route: string, more: Readonly<Record<string, string>> = {}) => ({
    POSTGRES_URL: postgres.reader,
    POSTGRES_ROUTE: route,
    POSTGRES_COMPARE_HOURS: "0",
    ...more,
  });
  const run = (route: string, more?: Readonly<Record<string, string>>, of = shop) =>
    of.shopmetrics(`run --quiet --only ${toSilver}`, { env: env(route, more) });

  const differing = (of = shop) => differences(of, owner);

  const counts = async (of = shop) =>
    Object.fromEntries(
      await Promise.all(
        Object.keys(keys).map(async (table) => {
          const [row] = await query(of, `select count(*)::int as n from bronze.${table}_changes`);
          return [table, Number(row!["n"])] as const;
        }),
      ),
    );

  /** Makes a schema with something of each table's name. @returns takes it away */
  async function schema(name: string, made: (table: string) => string): Promise<() => Promise<void>> {
    await owner.query(`create schema ${name}`);
    for (const table of Object.keys(keys)) await owner.query(made(table));
    return async () => void (await owner.query(`drop schema ${name} cascade`));
  }

  /** Makes a schema with a view of each table: the selects that are given, and of all others the table as it is. */
  const views = (name: string, selects: Readonly<Record<string, string>>) =>
    schema(name, (table) => `create view ${name}.${table} as ${selects[table] ?? `table public.${table}`}`);

  it("is read as a whole, and silver is what it holds", async () => {
    succeeded(await run("full"));
    expect(await differing()).toEqual({});
    expect(await agreement(shop)).toEqual(allAgree);
  });

  it("says so when silver has lost a row, or holds a wrong one", async () => {
    const other = await lakehouse();
    succeeded(await run("full", {}, other));
    await execute(other, [
      "delete from silver.payments where payment_id = (select max(payment_id) from silver.payments)",
    ]);
    await execute(other, [
      "update silver.order_items set discount = discount + 0.01 where order_item_id = (select max(order_item_id) from silver.order_items)",
    ]);
    const { code, stdout, stderr } = await run("full", {}, other);
    expect(code).toBe(0);
    expect(await agreement(other)).toEqual({
      ...allAgree,
      "silver.order_items": "warn",
      "silver.payments": "warn",
    });
    expect(stdout + stderr).toContain("counts and checksums differ from the database's");
    await other.remove();
  });

  it("brings no row again that is as it was", async () => {
    const before = await counts();
    succeeded(await run("full"));
    expect(await counts()).toEqual(before);
    expect((await query(shop, "select count(*)::int as n from silver.rejected_rows"))[0]).toEqual({ n: 0 });
  });

  it("is followed day by day as a whole, with what was deleted, restored and forgotten", async () => {
    for (let day = 0; day < 4; day++) await live.day();
    succeeded(await run("full"));
    expect(await differing()).toEqual({});
    for (let day = 0; day < 8; day++) await live.day();
    succeeded(await run("full"));
    expect(await differing()).toEqual({});
    const [deleted] = await query(
      shop,
      "select count(*)::int as n from bronze.orders_changes where op = 'd'",
    );
    expect(Number(deleted!["n"])).toBeGreaterThan(0);
  });

  it("does not bring back who was forgotten, and deletes softly whom the shop deletes then", async () => {
    const other = await shop.copy();
    const one = async (sql: string) =>
      (await owner.query<{ customer_id: string; email: string }>(sql)).rows[0]!;
    const which = (orders: string) =>
      `select * from customers where email is not null and customer_id ${orders} (select customer_id from orders) order by 1 limit 1`;
    const [buyer, visitor] = [await one(which("in")), await one(which("not in"))];
    const numbers = [buyer.customer_id, visitor.customer_id];
    const forget = await other.shopmetrics(`forget customer ${numbers.join(" ")} --json`, {
      env: env("full"),
    });
    succeeded(forget);
    const { pseudonyms, left } = JSON.parse(forget.stdout) as { pseudonyms: string[]; left: unknown[] };
    expect(left).toEqual([]);
    const before = await counts(other);
    succeeded(await run("full", {}, other));
    expect(await counts(other)).toEqual(before);
    // She is still in the database, and counted on neither side.
    expect(await agreement(other)).toEqual(allAgree);

    await owner.query(
      "update orders set status = 'cancelled', updated_at = (select max(updated_at) + interval '1 second' from orders) where order_id = (select min(order_id) from orders where customer_id = $1)",
      [numbers[0]],
    );
    await owner.query(
      "update customers set phone = '+49 30 5550177', updated_at = (select max(updated_at) + interval '1 second' from customers) where customer_id = $1",
      [numbers[0]],
    );
    await owner.query("delete from customers where customer_id = $1", [numbers[1]]);
    succeeded(await run("full", {}, other));
    const after = await counts(other);
    expect(after["orders"]! - before["orders"]!).toBe(1);
    // The deletion alone: the row of who is still there lands no more.
    expect(after["customers"]! - before["customers"]!).toBe(1);
    const versions = `select distinct customer_id, is_current, end_reason from silver.dim_customers where customer_id in (${[...numbers, ...pseudonyms].map((name) => `'${name}'`).join(", ")})
      qualify effective_start_date = max(effective_start_date) over (partition by customer_id)`;
    const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).toSorted();
    expect(sorted(await query(other, versions))).toEqual(
      sorted([
        { customer_id: pseudonyms[0], is_current: true, end_reason: null },
        { customer_id: pseudonyms[1], is_current: false, end_reason: "deleted" },
      ]),
    );
    const [orders] = await query(
      other,
      `select count(*)::int as n from silver.orders_clean where customer_id = '${pseudonyms[0]}'`,
    );
    expect(orders!["n"]).toBe(
      Number(
        (await owner.query("select count(*) from orders where customer_id = $1", [numbers[0]])).rows[0].count,
      ),
    );
    const again = await other.shopmetrics(`forget customer ${numbers.join(" ")} --json`, {
      env: env("full"),
    });
    expect(JSON.parse(again.stdout)).toMatchObject({ tables: {}, files: [], left: [] });
    expect(await agreement(other)).toEqual(allAgree);
    await other.remove();
  });

  it("is read by what was updated, which sees no deletion until it is read as a whole", async () => {
    const other = await lakehouse();
    succeeded(await run("incremental", {}, other));
    const first = await counts(other);
    for (let day = 0; day < 6; day++) await live.day();
    succeeded(await run("incremental", {}, other));
    const second = await counts(other);
    expect(second["orders"]! - first["orders"]!).toBeGreaterThan(0);
    expect(second["orders"]! - first["orders"]!).toBeLessThan(first["orders"]! / 2);
    const missed = await differing(other);
    expect(missed["silver.orders_clean"]).toEqual({
      here: expect.arrayContaining([expect.any(String)]),
      there: [],
    });
    expect(await agreement(other)).toMatchObject({ "silver.orders_clean": "warn" });
    succeeded(await run("full", {}, other));
    expect(await differing(other)).toEqual({});
    expect(await agreement(other)).toEqual(allAgree);
    await other.remove();
  });

  it(`is read to the end after ${kills} kills`, async () => {
    const other = await lakehouse();
    for (let kill = 0; kill < kills; kill++) {
      const { child, outcome } = other.start(`run --quiet --only ${toSilver}`, { env: env("full") });
      await sleep(1000 + kill * 500);
      child.kill("SIGKILL");
      await outcome;
    }
    succeeded(await run("full", {}, other));
    expect(await differing(other)).toEqual({});
    await other.remove();
  });

  it("stops before a column that is gone, and tells of one that is new", async () => {
    await owner.query("alter table payments rename column transaction_id to reference");
    const gone = await run("full");
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain(
      "The table public.payments has no column transaction_id, which bronze.payments_changes takes.",
    );
    await owner.query("alter table payments rename column reference to transaction_id");
    await owner.query("alter table payments add column note text");
    const added = await run("full");
    succeeded({ ...added, stderr: "" });
    expect(added.stderr).toContain("public.payments has columns that no contract takes: note.");
    await owner.query("alter table payments drop column note");
  });

  it("brings each type exactly, as the text that the database writes", async () => {
    await owner.query(`create schema exact;
      create type exact.mood as enum ('glad', 'so-so');
      create table exact.products (product_id uuid, product_name exact.mood, category text[], subcategory jsonb, brand bytea,
        price numeric, cost double precision, updated_at timestamptz, created_at timestamptz);
      grant usage on schema exact to reader; grant select on exact.products to reader;
      insert into exact.products values
        ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'so-so', array['a,b', 'say "x"', null], '{"n": 12345678901234567890.10, "t": "\u00e4\\n"}',
          '\\x00ff', 12345678901234567890.1234567890, 0.1, '2026-03-29 03:30:00.123456+02', null),
        ('b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'glad', '{}', 'null', '', 'NaN', 1e300, 'infinity', null),
        ('c0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'glad', '{}', 'null', '', 1, 1, '0044-03-15 12:00:00+00 BC', null)`);
    const other = await lakehouse();
    const read = await run("exports, products=full", { POSTGRES_SCHEMA: "exact" }, other);
    succeeded({ ...read, stderr: "" });
    const found = await query(other, "select after from bronze.products_changes order by kafka_key");
    expect(found.map(({ after }) => JSON.parse(String(after)) as unknown)).toEqual([
      {
        product_id: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        product_name: "so-so",
        category: String.raw`["a,b","say \"x\"",null]`,
        subcategory: String.raw`{"n": 12345678901234567890.10, "t": "ä\n"}`,
        brand: "AP8=",
        price: "12345678901234567890.1234567890",
        cost: "0.1",
        updated_at: "2026-03-29T01:30:00.123456Z",
      },
      {
        product_id: "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        product_name: "glad",
        category: "[]",
        subcategory: "null",
        brand: "",
        price: "NaN",
        cost: "1e+300",
        updated_at: "infinity",
      },
      expect.objectContaining({ updated_at: "0044-03-15 12:00:00+00 BC" }),
    ]);
    await owner.query("drop schema exact cascade");
    await other.remove();
  });

  it("asks before it takes the loss of most rows for true", async () => {
    const drop = await schema("empty", (table) => `create table empty.${table} (like public.${table})`);
    const before = await counts();
    const refused = await run("full", { POSTGRES_SCHEMA: "empty" });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /rows of empty\.\w+ that bronze holds are gone from the database, which has 0 now.*Nothing was taken over/s,
    );
    // Also of the tables that have few rows, and come first.
    expect(await counts()).toEqual(before);
    await drop();
  });

  it("takes nothing over where a later table lacks a column", async () => {
    const before = await counts();
    await owner.query(
      "update customers set city = 'Elsewhere', updated_at = now() where customer_id = (select max(customer_id) from customers)",
    );
    await owner.query("alter table payments rename currency to code");
    const { code, stderr } = await run("full");
    await owner.query("alter table payments rename code to currency");
    expect([code, stderr]).toEqual([1, expect.stringContaining("currency")]);
    expect(await counts()).toEqual(before);
    succeeded(await run("full"));
    expect(await differing()).toEqual({});
  });

  const wrong = {
    "two rows with one key": [
      "select * from public.products union all (select * from public.products order by product_id limit 1)",
      /wrong\.products has more than one row with the key \{"product_id":"P\d+"\}\. Make the key unique there.*Nothing was taken over/s,
    ],
    "a row of millions of characters": [
      "select product_id, repeat('x', 5000000) as product_name, category, subcategory, brand, price, cost, updated_at from public.products limit 1",
      /The row \{"product_id":"P\d+"\} of wrong\.products has 50\d{5} characters, and at most 4194304 are taken/,
    ],
    "a view that divides by zero": [
      "select product_id, product_name, category, subcategory, brand, price / (cost - cost) as price, cost, updated_at from public.products",
      /while wrong\.products was read, refused: division by zero \(22012\).*correct it in the database.*--from bronze\.database/s,
    ],
  } as const;
  it.each(Object.entries(wrong))(
    "is refused with %s, and nothing is taken over",
    async (_, [view, words]) => {
      const before = await counts();
      const drop = await views("wrong", { products: view });
      const { code, stderr } = await run("full", { POSTGRES_SCHEMA: "wrong" });
      await drop();
      expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
      expect(await counts()).toEqual(before);
    },
  );

  it("names the table of which a query took too long", async () => {
    const drop = await views("long", {
      orders:
        "select orders.* from public.orders, lateral (select pg_sleep(1) where order_id is not null) as pause",
    });
    const server = new Client({ connectionString: postgres.superuser });
    await server.connect();
    await server.query("alter role reader set statement_timeout = '500ms'");
    const { code, stderr } = await run("full", { POSTGRES_SCHEMA: "long" });
    await server.query("alter role reader reset statement_timeout");
    await server.end();
    await drop();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /while long\.orders was read, ended the query: .*statement timeout.*statement_timeout.*--from bronze\.database/s,
    );
  });

  it("is read where a value of it cannot be counted, which is told", async () => {
    const other = await lakehouse();
    const drop = await views("texts", {
      products: `select product_id, product_name, category, subcategory, brand,
        case when product_id = (select min(product_id) from public.products) then 'n/a' else price::text end as price, cost, updated_at
        from public.products`,
    });
    const { code, stderr } = await run("full", { POSTGRES_SCHEMA: "texts" }, other);
    await drop();
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /texts\.products is not compared with silver: .*"n\/a".*product_id, price, cost, updated_at/,
      ),
    ]);
    expect(Object.keys(await agreement(other))).toContain("silver.orders_clean");
    const refused = await query(
      other,
      "select count(*)::int as n from silver.rejected_rows where table_name = 'silver.dim_products'",
    );
    expect(refused).toEqual([{ n: 1 }]);
    await other.remove();
  });

  it.each([
    ["numbers", (id: number) => ({ product_id: id })],
    ["numbers with a schema", (id: number) => ({ schema: {}, payload: { product_id: id } })],
    ["nothing", () => null],
  ])("is read beside a capture whose keys are %s, and nothing counts as deleted", async (_, keyOf) => {
    const other = await lakehouse();
    const drop = await views("keyed", {
      products: `select substring(product_id from 2)::int as product_id, product_name, category, subcategory, brand, price, cost, updated_at
        from public.products`,
    });
    const { rows } = await owner.query<{ row: Record<string, unknown> }>(
      "select to_json(products) as row from keyed.products order by product_id limit 3",
    );
    const messages = rows.map(({ row }, offset) => {
      const value = { op: "r", before: null, after: row, source: { lsn: 1, ts_ms: 1_772_359_200_000 } };
      return messageOf(offset, keyOf(Number(row["product_id"])), JSON.stringify(value));
    });
    await landMessages(other, "products", "captured", messages);
    for (let times = 0; times < 2; times++)
      succeeded(await run("exports, products=full", { POSTGRES_SCHEMA: "keyed" }, other));
    await drop();
    const [found] = await query(
      other,
      `select count(*) filter (op = 'd')::int as deleted, count(*)::int as changes from bronze.products_changes`,
    );
    const [all] = (await owner.query("select count(*)::int as n from products")).rows as { n: number }[];
    expect(found).toEqual({ deleted: 0, changes: all!.n + 3 });
    await other.remove();
  });

  it("tells of a way that needs an address nobody gave", async () => {
    const { stderr } = await shop.shopmetrics("run --only bronze.database", {
      env: { POSTGRES_ROUTE: "changes, products=full" },
    });
    expect(stderr).toMatch(/reads products from a database, and POSTGRES_URL is not set/);
    expect(stderr).toMatch(/takes customers, orders, .* from topics of Kafka, and KAFKA_BROKERS is not set/);
  });

  it("is refused where a policy hides rows, which would count as deleted", async () => {
    const before = await counts();
    await owner.query("alter table customers enable row level security");
    const { code, stderr } = await run("full");
    await owner.query("alter table customers disable row level security");
    expect(code).toBe(1);
    expect(stderr).toMatch(/hides rows from reader: .*customers.*alter role reader bypassrls/s);
    expect(await counts()).toEqual(before);
  });

  it("fails and says so when its connection is ended while it reads", async () => {
    const drop = await views("slow", {
      orders:
        "select orders.* from public.orders, lateral (select pg_sleep(0.05) where order_id is not null) as pause",
    });
    const running = shop.start(`run --quiet --only ${toSilver}`, {
      env: env("full", { POSTGRES_SCHEMA: "slow" }),
    });
    const server = new Client({ connectionString: postgres.superuser });
    await server.connect();
    const ended =
      "select pg_terminate_backend(pid) from pg_stat_activity where query ilike '%slow%orders%' and usename = 'reader'";
    for (const until = Date.now() + 60_000; Date.now() < until;)
      if ((await server.query(ended)).rowCount) break;
    await server.end();
    const { code, stderr } = await running.outcome;
    await drop();
    expect([code, stderr]).toEqual([1, expect.stringContaining("does not answer")]);
  });

  it("lands no second time what is exactly as old as the overlap", async () => {
    const other = await lakehouse();
    const drop = await schema("hours", (table) => `create table hours.${table} as table public.${table}`);
    const newest = "select max(order_id) from hours.orders";
    await owner.query(
      `update hours.orders set updated_at = timestamptz '2026-03-01 12:00Z' - case when order_id = (${newest}) then '0' else '1 hour' end::interval`,
    );
    const incremental = async () => {
      succeeded(await run("incremental", { POSTGRES_SCHEMA: "hours" }, other));
      return counts(other);
    };
    const before = await incremental();
    expect(await incremental()).toEqual(before);
    await drop();
  });

  it("is refused when its log is before what was seen of it: another database, or one from a backup", async () => {
    const young = await start();
    const { code, stderr } = await run("full", { POSTGRES_URL: young.reader });
    await young.stop();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /The log of PostgreSQL at .* stands at 0\/\w+, and at .* it stood at 0\/\w+.*Nothing was read\./s,
    );
  });

  it.each([
    ["a wrong password", { POSTGRES_PASSWORD: "wrong" }, /does not let reader in.*Check POSTGRES_PASSWORD/s], // pragma: allowlist secret
    ["no database of this name", { POSTGRES_URL: "nowhere" }, /has no such database\. Check POSTGRES_URL/],
    [
      "TLS without its authority",
      { POSTGRES_TLS: "true" },
      /certificate that is not trusted.*NODE_EXTRA_CA_CERTS/s,
    ],
    [
      "nobody at the port",
      { POSTGRES_URL: "down" },
      /does not answer.*shopmetrics run --from bronze\.database/s,
    ],
    [
      "a table of no database",
      { POSTGRES_ROUTE: "full, tickets=full" },
      /POSTGRES_ROUTE names the table tickets/,
    ],
  ] as const)("says what to do about %s, and never the password", async (_what, more, words) => {
    const { port } = new URL(postgres.reader);
    const url = {
      nowhere: postgres.reader.replace(/shop$/, "nowhere"),
      down: postgres.reader.replace(port, "1"),
    };
    const given = Object.fromEntries(
      Object.entries(more).map(([name, value]) => [name, url[value as keyof typeof url] ?? value]),
    );
    const { code, stdout, stderr } = await run("full", given);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(words);
    expect(stdout + stderr).not.toContain(new URL(postgres.reader).password);
  });

  it("is reached by TLS with its authority's certificate", async () => {
    succeeded(await run("full", { POSTGRES_TLS: "true", NODE_EXTRA_CA_CERTS: postgres.caFile }));
    expect(await differing()).toEqual({});
  });

  it("goes on after the server was killed in the middle", async () => {
    for (let day = 0; day < 2; day++) await live.day();
    const running = run("full");
    await sleep(1500);
    await live.close();
    await owner.end();
    await postgres.kill();
    await running;
    await postgres.restart();
    owner = new Client({ connectionString: postgres.owner });
    await owner.connect();
    succeeded(await run("full"));
    expect(await differing()).toEqual({});
  });
});
