import { describe, expect, it } from "vitest";
import { completeSql } from "../../build/src/jupyter/complete-sql.ts";

/** What completes at `|`. */
async function at(marked: string, earlier: string[] = []) {
  const cursor = Array.from(marked.slice(0, marked.indexOf("|"))).length;
  return completeSql(marked.replace("|", ""), cursor, earlier);
}
const matches = async (marked: string, earlier?: string[]) => (await at(marked, earlier))?.matches;

describe("completion within sql", () => {
  it("gives the columns of the tables that the select reads, also before they are named", async () => {
    const found = await at("await show(sql`select stat| from ${silver.orders_clean} as orders`)");
    expect(found?.matches).toEqual(["status"]);
    expect(Object.values(found!.metadata)).toMatchObject([
      [{ text: "status", type: "column", signature: "STRING" }],
    ]);
    expect(
      await matches("sql`select cat| from ${silver.orders_clean} join ${silver.dim_products} as p`"),
    ).toEqual(["category"]);
  });

  it("gives an alias's own columns behind its dot", async () => {
    const marked =
      "sql`select p.| from ${silver.orders_clean} as o join ${silver.dim_products} as p on true`";
    expect(await matches(marked)).toEqual(expect.arrayContaining(["product_id", "category"]));
    expect(await matches(marked)).not.toContain("order_id");
    expect(await matches("sql`select o.ord| from ${changes(bronze.orders_raw)} as o`")).toContain("order_id");
  });

  it("gives tables where one is expected, written as one reads them", async () => {
    expect(await matches("sql`select 1 from dim_p|`")).toEqual(["${silver.dim_products}"]);
    expect(await matches("sql`select 1 from silver.dim_|")).toEqual(
      ["${silver.dim_products}", "${silver.dim_customers}"].toSorted(),
    );
  });

  it("knows what selects of earlier cells give", async () => {
    const earlier = ["const days = sql`select order_date as day, 1 as one from ${silver.orders_clean}`;"];
    expect(await matches("sql`select d.| from ${days} as d`", earlier)).toEqual(["day", "one"]);
    expect(await matches("sql`select 1 from day|`", earlier)).toEqual(["${days}"]);
  });

  it("leaves all outside the SQL to the kernel: code, and what stands in a hole", async () => {
    expect(await at("silver.ord|")).toBeUndefined();
    expect(await at("sql`select 1 from ${silver.ord|}`")).toBeUndefined();
    expect(await at("html`select |`")).toBeUndefined();
  });

  it("counts characters, and offers nothing within a text", async () => {
    const found = await at("const price = '💶'; sql`select tot| from ${silver.orders_clean}`");
    expect(found).toMatchObject({ cursor_start: 30, cursor_end: 33, matches: ["total_amount"] });
    expect(await matches("sql`select 'stat| from ${silver.orders_clean}")).toEqual([]);
  });
});
