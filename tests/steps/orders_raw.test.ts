import { describe, expect, it } from "vitest";
import { bronze, ops } from "shopmetrics";
import { lakehouse } from "./harness.ts";

const header =
  "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";

describe("what arrived is kept as it is (FR-001)", () => {
  it("all columns are text: nothing is trimmed, rounded or repaired", async () => {
    const lake = await lakehouse();
    await lake.land("orders/a.csv", `${header}\n O1 ,C1,,x, 9.999 ,0.10,2026-02-30, Lost ,"a, ""b"""\n`);
    await lake.run("bronze.orders_raw");
    const [row] = await lake.rows(bronze.orders_raw);
    expect(row).toMatchObject({
      order_id: " O1 ",
      customer_id: "C1",
      product_id: null,
      quantity: "x",
      unit_price: " 9.999 ",
      total_amount: "0.10",
      order_date: "2026-02-30",
      status: " Lost ",
      updated_at: 'a, "b"',
      _rescued_data: null,
      source_file: "orders/a.csv",
      source_row: 1,
    });
  });

  it("a line that cannot be split is kept whole, in its place", async () => {
    const lake = await lakehouse();
    await lake.land("orders/a.csv", `${header}\nO1,,,,,,,,\nO2,too,few\nO3,,,,,,,,\n`);
    const outcome = await lake.run("bronze.orders_raw");
    expect(await lake.rows(bronze.orders_raw, "order_id", "source_row", "_rescued_data")).toEqual([
      { order_id: "O1", source_row: 1, _rescued_data: null },
      { order_id: null, source_row: 2, _rescued_data: "O2,too,few" },
      { order_id: "O3", source_row: 3, _rescued_data: null },
    ]);
    expect(outcome.step("bronze.orders_raw")).toMatchObject({ in: 3, out: 3 });
  });
});

describe("each file lands exactly once (NFR-007)", () => {
  it("a second run loads only the files that came since", async () => {
    const lake = await lakehouse();
    await lake.land("orders/b.csv", `${header}\nO1,,,,,,,,\n`);
    await lake.run("bronze.orders_raw");
    await lake.land("orders/a.csv", `${header}\nO2,,,,,,,,\n`);
    expect((await lake.run("bronze.orders_raw")).step("bronze.orders_raw").in).toBe(1);
    expect((await lake.run("bronze.orders_raw")).step("bronze.orders_raw").status).toBe("skipped");
    expect(await lake.rows(bronze.orders_raw, "order_id", "source_file")).toEqual([
      { order_id: "O2", source_file: "orders/a.csv" },
      { order_id: "O1", source_file: "orders/b.csv" },
    ]);
    expect(await lake.rows(ops.loaded_files, "source_file", "rows_loaded", "batch")).toEqual([
      { source_file: "orders/a.csv", rows_loaded: 1, batch: 2 },
      { source_file: "orders/b.csv", rows_loaded: 1, batch: 1 },
    ]);
  });

  it("--full loads no file again", async () => {
    const lake = await lakehouse();
    await lake.land("orders/a.csv", `${header}\nO1,,,,,,,,\n`);
    await lake.run("bronze.orders_raw");
    await lake.run("bronze.orders_raw", { full: true });
    expect(await lake.rows(bronze.orders_raw)).toHaveLength(1);
  });

  it("a file that changed after it was loaded stops the run and loses nothing", async () => {
    const lake = await lakehouse();
    await lake.land("orders/a.csv", `${header}\nO1,,,,,,,,\n`);
    await lake.run("bronze.orders_raw");
    await lake.land("orders/a.csv", `${header}\nO1,,,,,,,,\nO2,,,,,,,,\n`);
    const failed = await lake.fails("bronze.orders_raw+");
    expect(failed.message).toContain("orders/a.csv was changed after it was loaded");
    expect(await lake.rows(bronze.orders_raw)).toHaveLength(1);
  });
});

it("no line of any file disappears: rows in = kept + merged + rejected, over several files and runs", async () => {
  const lake = await lakehouse();
  const good = (id: string, at: string) => `${id},C1,P1,1,1.00,1.00,2026-03-01,completed,${at}`;
  const many = Array.from({ length: 200 }, (_, index) => good(`M${index}`, "2026-03-01"));
  await lake.land("orders/a.csv", `${[header, ...many, good("O1", "2026-03-01"), "torn,line"].join("\n")}\n`);
  const first = await lake.run("bronze.orders_raw,silver.orders_clean");
  await lake.land(
    "orders/b.csv",
    `${[header, good("O1", "2026-03-02"), good("O1", "2026-02-01"), ...many].join("\n")}\n`,
  );
  const second = await lake.run("bronze.orders_raw,silver.orders_clean");
  for (const outcome of [first, second]) {
    const { in: taken, out, merged, rejected } = outcome.step("silver.orders_clean");
    expect(taken).toBe(outcome.step("bronze.orders_raw").out);
    expect(taken).toBe(out + (merged ?? 0) + rejected);
  }
  expect(first.step("silver.orders_clean")).toMatchObject({ in: 202, out: 201, merged: 0, rejected: 1 });
  expect(second.step("silver.orders_clean")).toMatchObject({ in: 202, out: 201, merged: 1, rejected: 0 });
});
