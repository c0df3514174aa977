import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { generate } from "#lib/shop/generator/generate.js";
import { Client } from "pg";

/*
 * A shop that lives in PostgreSQL. Its history and what happens on each day is the generator's, so it is the same shop that lands exports;
 * its rows have no faults, since the database would refuse them. In addition happens what exports never show: orders are deleted and
 * restored, customers are deleted or ask to be forgotten, and a value is changed and changed back.
 */

const schema = path.join(import.meta.dirname, "schema.sql");

/** The tables, those that others refer to first, and their keys. */
export const keys = {
  customers: "customer_id",
  products: "product_id",
  orders: "order_id",
  order_items: "order_item_id",
  payments: "payment_id",
} as const;

type TableName = keyof typeof keys;
const tables = Object.keys(keys) as TableName[];

type Row = Readonly<Record<string, string | null>>;

export interface LifeOptions {
  /** A folder for the generator's files. */
  readonly folder: string;
  readonly seed?: number;
  /** 1 is 10,000 customers and 100,000 orders. */
  readonly scale: number;
  /** First and last day of the history, ISO dates. */
  readonly from: string;
  readonly to: string;
  /** Told before the history is written. */
  readonly say?: (line: string) => void;
}

/** What happened on a day. */
export interface Day {
  /** ISO date. */
  readonly date: string;
  readonly transactions: number;
  /** Rows inserted, updated and deleted, those that a deletion takes along counted. */
  readonly changes: number;
}

export interface LiveShop {
  /**
   * Lives the next day.
   *
   * @param pace awaited before each transaction
   */
  day(pace?: () => Promise<void>): Promise<Day>;
  /** Whether the next day is over (UTC), so that it can be lived. */
  hasDay(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens the shop; one without tables is filled with its history first. @param owner the address of the database, as its owner */
export async function openLiveShop(owner: string, options: LifeOptions): Promise<LiveShop> {
  const client = new Client({ connectionString: owner });
  // A server that ends is told by the next statement.
  client.on("error", () => undefined);
  await client.connect();
  const landing = path.join(options.folder, "exports");
  const { from, to, seed = 1, scale } = options;
  const life = new Life(client, landing, { seed, scale, from, to });
  const { rows } = await client.query("select to_regclass('public.payments') as filled");
  if ((rows[0] as { filled: string | null }).filled === null) {
    options.say?.(`Filling the shop with its history from ${from} to ${to} …`);
    await life.begin();
  }
  return { day: (pace) => life.day(pace), hasDay: () => life.hasDay(), close: () => client.end() };
}

class Life {
  #changes = 0;
  #transactions = 0;

  constructor(
    readonly client: Client,
    readonly landing: string,
    readonly shop: { seed: number; scale: number; from: string; to: string },
  ) {}

  async begin(): Promise<void> {
    const { client, shop } = this;
    await generate({ landing: this.landing, faults: 0, eventDays: 1, ...shop });
    await client.query("begin");
    await client.query(await readFile(schema, "utf8"));
    await client.query(`create schema simulation;
      create table simulation.days (day date primary key);
      create table simulation.deleted (day date, order_id text, row_of text, row jsonb)`);
    for (const table of tables) await this.write(table, await rowsOf(this.landing, table, shop.to));
    await client.query("insert into simulation.days values ($1)", [shop.to]);
    await client.query("commit");
    await client.query("analyze");
  }

  async next(): Promise<{ date: string; number: number }> {
    const { rows } = await this.client.query<{ date: string; number: number }>(
      "select (max(day) + 1)::text as date, count(*)::int as number from simulation.days",
    );
    return rows[0]!;
  }

  async hasDay(): Promise<boolean> {
    return (await this.next()).date < new Date().toISOString().slice(0, 10);
  }

  async day(pace?: () => Promise<void>): Promise<Day> {
    const { client, shop } = this;
    const { date, number } = await this.next();
    await generate({ landing: this.landing, faults: 0, until: date, seed: shop.seed });
    [this.#changes, this.#transactions] = [0, 0];
    const all = Object.fromEntries(
      await Promise.all(
        tables.map(async (table) => [table, await rowsOf(this.landing, table, date)] as const),
      ),
    ) as Record<TableName, Row[]>;
    const once = async (at: string, work: () => Promise<void>) => {
      await pace?.();
      await this.transaction(at, work);
    };
    if (all.products.length > 0) await once(`${date}T04:00:00Z`, () => this.write("products", all.products));
    for (const customer of byTime(all.customers))
      await once(customer["updated_at"]!, () => this.write("customers", [customer]));
    const gone = new Set(
      (await client.query<{ order_id: string }>("select distinct order_id from simulation.deleted")).rows.map(
        ({ order_id }) => order_id,
      ),
    );
    const [items, payments] = [byOrder(all.order_items), byOrder(all.payments)];
    const orders = new Map(all.orders.map((order) => [order["order_id"]!, order]));
    const touched = new Set([...orders.keys(), ...items.keys(), ...payments.keys()]);
    const timeOf = (id: string) =>
      [orders.get(id), ...(items.get(id) ?? []), ...(payments.get(id) ?? [])]
        .map((row) => row?.["updated_at"] ?? "")
        .toSorted()
        .at(-1)!;
    const there = await this.knownAmong(touched, orders);
    for (const id of [...touched].toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)))) {
      if (gone.has(id) || !there(id)) continue;
      await once(timeOf(id), async () => {
        if (orders.has(id)) await this.write("orders", [orders.get(id)!]);
        await this.write("order_items", items.get(id) ?? []);
        await this.write("payments", payments.get(id) ?? []);
      });
    }
    for (const [index, incident] of this.incidents(number).entries())
      await once(`${date}T23:${40 + index}:00Z`, () => incident(date, number));
    await this.transaction(`${date}T23:59:00Z`, async () => {
      await client.query("insert into simulation.days values ($1)", [date]);
    });
    return { date, transactions: this.#transactions - 1, changes: this.#changes };
  }

  /** What happens on a day that exports never show. */
  private incidents(number: number): ((date: string, number: number) => Promise<void>)[] {
    return [
      this.correct.bind(this),
      ...(number % 3 === 0 ? [this.remove.bind(this)] : []),
      ...(number % 5 === 0 ? [this.restore.bind(this)] : []),
      ...(number % 7 === 0 ? [this.erase.bind(this)] : []),
      ...(number % 10 === 0 ? [this.leave.bind(this)] : []),
    ];
  }

  /** A phone number is mistyped and put right at once, and a price is changed and changed back. */
  private async correct(_date: string, number: number): Promise<void> {
    const of = (table: TableName) =>
      `(select ${keys[table]} from ${table} order by ${keys[table]} offset (${number} % (select count(*) from ${table})) limit 1)`;
    await this.change(`update customers set phone = 'oops' where customer_id = ${of("customers")}`);
    await this.change(
      `update customers set phone = '+49 555 ${1000 + number}' where customer_id = ${of("customers")}`,
    );
    await this.change(`update products set price = price + 1 where product_id = ${of("products")}`);
    await this.change(`update products set price = price - 1 where product_id = ${of("products")}`);
  }

  /** An order is deleted, with its lines and payments. */
  private async remove(date: string): Promise<void> {
    const { rows } = await this.client.query<{ order_id: string }>(
      `select order_id from orders where order_date < $1::date - 20 and status in ('completed', 'cancelled')
        order by md5(order_id || $1) limit 1`,
      [date],
    );
    const id = rows[0]?.order_id;
    if (id === undefined) return;
    for (const table of ["orders", "order_items", "payments"])
      await this.client.query(
        `insert into simulation.deleted select $1, $2, '${table}', to_jsonb(t) from ${table} as t where order_id = $2`,
        [date, id],
      );
    // Counted one by one: a cascade tells of the order alone.
    for (const table of ["payments", "order_items", "orders"])
      await this.change(`delete from ${table} where order_id = '${id}'`);
  }

  /** The order that was deleted first, and is not back yet, is restored as it was. */
  private async restore(): Promise<void> {
    const { rows } = await this.client.query<{ order_id: string }>(
      "select order_id from simulation.deleted order by day, order_id limit 1",
    );
    const id = rows[0]?.order_id;
    if (id === undefined) return;
    for (const table of ["orders", "order_items", "payments"])
      await this
        .change(`insert into ${table} select one.* from simulation.deleted as gone, jsonb_populate_record(null::${table},
        gone.row || jsonb_build_object('updated_at', shop_now())) as one where gone.order_id = '${id}' and gone.row_of = '${table}'`);
    await this.client.query("delete from simulation.deleted where order_id = $1", [id]);
  }

  /** A customer asks to be forgotten: who it was goes, what was bought stays. */
  private async erase(_date: string, number: number): Promise<void> {
    await this
      .change(`update customers set first_name = null, last_name = null, email = null, phone = null, preferences = '{}'
      where customer_id = (select customer_id from customers where email is not null order by md5(customer_id || ${number}) limit 1)`);
  }

  /** A customer who never ordered is deleted. */
  private async leave(): Promise<void> {
    await this.change(`delete from customers where customer_id = (select customer_id from customers as c
      where not exists (select 1 from orders as o where o.customer_id = c.customer_id) order by customer_id limit 1)`);
  }

  /** Whether an order is there, or can be: the simulation goes on selling to customers who have left, and the shop does not. */
  private async knownAmong(
    ids: ReadonlySet<string>,
    orders: ReadonlyMap<string, Row>,
  ): Promise<(id: string) => boolean> {
    const customers = [...orders.values()].map((order) => order["customer_id"]!);
    const { rows } = await this.client.query<{ id: string }>(
      `select order_id as id from orders where order_id = any($1)
      union all select customer_id from customers where customer_id = any($2)`,
      [[...ids], customers],
    );
    const known = new Set(rows.map(({ id }) => id));
    return (id) => known.has(orders.get(id)?.["customer_id"] ?? id);
  }

  private async transaction(at: string, work: () => Promise<void>): Promise<void> {
    const { client } = this;
    await client.query("begin");
    try {
      await client.query("select set_config('shop.now', $1, true)", [at]);
      await work();
      await client.query("commit");
      this.#transactions++;
    } catch (error) {
      await client.query("rollback").catch(() => undefined);
      throw error;
    }
  }

  private async change(statement: string): Promise<void> {
    this.#changes += (await this.client.query(statement)).rowCount ?? 0;
  }

  /** Inserts rows of the generator, or updates those that are there. */
  private async write(table: TableName, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const columns = Object.keys(rows[0]!);
    const key = keys[table];
    const set = columns.filter((name) => name !== key).map((name) => `${name} = excluded.${name}`);
    for (let begin = 0; begin < rows.length; begin += 5000) {
      const { rowCount } = await this.client.query(
        `insert into ${table} (${columns.join(", ")}, created_at)
        select ${columns.join(", ")}, ${createdAt[table]} from json_populate_recordset(null::${table}, $1)
        on conflict (${key}) do update set ${set.join(", ")}`,
        [JSON.stringify(rows.slice(begin, begin + 5000))],
      );
      this.#changes += rowCount ?? 0;
    }
  }
}

/** When a row that is new was made. */
const createdAt: Readonly<Record<TableName, string>> = {
  customers: "signup_date",
  products: "updated_at",
  orders: "order_date",
  order_items: "updated_at",
  payments: "coalesce(payment_date, updated_at)",
};

const byTime = (rows: readonly Row[]) =>
  rows.toSorted((a, b) => a["updated_at"]!.localeCompare(b["updated_at"]!));

function byOrder(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const id = row["order_id"]!;
    found.set(id, [...(found.get(id) ?? []), row]);
  }
  return found;
}

/** The rows of a table's export of a day, as texts. */
async function rowsOf(landing: string, table: TableName, date: string): Promise<Row[]> {
  const folder = path.join(landing, table);
  const name = existsSync(folder) && readdirSync(folder).find((file) => file.includes(date));
  if (!name) return [];
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const file = path.join(folder, name).replaceAll("'", "''");
    const found = await connection.runAndReadAll(
      `from read_csv('${file}', all_varchar = true, header = true)`,
    );
    return found.getRowObjectsJson() as unknown as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
