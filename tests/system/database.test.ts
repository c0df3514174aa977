import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLiveShop, keys, type LiveShop } from "../services/postgres/life.ts";
import { whyNoPostgres } from "../services/postgres/programs.ts";
import { start, type Postgres } from "../services/postgres/start.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

/** How many extractions are killed: a few by default, more by `DATABASE_KILLS=60 npx vitest run …`. */
const kills = Number(process.env["DATABASE_KILLS"] ?? 3);

const absent = whyNoPostgres();

/** What silver must hold of a table of the database, as the database itself says it. */
const expected = {
  "silver.orders_clean": [
    "order_id, customer_id, total_amount, order_date, status, updated_at",
    `select order_id, customer_id, total_amount::text, ${utc("order_date")}, status::text, ${utc("updated_at")} from orders`,
  ],
  "silver.order_items": [
    "order_item_id, order_id, product_id, quantity, unit_price, discount, updated_at",
    `select order_item_id, order_id, product_id, quantity::text, unit_price::text, discount::text, ${utc("updated_at")} from order_items`,
  ],
  "silver.payments": [
    "payment_id, order_id, amount, currency, payment_status, transaction_id, updated_at",
    `select payment_id, order_id, amount::text, currency, payment_status::text, transaction_id, ${utc("updated_at")} from payments`,
  ],
  "silver.dim_products": [
    "product_id, product_name, category, price, cost, updated_at",
    `select product_id, product_name, category, price::text, cost::text, ${utc("updated_at")} from products`,
  ],
  "silver.dim_customers where is_current": [
    "customer_id, first_name, email, phone, city, signup_date",
    "select customer_id, first_name, email, phone, city, signup_date::text from customers",
  ],
} as const;

function utc(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')`;
}

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
    ...more,
  });
  const run = (route: string, more?: Readonly<Record<string, string>>, of = shop) =>
    of.shopmetrics("run --quiet --only bronze.database+", { env: env(route, more) });

  /** Which rows silver has and the database has not, or the other way round. */
  async function differing(of = shop): Promise<Record<string, { here: unknown[]; there: unknown[] }>> {
    const found: Record<string, { here: unknown[]; there: unknown[] }> = {};
    for (const [table, [columns, select]] of Object.entries(expected)) {
      const texts = columns.split(", ").map((name) => `cast(${name} as varchar) as ${name}`);
      const here = (await query(of, `select ${texts.join(", ")} from ${table}`)).map((row) =>
        JSON.stringify(Object.values(row)),
      );
      const { rows } = await owner.query<unknown[]>({ text: select, rowMode: "array" });
      const there = rows.map((row) => JSON.stringify(row));
      const [onlyHere, onlyThere] = [here.filter((row) => !there.includes(row)), there.filter((row) => !here.includes(row))];
      if (onlyHere.length + onlyThere.length > 0 || here.length !== there.length)
        found[table] = { here: onlyHere.slice(0, 3), there: onlyThere.slice(0, 3) };
    }
    return found;
  }

  const counts = async (of = shop) =>
    Object.fromEntries(
      await Promise.all(
        Object.keys(keys).map(async (table) => {
          const [row] = await query(of, `select count(*)::int as n from bronze.${table}_changes`);
          return [table, Number(row!["n"])] as const;
        }),
      ),
    );

  it("is read as a whole, and silver is what it holds", async () => {
    succeeded(await run("full"));
    expect(await differing()).toEqual({});
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
    const [deleted] = await query(shop, "select count(*)::int as n from bronze.orders_changes where op = 'd'");
    expect(Number(deleted!["n"])).toBeGreaterThan(0);
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
    expect(missed["silver.orders_clean"]).toEqual({ here: [expect.any(String), expect.any(String)], there: [] });
    succeeded(await run("full", {}, other));
    expect(await differing(other)).toEqual({});
    await other.remove();
  });

  it(`is read to the end after ${kills} kills`, async () => {
    const other = await lakehouse();
    for (let kill = 0; kill < kills; kill++) {
      const { child, outcome } = other.start("run --quiet --only bronze.database+", { env: env("full") });
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

  it("asks before it takes the loss of most rows for true", async () => {
    await owner.query("begin");
    await owner.query("create schema empty");
    for (const table of Object.keys(keys)) await owner.query(`create table empty.${table} (like public.${table})`);
    await owner.query("commit");
    const before = await counts();
    const refused = await run("full", { POSTGRES_SCHEMA: "empty" });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/rows of empty\.orders that bronze holds are no longer in the database, and 0 are/);
    expect((await counts())["orders"]).toEqual(before["orders"]);
    await owner.query("drop schema empty cascade");
  });

  it.each([
    ["a wrong password", { POSTGRES_PASSWORD: "wrong" }, /does not let reader in.*Check POSTGRES_PASSWORD/s],
    ["no database of this name", { POSTGRES_URL: "nowhere" }, /has no such database\. Check POSTGRES_URL/],
    ["TLS without its authority", { POSTGRES_TLS: "true" }, /certificate that is not trusted.*NODE_EXTRA_CA_CERTS/s],
    ["nobody at the port", { POSTGRES_URL: "down" }, /does not answer.*shopmetrics run --from bronze\.database/s],
    ["a table of no database", { POSTGRES_ROUTE: "full, tickets=full" }, /POSTGRES_ROUTE names the table tickets/],
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
