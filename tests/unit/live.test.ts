import { shop } from "#lib/shop/index.js";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { generate } from "shopmetrics/sources";
import { bronze, changes, check, explain, load, merge, ops, reject, show, silver, sql } from "shopmetrics";
import type { Outcome } from "#lib/display/outcome.js";
import { outcomeText } from "#lib/display/outcome-text.js";
import { liveSession } from "#lib/session/live.js";
import { useSession } from "#lib/plan/session.js";
import { readSettings } from "#lib/settings.js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

const home = mkdtempSync(join(tmpdir(), "shopmetrics-live-"));
const settings = readSettings({ SHOPMETRICS_HOME: home, SHOPMETRICS_IDLE: "0.1" });
let restore: () => void;
let said: string[];

beforeAll(async () => {
  await generate({ landing: settings.landing, scale: 0.001 });
  const display = {
    outcome: async (one: Outcome) => void said.push(outcomeText(one)),
    note: (text: string) => said.push(text),
    texts: async (passages: readonly { title: string; text: string }[]) =>
      void said.push(...passages.map(({ title, text }) => `${title}:\n${text}`)),
  };
  restore = useSession(liveSession(display, shop.tables, settings));
});

beforeEach(() => {
  said = [];
});

afterAll(() => {
  restore();
  rmSync(home, { recursive: true, force: true });
});

/** What the kernel prints of the error with which `verb` fails. */
const complaint = async (verb: Promise<void>): Promise<string> =>
  verb.then(
    () => "",
    (error: unknown) => inspect(error),
  );

describe("a live session", () => {
  it("leaves the same tables when a cell runs twice", async () => {
    for (const _ of [1, 2]) {
      await load(bronze.orders_raw, { from: "orders" });
      const all = sql`select array('test') as reasons, source_file, source_row from ${changes(bronze.orders_raw)}`;
      await reject(silver.orders_clean, all, { raw: bronze.orders_raw });
      await check.rows(silver.rejected_rows, { min: 1 });
    }
    said = [];
    await show(sql`
      select (select count(*) from ${silver.rejected_rows}) = (select count(*) from ${bronze.orders_raw}) as refused_once,
        (select count(*) from ${ops.check_results}) as checks`);
    expect(said.join()).toMatch(/true +1\n/);
  });

  it("shows a table with its contract's columns, and how many rows there are", async () => {
    await load(bronze.orders_raw, { from: "orders" });
    await show(bronze.orders_raw, { limit: 2 });
    expect(said[1]).toMatch(/^order_id .* ingested_at\n/);
    expect(said[1]).toMatch(/\n2 of \d+ rows$/);
  });

  it("shows page after page of a select, and says where it is", async () => {
    const numbers = sql`select explode(array(1, 2, 3, 4, 5)) as n`;
    for (const offset of [0, 2, 4, 6])
      await show(sql`select * from ${numbers} order by n`, { limit: 2, offset });
    expect(said.map((text) => text.split("\n").slice(3).join(" ").replaceAll(/\s+/g, " ").trim())).toEqual([
      "1 2 2 of 5 rows",
      "3 4 rows 3 to 4 of 5 rows",
      "5 row 5 of 5 rows",
      "none after 6 of 5 rows",
    ]);
    await expect(show(numbers, { offset: -1 })).rejects.toThrow(
      "show: the offset -1 is not a whole number from 0.",
    );
  });

  it("points to what is wrong in the notebook's SQL", async () => {
    const orders = sql`select order_id, quantity from ${bronze.orders_raw}`;
    expect(
      await complaint(show(sql`\n  select order_id\n  from ${orders}\n  where quantitty > ${"it's"}`)),
    ).toBe(
      [
        'show: there is no column "quantitty" here: did you mean quantity?',
        "",
        "  3 | )",
        "  4 | select order_id",
        "  5 | from part",
        "> 6 | where quantitty > 'it''s'",
        "    |       ^^^^^^^^^",
      ].join("\n"),
    );
  });

  it("explains a select: its SQL in one piece, as DuckDB gets it, and the plan, without running it", async () => {
    const dear = sql`select try_cast(order_date as timestamp) as at from ${bronze.orders_raw} where total_amount > ${"500"}`;
    await explain(sql`select count(*) as n from ${dear}`);
    const [ours, theirs, plan] = said;
    expect(ours).toMatch(
      /^Databricks SQL:\nwith part as \(\n {2}select try_cast\(order_date as timestamp\)[^]*> '500'\n\)/,
    );
    expect(theirs).toMatch(/^As DuckDB gets it:\n.*try_timestamp\("orders_raw"\."order_date"\)/i);
    expect(plan).toMatch(/^Plan:\n[^]*UNGROUPED_AGGREGATE[^]*orders_raw/);
    expect(said).toHaveLength(3);
  });

  it("points to what is wrong in a select that is to be explained", async () => {
    expect(await complaint(explain(sql`select nope from ${bronze.orders_raw}`))).toContain(
      "> 1 | select nope",
    );
  });

  it("names the line of SQL that does not translate", async () => {
    const said = await complaint(show(sql`\n  select 1,\n    soundex('a')`));
    expect(said).toContain("the function soundex() is not known");
    expect(said).toContain("> 2 | ");
  });

  it("refuses a select that lacks a column of the contract, and writes nothing", async () => {
    const said = await complaint(merge(silver.dim_products, sql`select 'P1' as product_id, 1 as colour`));
    expect(said).toMatch(
      /^merge silver.dim_products: the select lacks product_name, category.* and has colour/,
    );
    expect(said).toMatch(/Nothing was written\.$/);
  });

  it("halts at a failed check with its figures, after showing it", async () => {
    const rows = sql`select true as broken union all select false as broken`;
    const told = await complaint(check.rate(silver.orders_clean, "null order_id", rows, { max: 0.01 }));
    expect(told).toBe(
      'Halted by check "null order_id" of silver.orders_clean: 50 % (1 of 2 rows); at most 1 %.',
    );
    expect(said).toEqual(['✗ silver.orders_clean: "null order_id" failed: 50 % (1 of 2 rows); at most 1 %']);
  });

  it("takes back what a verb wrote when the contract's checks fail", async () => {
    const columns = silver.dim_products.columns
      .map(({ name, type }) => `cast(null as ${type}) as ${name}`)
      .join(", ");
    const rows = sql(Object.assign([`select ${columns}`], { raw: [] }));
    const told = await complaint(merge(silver.dim_products, rows));
    expect(told).toMatch(
      /^Halted by check "product_id is not null".*: 1 of 1 row(?:, such as .+)?; at most 0\.\nNothing was written\.$/,
    );
    await show(sql`select count(*) as products from ${silver.dim_products}`);
    expect(said.at(-1)).toMatch(/\n +0\n1 row$/);
  });
});
