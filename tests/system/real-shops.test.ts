import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { lakehouse, projectRoot, succeeded, type Lakehouse } from "./cli.ts";
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
      "o_2026-03-08.csv was not loaded: it lies in no folder: move it into clickstream/, customers/, orders/, products/, topic_starts/",
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
