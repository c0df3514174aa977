import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { lakehouse, projectRoot, succeeded, type Lakehouse } from "./cli.ts";
import { pages } from "./site-home.ts";
import { query } from "./tables.ts";

/** A home with one of the small shops of tests/fixtures/shops, which hold what the simulated shop never has. */
async function shopOf(name: string): Promise<Lakehouse> {
  const shop = await lakehouse();
  await cp(path.join(projectRoot, "tests/fixtures/shops", name), shop.landing, { recursive: true });
  return shop;
}

const header =
  "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";
const order = (id: string, day: string) =>
  `${id},C1,P1,1,10.50,10.50,${day}T08:00:00Z,completed,${day}T09:00:00Z`;

const warningsOf = (stderr: string) =>
  stderr
    .split("\n")
    .flatMap((line) => (line.startsWith("warning") ? [line.slice("warning".length).trim()] : []));

describe("files (requirements §1)", () => {
  it("are loaded in upper case, compressed and in subfolders, or named once with what to do", async () => {
    const shop = await shopOf("plain");
    await shop.land("orders/O_2026-03-02.CSV", `${header}\n${order("O3", "2026-03-02")}\n`);
    await shop.land("orders/o_2026-03-03.csv.gz", gzipSync(`${header}\n${order("O4", "2026-03-03")}\n`));
    await shop.land("orders/2026/03/o_2026-03-04.csv", `${header}\n${order("O5", "2026-03-04")}\n`);
    await shop.land("orders/o_2026-03-05.txt", "x");
    await shop.land("order/o_2026-03-06.csv", "x");
    await shop.land("Orders/o_2026-03-07.csv", "x");
    await shop.land("o_2026-03-08.csv", "x");
    for (const name of [".DS_Store", "desktop.ini", "Thumbs.db", "._o.csv", "~$o.csv"])
      await shop.land(`orders/${name}`, "x");
    const first = await shop.shopmetrics("run");
    succeeded(first);
    expect(warningsOf(first.stderr).filter((line) => line.includes("was not loaded"))).toEqual([
      "Orders/o_2026-03-07.csv was not loaded: Orders/ is no folder of an export: did you mean orders/?",
      "o_2026-03-08.csv was not loaded: it lies in no folder: move it into campaigns/, clickstream/, currency_rates/, " +
        "customers/, marketing_spend/, order_items/, orders/, payments/, products/, stripe_balance_transactions/, " +
        "stripe_charges/, stripe_disputes/, stripe_refunds/",
      "order/o_2026-03-06.csv was not loaded: order/ is no folder of an export: did you mean orders/?",
      "orders/o_2026-03-05.txt was not loaded: orders/ takes .csv or .csv.gz: export it as such, or rename it if it is one",
    ]);
    expect(await query(shop, "select order_id from silver.orders_clean order by order_id")).toEqual(
      ["O1", "O2", "O3", "O4", "O5"].map((order_id) => ({ order_id })),
    );
    expect(
      await query(
        shop,
        "select source_file from ops.loaded_files where reason is not null order by source_file",
      ),
    ).toEqual(
      [
        "Orders/o_2026-03-07.csv",
        "o_2026-03-08.csv",
        "order/o_2026-03-06.csv",
        "orders/o_2026-03-05.txt",
      ].map((source_file) => ({ source_file })),
    );
    const second = await shop.shopmetrics("run");
    expect(warningsOf(second.stderr).filter((line) => line.includes("was not loaded"))).toEqual([]);
    await shop.take("o_2026-03-08.csv");
    succeeded(await shop.shopmetrics("run"));
    expect(
      await query(shop, "select count(*)::int as n from ops.loaded_files where table_name = 'none'"),
    ).toEqual([{ n: 3 }]);
  });

  it("that are damaged or have a name of other bytes block no other file's rows unnamed", async () => {
    const shop = await shopOf("plain");
    await shop.land(
      "orders/torn.csv.gz",
      gzipSync(`${header}\n${order("O6", "2026-03-02")}\n`).subarray(0, 60),
    );
    const { code, stderr } = await shop.shopmetrics("run");
    expect(code).toBe(1);
    expect(stderr).toMatch(/failed {2}bronze\.orders_raw: orders\/torn\.csv\.gz is no whole gzip file/);
    await shop.take("orders/torn.csv.gz");
    await mkdir(path.join(shop.landing, "orders"), { recursive: true });
    await writeFile(
      Buffer.concat([Buffer.from(`${shop.landing}/orders/caf`), Buffer.from([0xe9]), Buffer.from(".csv")]),
      "x",
    );
    const mended = await shop.shopmetrics("run");
    succeeded(mended);
    expect(mended.stderr).toContain("orders/caf\ufffd.csv was not loaded: its name is not UTF-8: rename it");
    expect(await query(shop, "select count(*)::int as n from silver.orders_clean")).toEqual([{ n: 2 }]);
  });
});

describe("values that are not plausible (requirements §2)", () => {
  it("are refused with the reason: no page's period moves, no order freezes, freshness goes by real age", async () => {
    const shop = await shopOf("future-dates");
    const ran = await shop.shopmetrics("run");
    succeeded(ran);
    expect(await query(shop, "select order_id, status from silver.orders_clean order by order_id")).toEqual([
      { order_id: "F1", status: "completed" },
      { order_id: "F3", status: "completed" },
    ]);
    expect(await query(shop, "select reasons from silver.rejected_rows order by source_row")).toEqual([
      { reasons: ["order_date is more than 1 day after it was loaded"] },
      { reasons: ["updated_at is more than 1 day after it was loaded"] },
    ]);
    expect(await query(shop, "select max(date)::varchar as last from gold.daily_sales_summary")).toEqual([
      { last: "2026-11-21" },
    ]);
    const [fresh] = await query(
      shop,
      "select figure from ops.check_results where check_name = 'updated_at is fresh' and table_name = 'silver.orders_clean'",
    );
    const real = (Date.now() - Date.parse("2026-11-23T09:00:00Z")) / 3_600_000;
    expect(Math.abs(Number(fresh!["figure"]) - real)).toBeLessThan(0.1);
  });

  it("of money are refused where they are negative, and named where total and price differ", async () => {
    const shop = await shopOf("impossible-money");
    const ran = await shop.shopmetrics("run");
    succeeded(ran);
    expect(await query(shop, "select order_id from silver.orders_clean order by order_id")).toEqual([
      { order_id: "M2" },
      { order_id: "M3" },
    ]);
    expect(await query(shop, "select reasons from silver.rejected_rows")).toEqual([
      { reasons: ["unit_price is negative", "total_amount is negative"] },
    ]);
    expect(ran.stderr).toContain(
      "1 of 2 rows, such as M2: quantity 1, unit_price 10.00, total_amount 99999.00; at most 0",
    );
  });

  it("block no run and no page, whatever they are, and the good rows beside them are kept", async () => {
    const shop = await shopOf("plain");
    const bad = (id: string, change: Readonly<Record<string, string>>) => {
      const row = {
        quantity: "1",
        price: "10.00",
        total: "10.00",
        date: "2026-03-02",
        updated: "2026-03-02",
        ...change,
      };
      return `${id},C1,P1,${row.quantity},${row.price},${row.total},${row.date},completed,${row.updated}`;
    };
    await shop.land(
      "orders/bad.csv",
      [
        header,
        bad("B1", { date: "290309-12-22 (BC)" }),
        bad("B2", { date: "9999-12-31" }),
        bad("B3", { date: "infinity" }),
        bad("B4", { date: "20226-01-01" }),
        bad("B5", { updated: "294247-01-10T04:00:54.775806Z" }),
        bad("B6", { total: "-5.00", price: "" }),
        bad("B7", { total: "1e308" }),
        bad("G1", { quantity: "999999999", price: "0.01", total: "9999999.99" }),
        bad("G2", { quantity: "999999999", price: "0.01", total: "9999999.99" }),
        bad("G3", { quantity: "999999999", price: "0.01", total: "9999999.99" }),
        bad("G4", { total: "10.005" }),
        "",
      ].join("\n"),
    );
    await shop.land(
      "customers/bad.csv",
      "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at\n" +
        "C7,A,B,,,,,,5877642-06-25,2026-01-01\nC8,A,B,,,,,,2026-01-01,9999-12-31\nC9,A,B,,,,,,infinity,2026-01-01\n",
    );
    await shop.land(
      "products/bad.csv",
      "product_id,product_name,category,subcategory,brand,price,cost,updated_at\n" +
        "P8,Lamp,Home,,,10.00,6.00,294247-01-10T04:00:54.775806Z\n",
    );
    const event = (id: string, more: object) => ({
      event_id: id,
      customer_id: "C1",
      product_id: "P1",
      event_type: "purchase",
      session_id: "S",
      page: "/",
      event_ts: "2026-03-02T10:00:00Z",
      ...more,
    });
    const envelope = (offset: number, value: object, timestamp: string | null = "2026-03-02T10:00:00Z") =>
      JSON.stringify({
        topic: "t",
        partition: 0,
        offset,
        timestamp,
        key: "C1",
        value: JSON.stringify(value),
      });
    const most = { quantity: 999_999, price: "999999999.99" };
    await shop.land(
      "clickstream/bad.ndjson",
      [
        ...Array.from({ length: 11 }, (_, index) => envelope(index, event(`E${index}`, most))),
        envelope(11, event("E11", {}), "294247-01-10T04:00:54.775Z"),
        envelope(12, event("E12", { event_ts: "2062-03-02T10:00:00Z" }), null),
        envelope(13, event("E13", { quantity: 2, price: "1.50" })),
        "",
      ].join("\n"),
    );
    const ran = await shop.shopmetrics("run");
    succeeded(ran);
    succeeded(await shop.shopmetrics("run --full"));
    expect(
      (await query(shop, "select order_id from silver.orders_clean order by 1")).map(
        (row) => row["order_id"],
      ),
    ).toEqual(["G1", "G2", "G3", "G4", "O1", "O2"]);
    expect(await query(shop, "select count(*)::int as n from silver.rejected_rows")).toEqual([
      { n: 7 + 3 + 1 + 13 },
    ]);
    expect(await query(shop, "select event_id from silver.clickstream_clean order by 1")).toEqual([
      { event_id: "E13" },
    ]);
    expect(
      await query(
        shop,
        "select array_to_string(reasons, '; ') as reasons from silver.rejected_rows where source_file = 'clickstream/bad.ndjson' and raw_row like '%E11%'",
      ),
    ).toEqual([{ reasons: "kafka_timestamp is more than 1 day after it was loaded" }]);
    expect(
      await query(
        shop,
        "select total_amount::varchar as total from silver.orders_clean where order_id = 'G4'",
      ),
    ).toEqual([{ total: "10.01" }]);
    expect(ran.stderr).toContain(
      'check "amounts with more than two decimals, rounded half up" of silver.orders_clean: 1 row, such as G4: given_total 10.005, given_price 10.00; at most 0',
    );
    expect(
      await query(shop, "select max(units_sold)::bigint::varchar as units from gold.product_performance"),
    ).toEqual([{ units: "3000000000" }]);
    const site = await shop.shopmetrics(`site --no-docs --out ${path.join(shop.home, "site")}`);
    succeeded(site);
    expect(site.seconds).toBeLessThan(20);
  });
});

describe("visitors who are not logged in (requirements §1)", () => {
  it("have sessions of their own, and are tied to the customer they turn out to be, back to the session's beginning", async () => {
    const shop = await shopOf("visitors");
    succeeded(await shop.shopmetrics("run"));
    expect(
      await query(
        shop,
        `select visitor_id, customer_id, session_start::varchar as start, event_count::int as events, channel, converted
        from silver.clickstream_sessions order by visitor_id`,
      ),
    ).toEqual([
      {
        visitor_id: "C1",
        customer_id: "C1",
        start: "2026-11-20 11:00:00",
        events: 1,
        channel: null,
        converted: false,
      },
      {
        visitor_id: "v-1",
        customer_id: "C1",
        start: "2026-11-20 10:00:00",
        events: 6,
        channel: "paid",
        converted: true,
      },
      {
        visitor_id: "v-2",
        customer_id: null,
        start: "2026-11-20 10:02:00",
        events: 1,
        channel: "direct",
        converted: false,
      },
    ]);
    expect(
      await query(
        shop,
        `select visitor_id, customer_id, tied_from::varchar as tied_from, identified_at::varchar as identified_at,
          tied_until::varchar as tied_until from silver.visitor_identities`,
      ),
    ).toEqual([
      {
        visitor_id: "v-1",
        customer_id: "C1",
        tied_from: "2026-11-20 10:00:00",
        identified_at: "2026-11-20 10:04:00",
        tied_until: "2026-11-20 10:05:30",
      },
    ]);
    expect(await query(shop, "select reasons, raw_row from silver.rejected_rows")).toEqual([
      {
        reasons: ["visitor_id and customer_id are missing"],
        raw_row: expect.stringContaining("E8") as string,
      },
    ]);
    expect(
      await query(
        shop,
        "select hour(hour)::int as hour, page_views::int as views, unique_visitors::int as visitors from gold.hourly_traffic_metrics order by hour",
      ),
    ).toEqual([
      { hour: 10, views: 5, visitors: 2 },
      { hour: 11, views: 1, visitors: 1 },
    ]);
    expect(
      await query(
        shop,
        "select category, visitors::int as visitors, page_views::int as views, purchases::int as purchases, revenue from gold.conversion_funnel",
      ),
    ).toEqual([{ category: "Home", visitors: 1, views: 1, purchases: 1, revenue: "10.00" }]);
  });
});

describe("a shop that has little to show", () => {
  const wordsOf = async (folder: string, page: string) =>
    (await readFile(path.join(folder, `${page}.html`), "utf8"))
      .replaceAll(/<(script|style|svg)[\s\S]*?<\/\1>/g, " ")
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ");
  const built = async (shop: Lakehouse, env: Record<string, string> = {}) => {
    succeeded(await shop.shopmetrics("run"));
    const out = path.join(shop.home, "site");
    succeeded(await shop.shopmetrics(`site --no-docs --out ${out}`, { env }));
    for (const page of pages)
      expect(await wordsOf(out, page), page).not.toMatch(/NaN|Infinity|undefined|Invalid Date/);
    return out;
  };

  it("because nothing has landed has pages that say so", async () => {
    const site = await built(await lakehouse());
    expect(await wordsOf(site, "index")).toContain("No order has been completed yet.");
    expect(await wordsOf(site, "customers")).toContain("There are no customers yet.");
    expect(await wordsOf(site, "products")).toContain("No product has been sold yet.");
    expect(await wordsOf(site, "traffic")).toContain("No visits have arrived yet.");
    expect(await wordsOf(site, "traffic")).not.toContain("1970");
    expect(await wordsOf(site, "marketing")).toContain("No marketing spend and no visits have arrived yet.");
    expect(await wordsOf(site, "marketing")).toContain("The shop has named no campaigns yet.");
  });

  it("because all orders are pending has pages that say so", async () => {
    const site = await built(await shopOf("pending-only"));
    expect(await wordsOf(site, "index")).toContain("none completed yet, 2 pending");
    expect(await wordsOf(site, "customers")).toMatch(/Customers 3 100\.0% of all Have ordered 0\.0%/);
  });

  it("because nobody has a signup date counts every customer, and names those without a cohort", async () => {
    const site = await built(await shopOf("no-signup-date"));
    const customers = await wordsOf(site, "customers");
    expect(customers).toMatch(/Customers 3 100\.0% of all Have ordered 100\.0% 3 with a completed order/);
    expect(customers).toContain("3 customers without a signup date are in no cohort.");
  });

  it("because it is one day old, and years ago, takes its years from the data", async () => {
    const shop = await shopOf("plain");
    await shop.take("orders/o_2026-03-01.csv");
    await shop.land(
      "orders/old.csv",
      `${header}\n${order("O1", "2014-05-01")}\nO2,C2,P2,1,1.00,1.00,2014-05-01,pending,2014-05-02\n`,
    );
    const site = await built(shop);
    expect(await wordsOf(site, "index")).toMatch(/1 May 2014 is provisional: 1 of its orders is pending\./);
    expect(await wordsOf(site, "products")).toContain("2014");
    expect(await wordsOf(site, "index")).toContain(
      "The shop names neither discounts nor fees of a payment service.",
    );
    expect(await wordsOf(site, "marketing")).toContain("The shop has named no campaigns yet.");
    for (const page of pages) expect(await wordsOf(site, page)).not.toContain("since 2022");
  });

  it("shows its own name, currency and way of writing numbers (settings)", async () => {
    const env = { SHOPMETRICS_CURRENCY: "USD", SHOPMETRICS_LOCALE: "de-DE", SHOPMETRICS_SHOP: "Acme & Co" };
    const site = await built(await shopOf("plain"), env);
    for (const page of pages) {
      const text = await wordsOf(site, page);
      expect(text).toContain("Acme &amp; Co");
      expect(text).not.toMatch(/€|EUR/);
    }
    expect(await wordsOf(site, "index")).toMatch(/Average order value 15,75&nbsp;\$/);
    expect(await readFile(path.join(site, "index.html"), "utf8")).toContain(
      'data-currency="USD" data-locale="de-DE"',
    );
    const { code, stderr } = await (
      await lakehouse()
    ).shopmetrics("run", {
      env: { SHOPMETRICS_CURRENCY: "Euro", SHOPMETRICS_LOCALE: "?" },
    });
    expect(code).toBe(2);
    expect(stderr).toContain(
      "SHOPMETRICS_CURRENCY=Euro: is not a currency's code of three letters, such as EUR or USD",
    );
    expect(stderr).toContain("SHOPMETRICS_LOCALE=?: is not a locale, such as en-GB, en-US or de-DE");
  });

  it("counts a refused row once, however many rules it broke, and shows the files that were not loaded", async () => {
    const shop = await shopOf("impossible-money");
    await shop.land("orders/note.txt", "x");
    const pipeline = await wordsOf(await built(shop), "pipeline");
    expect(pipeline).toMatch(/Rows refused 1 so far/);
    expect(pipeline).toMatch(/Files not loaded 1 in the landing folder/);
    expect(pipeline).toContain("orders/note.txt");
  });
});
