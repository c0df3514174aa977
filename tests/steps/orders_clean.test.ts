import { describe, expect, it } from "vitest";
import { ops, silver } from "shopmetrics";
import type { Given } from "./defaults.ts";
import { lakehouse, step, type Lakehouse } from "./harness.ts";

type Line = Given<"bronze.orders_raw">;

const jan = "2026-01-01T00:00:00Z";
const feb = "2026-02-01T00:00:00Z";
const mar = "2026-03-01T00:00:00Z";

async function arriving(...batches: Line[][]): Promise<Lakehouse> {
  const lake = await lakehouse();
  for (const lines of batches) {
    await lake.given({ "bronze.orders_raw": lines });
    await lake.run("silver.orders_clean");
  }
  return lake;
}

/** Runs one line and gives its order, or undefined when it was refused. */
async function typed(line: Line) {
  const lake = await arriving([line]);
  return (await lake.rows(silver.orders_clean))[0];
}

describe("typing (FR-003)", () => {
  it("an order is typed: money is decimal text, instants are UTC", async () => {
    expect(await typed({ quantity: "2", unit_price: "9.95", total_amount: "19.90" })).toEqual({
      order_id: "O1",
      customer_id: "C1",
      customer_key: null,
      product_id: "P1",
      quantity: 2,
      unit_price: "9.95",
      total_amount: "19.90",
      order_date: "2026-03-10T12:00:00Z",
      status: "completed",
      updated_at: "2026-03-10T12:00:00Z",
      source_file: "orders/orders_0001.csv",
      source_load: 0,
      source_row: 1,
      change_lsn: null,
    });
  });

  it("status is trimmed and lower-cased", async () => {
    expect(await typed({ status: " Completed " })).toMatchObject({ status: "completed" });
  });

  it.for(["pending", "completed", "cancelled", "refunded"])("status %s is known", async (status) => {
    expect(await typed({ status })).toMatchObject({ status });
  });

  it.for([null, "", "  "])("quantity %j counts as 1", async (quantity) => {
    expect(await typed({ quantity })).toMatchObject({ quantity: 1 });
  });

  it.for([
    ["3", "33.33", null, "99.99"],
    ["3", "33.33", "", "99.99"],
    [null, "33.33", null, "33.33"],
    ["3", "33.33", "50.00", "50.00"],
    ["0", "33.33", null, "0.00"],
  ] as const)(
    "quantity %j at %j with total %j is %j in all",
    async ([quantity, unit_price, total_amount, expected]) => {
      expect(await typed({ quantity, unit_price, total_amount })).toMatchObject({ total_amount: expected });
    },
  );

  it.for(["0.01", "0.10", "9999999999.99", "1234567890.12", "0.00"])(
    "money %s stays exactly that",
    async (amount) => {
      expect(await typed({ total_amount: amount, unit_price: amount })).toMatchObject({
        total_amount: amount,
        unit_price: amount,
      });
    },
  );

  it.for([
    ["1000", "0.005", "5.00"],
    ["3", "0.333", "1.00"],
    ["3", "0.3333333", "1.00"],
    ["1", "1.005", "1.01"],
    ["2.000", "10.00", "20.00"],
  ] as const)(
    "a missing total is %s × %s, rounded last: %s",
    async ([quantity, unit_price, total_amount]) => {
      const given = await step("silver.orders_clean", {
        "bronze.orders_raw": [{ quantity, unit_price, total_amount: null }],
      });
      expect(await given.rows(silver.orders_clean, "total_amount")).toEqual([{ total_amount }]);
      expect(given.outcome.warnings).not.toContain(
        "total_amount is quantity × unit_price, give or take a third",
      );
    },
  );

  it("zero with a minus is zero, and amounts finer than cents are counted however they are written", async () => {
    expect(await typed({ total_amount: "-0.00", unit_price: "-0" })).toMatchObject({
      total_amount: "0.00",
      unit_price: "0.00",
    });
    const given = await step("silver.orders_clean", {
      "bronze.orders_raw": [
        { order_id: "O1", total_amount: "12345e-3" },
        { order_id: "O2", total_amount: "1.5e1", unit_price: "15.000" },
        { order_id: "O3", total_amount: "10.001" },
      ],
    });
    expect(given.outcome.check("amounts with more than two decimals, rounded half up").message).toContain(
      "2 rows, such as O1: given_total 12345e-3",
    );
  });

  it("an order without a unit price is kept when it has a total", async () => {
    expect(await typed({ unit_price: null, total_amount: "7.00" })).toMatchObject({
      unit_price: null,
      total_amount: "7.00",
    });
  });

  it.for([
    ["2026-03-10T00:30:00+02:00", "2026-03-09T22:30:00Z"],
    ["2026-03-09T22:30:00-05:30", "2026-03-10T04:00:00Z"],
    ["2026-03-10 12:00:00", "2026-03-10T12:00:00Z"],
    ["2026-03-10", "2026-03-10T00:00:00Z"],
    [" 2026-03-10T12:00:00Z ", "2026-03-10T12:00:00Z"],
    ["2024-02-29T23:59:59.123456Z", "2024-02-29T23:59:59.123456Z"],
  ] as const)("order_date %s is %s", async ([given, expected]) => {
    expect(await typed({ order_date: given, updated_at: given })).toMatchObject({
      order_date: expected,
      updated_at: expected,
    });
  });

  it("spaces around ids are no part of them, and empty ids are null", async () => {
    expect(await typed({ order_id: " O7 ", customer_id: " ", product_id: "" })).toMatchObject({
      order_id: "O7",
      customer_id: null,
      product_id: null,
    });
  });
});

describe("refused rows", () => {
  const good = Array.from({ length: 99 }, (_, index): Line => ({ order_id: `G${index}` }));

  it.for([
    ["order_id is missing", { order_id: " " }],
    ["quantity is not a number", { quantity: "many" }],
    ["quantity is not whole", { quantity: "1.5" }],
    ["quantity is not whole", { quantity: "1.0001" }],
    ["quantity is negative", { quantity: "-1" }],
    ["quantity is above 999,999,999", { quantity: "5000000000" }],
    ["total_amount is negative", { total_amount: "-5.00" }],
    ["unit_price is negative", { unit_price: "-0.01" }],
    ["unit_price is negative", { unit_price: "-0.001" }],
    ["total_amount is negative", { total_amount: "-0.001" }],
    ["total_amount is negative", { total_amount: "-.004e-30" }],
    ["quantity is not whole", { quantity: "1.0000001" }],
    ["quantity is not whole", { quantity: "-0.0000001" }],
    ["order_date is more than 1 day after it was loaded", { order_date: "2062-11-27T08:00:00Z" }],
    ["order_date is before 1900-01-01", { order_date: "1899-12-31T23:59:59Z" }],
    ["updated_at is more than 1 day after it was loaded", { updated_at: "9999-12-31" }],
    ["order_id is longer than 200 characters", { order_id: "é".repeat(201) }],
    ["customer_id is longer than 200 characters", { customer_id: "C".repeat(201) }],
    ["unit_price is not an amount", { unit_price: "ten" }],
    ["total_amount is not an amount", { total_amount: "1,50" }],
    ["total_amount is not an amount", { total_amount: null, unit_price: null }],
    [
      "total_amount is not an amount",
      { total_amount: null, unit_price: "9999999999.99", quantity: "999999999" },
    ],
    ["order_date is not a date", { order_date: "10/03/2026" }],
    ["order_date is not a date", { order_date: "2023-02-29" }],
    ["order_date is not a date", { order_date: null }],
    ["order_date is not a date", { order_date: "2026" }],
    ["order_date is not a date", { order_date: " 2026-11 " }],
    ["order_date is not a date", { order_date: "infinity" }],
    ["status is not known", { status: "lost" }],
    ["status is not known", { status: null }],
    ["updated_at is not a timestamp", { updated_at: "" }],
  ] satisfies [string, Line][])("%s: %j", async ([reason, line]) => {
    const given = await step("silver.orders_clean", {
      "bronze.orders_raw": [...good, { order_id: "BAD", ...line }],
    });
    expect(await given.rows(silver.rejected_rows, "table_name", "reasons", "source_row")).toEqual([
      { table_name: "silver.orders_clean", reasons: [reason], source_row: 100 },
    ]);
    expect(given.outcome.step("silver.orders_clean")).toMatchObject({
      in: 100,
      out: 99,
      merged: 0,
      rejected: 1,
    });
  });

  it("the row is kept whole as JSON, with its file, line and run", async () => {
    const line = { order_id: "O1", status: "löst", quantity: null, total_amount: '"7" \\ 8' };
    const given = await step("silver.orders_clean", { "bronze.orders_raw": [line] });
    const [refused] = await given.rows(silver.rejected_rows);
    expect(refused).toMatchObject({
      source_file: "orders/orders_0001.csv",
      source_row: 1,
      run_id: given.outcome.report.runId,
    });
    expect(JSON.parse(refused?.raw_row ?? "")).toEqual({
      ...line,
      customer_id: "C1",
      product_id: "P1",
      unit_price: "10.00",
      order_date: "2026-03-10T12:00:00Z",
      updated_at: "2026-03-10T12:00:00Z",
      _rescued_data: null,
    });
  });

  it("a malformed line is refused once, as that", async () => {
    const empty = { order_id: null, customer_id: null, product_id: null, quantity: null, unit_price: null };
    const torn = { ...empty, total_amount: null, order_date: null, status: null, updated_at: null };
    const given = await step("silver.orders_clean", {
      "bronze.orders_raw": [...good, { ...torn, _rescued_data: 'O9,"torn' }],
    });
    expect(await given.rows(silver.rejected_rows, "reasons")).toEqual([{ reasons: ["malformed line"] }]);
  });

  it("a row with columns that no contract knows is judged like any other", async () => {
    const rescued = '{"voucher":"X1"}';
    const given = await step("silver.orders_clean", {
      "bronze.orders_raw": [
        { _rescued_data: rescued },
        { order_id: "O2", status: "lost", _rescued_data: rescued },
      ],
    });
    expect(await given.rows(silver.orders_clean, "order_id")).toEqual([{ order_id: "O1" }]);
    expect(await given.rows(silver.rejected_rows, "reasons")).toEqual([{ reasons: ["status is not known"] }]);
  });

  it("a batch of which all is refused is published too: the next one has a number of its own", async () => {
    const lake = await arriving([{ status: "lost" }], [{ status: "gone" }]);
    expect(await lake.rows(silver.rejected_rows)).toHaveLength(2);
    expect((await lake.rows(ops.step_runs)).map(({ batch }) => batch).toSorted()).toEqual([1, 2]);
  });

  it("a refused newer version leaves the older one in place", async () => {
    const lake = await arriving(
      [{ status: "pending" }],
      [{ status: "lost", updated_at: "2026-04-01T00:00:00Z" }],
    );
    expect(await lake.rows(silver.orders_clean, "status")).toEqual([{ status: "pending" }]);
  });

  it("more than 5 % refused warns, and the run goes on", async () => {
    const given = await step("silver.orders_clean", {
      "bronze.orders_raw": [{}, { order_id: "O2", status: "lost" }],
    });
    expect(given.outcome.warnings).toContain("refused orders");
    expect(await given.rows(silver.orders_clean)).toHaveLength(1);
  });
});

describe("the gate (AC-004)", () => {
  const orders = (count: number, nulls: number) =>
    Array.from({ length: count }, (_, index): Line => ({ order_id: index < nulls ? null : `O${index}` }));

  it("more than 1 % without an order_id halts before silver or gold is written, and says check, figure and rows", async () => {
    const lake = await lakehouse();
    await lake.given({ "bronze.orders_raw": orders(100, 2) });
    const failed = await lake.fails("silver.orders_clean+");
    expect(failed.step).toBe("silver.orders_clean");
    expect(failed.message).toMatch(/notebooks\/silver\/orders_clean\.ipynb cell \d+:\d+/);
    expect(failed.message).toMatch(
      /check "null order_id" of silver\.orders_clean: 2 % \(2 of 100 rows\), such as \S+ row 1 and \S+ row 2; at most 1 %$/,
    );
    expect(await lake.rows(silver.orders_clean)).toEqual([]);
    expect(await lake.rows(silver.rejected_rows)).toEqual([]);
    expect(failed.outcome.step("gold.daily_sales_summary")).toMatchObject({
      status: "skipped",
      message: "gold.fct_order_items did not succeed",
    });
  });

  it("the failure stands in ops.check_results and ops.step_runs", async () => {
    const lake = await lakehouse();
    await lake.given({ "bronze.orders_raw": orders(100, 2) });
    await lake.fails("silver.orders_clean");
    const results = await lake.rows(ops.check_results);
    expect(results.find(({ check_name }) => check_name === "null order_id")).toMatchObject({
      status: "fail",
      severity: "halt",
      figure: 0.02,
      threshold: 0.01,
      failed_rows: 2,
      total_rows: 100,
    });
    expect(await lake.rows(ops.step_runs, "step", "status")).toEqual([
      { step: "silver.orders_clean", status: "failed" },
    ]);
  });

  it("exactly 1 % passes, and the row is refused", async () => {
    const given = await step("silver.orders_clean", { "bronze.orders_raw": orders(100, 1) });
    expect(given.outcome.check("null order_id")).toMatchObject({ status: "pass", figure: 0.01 });
    expect(await given.rows(silver.rejected_rows, "reasons")).toEqual([{ reasons: ["order_id is missing"] }]);
  });

  it("a halted batch is not lost: the next run takes it in together with what came since", async () => {
    const lake = await lakehouse();
    await lake.given({ "bronze.orders_raw": orders(100, 2) });
    await lake.fails("silver.orders_clean");
    await lake.given({
      "bronze.orders_raw": orders(300, 0).map((line, index) => ({ ...line, order_id: `N${index}` })),
    });
    const outcome = await lake.run("silver.orders_clean");
    expect(outcome.step("silver.orders_clean")).toMatchObject({ in: 400, out: 398, rejected: 2 });
  });

  it("what was kept before a halt stays as it was", async () => {
    const lake = await arriving([{ order_id: "O1", status: "pending" }]);
    await lake.given({
      "bronze.orders_raw": [{ order_id: "O1", updated_at: "2026-04-01" }, { order_id: null }],
    });
    await lake.fails("silver.orders_clean");
    expect(await lake.rows(silver.orders_clean, "status")).toEqual([{ status: "pending" }]);
  });
});

describe("one row per order", () => {
  it("the newest updated_at wins, in one batch or in several", async () => {
    const lines: Line[] = [
      { status: "pending", updated_at: jan },
      { status: "refunded", updated_at: mar },
      { status: "completed", updated_at: feb },
    ];
    for (const lake of [await arriving(lines), await arriving(...lines.map((line) => [line]))])
      expect(await lake.rows(silver.orders_clean, "status", "updated_at")).toEqual([
        { status: "refunded", updated_at: mar },
      ]);
  });

  it("a tie on updated_at goes to the later file, whichever arrives first", async () => {
    const earlier: Line = { status: "pending", source_file: "orders/1.csv", source_row: 9 };
    const later: Line = { status: "completed", source_file: "orders/2.csv", source_row: 1 };
    for (const lake of [await arriving([earlier], [later]), await arriving([later], [earlier])])
      expect(await lake.rows(silver.orders_clean, "status", "source_file")).toEqual([
        { status: "completed", source_file: "orders/2.csv" },
      ]);
  });

  it("a tie on updated_at goes to the file loaded later, whatever its name is", async () => {
    const first: Line = { status: "pending", source_file: "orders/b.csv", source_load: 1, source_row: 9 };
    const second: Line = { status: "completed", source_file: "orders/a.csv", source_load: 2, source_row: 1 };
    for (const lake of [await arriving([first], [second]), await arriving([second], [first])])
      expect(await lake.rows(silver.orders_clean, "status", "source_load")).toEqual([
        { status: "completed", source_load: 2 },
      ]);
  });

  it("files are numbered in the order of loading: orders_10 after orders_9, and a later run's after both", async () => {
    const lake = await lakehouse();
    const header =
      "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";
    const line = (amount: string) =>
      `O1,C1,P1,1,${amount},${amount},2026-03-01,completed,2026-03-01T09:00:00Z`;
    await lake.land("orders/orders_9.csv", `${header}\n${line("9.00")}\n`);
    await lake.land("orders/orders_10.csv", `${header}\n${line("10.00")}\n`);
    const amounts = () => lake.rows(silver.orders_clean, "total_amount", "source_load");
    await lake.run("+silver.orders_clean");
    expect(await amounts()).toEqual([{ total_amount: "10.00", source_load: 2 }]);
    await lake.land("orders/orders_1.csv", `${header}\n${line("1.00")}\n`);
    await lake.run("+silver.orders_clean");
    expect(await amounts()).toEqual([{ total_amount: "1.00", source_load: 3 }]);
    await lake.run("+silver.orders_clean", { full: true });
    expect(await amounts()).toEqual([{ total_amount: "1.00", source_load: 3 }]);
  });

  it("a tie within one file goes to the later line", async () => {
    const lake = await arriving([
      { status: "completed", source_row: 10 },
      { status: "pending", source_row: 9 },
    ]);
    expect(await lake.rows(silver.orders_clean, "status")).toEqual([{ status: "completed" }]);
  });

  it("updated_at is compared as an instant, not as text", async () => {
    const lake = await arriving([
      { status: "refunded", updated_at: "2026-03-09T23:30:00-05:00" },
      { status: "completed", updated_at: "2026-03-10T00:30:00+02:00" },
    ]);
    expect(await lake.rows(silver.orders_clean, "status")).toEqual([{ status: "refunded" }]);
  });

  it("rows in = rows kept + merged duplicates + rejected", async () => {
    const given = await step("silver.orders_clean", {
      "bronze.orders_raw": [
        { order_id: "O1" },
        { order_id: "O1" },
        { order_id: "O1", updated_at: jan },
        { order_id: "O2" },
        { order_id: "O3", status: "lost" },
      ],
    });
    expect(given.outcome.step("silver.orders_clean")).toMatchObject({
      in: 5,
      out: 2,
      merged: 2,
      rejected: 1,
    });
    expect(given.outcome.check("new rows neither kept, merged nor rejected")).toMatchObject({ figure: 0 });
  });

  it("a day that is replayed in the same file position writes nothing; a run with nothing new is skipped", async () => {
    const day: Line[] = [{ source_file: "orders/1.csv" }, { order_id: "O2", source_file: "orders/1.csv" }];
    const lake = await arriving(day);
    await lake.given({ "bronze.orders_raw": day });
    const replayed = await lake.run("silver.orders_clean");
    expect(replayed.step("silver.orders_clean")).toMatchObject({ in: 2, out: 0, deleted: 0, merged: 2 });
    const idle = await lake.run("silver.orders_clean");
    expect(idle.step("silver.orders_clean")).toMatchObject({ status: "skipped", message: "nothing new" });
  });

  it("only rows that no earlier run has taken in are read", async () => {
    const lake = await arriving([{ order_id: "O1" }, { order_id: "O2" }]);
    await lake.given({ "bronze.orders_raw": [{ order_id: "O3" }] });
    expect((await lake.run("silver.orders_clean")).step("silver.orders_clean").in).toBe(1);
  });

  it("--full rebuilds the table from bronze, also where somebody changed it by hand", async () => {
    const lake = await arriving([{ order_id: "O1" }, { order_id: "O2" }]);
    const before = await lake.rows(silver.orders_clean);
    await lake.given({
      "silver.orders_clean": [
        { order_id: "O1", total_amount: "999.00", updated_at: "2030-01-01T00:00:00Z" },
        { order_id: "FORGED" },
      ],
    });
    await lake.taken("silver.orders_clean", { order_id: "O2" });
    await lake.run("silver.orders_clean", { full: true });
    expect(await lake.rows(silver.orders_clean)).toEqual(before);
  });
});

describe("the customer as they were (FR-003, FR-004)", () => {
  const versions: Given<"silver.dim_customers">[] = [
    { effective_start_date: jan, effective_end_date: feb },
    { effective_start_date: feb },
  ];

  it.for([
    ["older than the first version takes that one", "2020-06-01T00:00:00Z", `C1@${jan}`],
    ["at the very start of a version takes that version", feb, `C1@${feb}`],
    ["just before the start of a version takes the one before", "2026-01-31T23:59:59.999999Z", `C1@${jan}`],
    ["after the last start takes the current version", "2026-11-01T00:00:00Z", `C1@${feb}`],
  ] as const)("an order %s", async ([, order_date, key]) => {
    const given = await step("silver.orders_clean", {
      "silver.dim_customers": versions,
      "bronze.orders_raw": [{ order_date }],
    });
    expect(await given.rows(silver.orders_clean, "customer_key")).toEqual([{ customer_key: key }]);
  });

  it("an order of an unknown customer is kept without a key, and a check warns", async () => {
    const given = await step("silver.orders_clean", {
      "silver.dim_products": [{}],
      "bronze.orders_raw": [{ customer_id: "C9" }],
    });
    expect(await given.rows(silver.orders_clean, "customer_id", "customer_key")).toEqual([
      { customer_id: "C9", customer_key: null },
    ]);
    expect(given.outcome.warnings).toEqual(["customer_key is known in silver.dim_customers"]);
  });

  it("a zone's name in one row moves no other: instants are read row by row", async () => {
    const given = await step("silver.orders_clean", {
      "silver.dim_customers": versions,
      "bronze.orders_raw": [
        { order_id: "O1", order_date: "2026-03-02 08:00:00 Asia/Tokyo" },
        { order_id: "O2", order_date: "2026-03-03" },
        { order_id: "O3", order_date: "2026-03-03 10:00:00 Etc/GMT+5" },
        { order_id: "O4", order_date: "2026-03-03T09:00:00" },
        { order_id: "O5", order_date: "2026-03-03 24:00:00" },
        { order_id: "O6", order_date: "2026-03-03 10:00:00 Mars/Phobos" },
      ],
    });
    expect(await given.rows(silver.orders_clean, "order_id", "order_date")).toEqual([
      { order_id: "O1", order_date: "2026-03-01T23:00:00Z" },
      { order_id: "O2", order_date: "2026-03-03T00:00:00Z" },
      { order_id: "O3", order_date: "2026-03-03T15:00:00Z" },
      { order_id: "O4", order_date: "2026-03-03T09:00:00Z" },
    ]);
    const refused = await given.rows(silver.rejected_rows, "reasons");
    expect(refused).toEqual([
      { reasons: ["order_date is not a date"] },
      { reasons: ["order_date is not a date"] },
    ]);
  });

  it("an order of an unknown product is kept, and a check warns", async () => {
    const given = await step("silver.orders_clean", {
      "silver.dim_customers": versions,
      "bronze.orders_raw": [{ product_id: "P9" }],
    });
    expect(await given.rows(silver.orders_clean, "product_id")).toEqual([{ product_id: "P9" }]);
    expect(given.outcome.warnings).toEqual(["product_id is known in silver.dim_products"]);
  });

  it("when the customer turns up after their orders, the orders get their keys", async () => {
    const lake = await arriving([
      { order_id: "O1", order_date: jan },
      { order_id: "O2", customer_id: "C2" },
    ]);
    await lake.given({ "silver.dim_customers": versions });
    const outcome = await lake.run("silver.orders_clean");
    expect(await lake.rows(silver.orders_clean, "order_id", "customer_key")).toEqual([
      { order_id: "O1", customer_key: `C1@${jan}` },
      { order_id: "O2", customer_key: null },
    ]);
    expect(outcome.step("silver.orders_clean")).toMatchObject({ in: 0, out: 1 });
  });

  it("when a late change splits a version, orders kept before move to the version of their day", async () => {
    const lake = await lakehouse();
    await lake.given({
      "bronze.customers_raw": [
        { email: "a@x.com", updated_at: jan },
        { email: "c@x.com", updated_at: mar },
      ],
      "bronze.orders_raw": [{ order_date: "2026-02-10T00:00:00Z" }],
    });
    await lake.run("silver.dim_customers,silver.orders_clean");
    await lake.given({ "bronze.customers_raw": [{ email: "b@x.com", updated_at: feb }] });
    await lake.run("silver.dim_customers,silver.orders_clean");
    const [order] = await lake.rows(silver.orders_clean);
    const version = (await lake.rows(silver.dim_customers)).find(({ email }) => email === "b@x.com");
    expect(order?.customer_key).toBe(version?.surrogate_key);
  });

  it("when a late change makes a version vanish, its orders move to the one that took its place", async () => {
    const lake = await lakehouse();
    await lake.given({
      "bronze.customers_raw": [
        { email: "a@x.com", updated_at: jan },
        { email: "b@x.com", updated_at: mar },
      ],
      "bronze.orders_raw": [{ order_date: "2026-03-10T00:00:00Z" }],
    });
    await lake.run("silver.dim_customers,silver.orders_clean");
    await lake.given({ "bronze.customers_raw": [{ email: "b@x.com", updated_at: feb }] });
    await lake.run("silver.dim_customers,silver.orders_clean");
    const [order] = await lake.rows(silver.orders_clean);
    const current = (await lake.rows(silver.dim_customers)).find(({ is_current }) => is_current);
    expect(current?.effective_start_date).toBe(feb);
    expect(order?.customer_key).toBe(current?.surrogate_key);
  });
});
