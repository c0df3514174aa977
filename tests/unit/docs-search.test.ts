import MiniSearch from "minisearch";
import { describe, expect, it } from "vitest";
import type { Page } from "../../build/src/docs/page.ts";
import { searchIndex } from "../../build/src/docs/search-index.ts";
import { type SearchEntry, searchOptions } from "../../build/src/docs/search-options.ts";
import { ranked } from "../../build/src/docs/search-rank.ts";

const page = (path: string, title: string, sections: Page["sections"]) =>
  ({ path, title, sections }) as unknown as Page;
const table = (name: string, text: string, columns: readonly string[]) =>
  page(`tables/${name}.html`, name, [
    { id: "", heading: name, text, kind: "table" },
    ...columns.map((column) => ({
      id: column,
      heading: `${name}.${column}`,
      text: `Column of ${name}, a customer`,
      kind: "column" as const,
    })),
  ]);

const { content } = searchIndex([
  table("silver.dim_customers", "Versions of each customer", ["customer_id", "customer", "batch_no"]),
  table("silver.orders_clean", "One row per order, of a customer", ["order_id", "customer_id"]),
  table("gold.customer_ltv", "Lifetime value", ["customer_id", "orders"]),
  table("silver.visits", "Read by the step of ltv", []),
  page("notebooks/silver/orders_clean.html", "Orders, one row each", [
    { id: "", heading: "", text: "" },
    { id: "typing", heading: "Typing customers", text: "Reads daily_sales and customer_id" },
  ]),
]);
const index = new MiniSearch<SearchEntry>(searchOptions);
index.addAll(
  JSON.parse(
    String(content)
      .replace(/^window\.shopmetricsSearch=/, "")
      .replace(/;\n$/, ""),
  ) as SearchEntry[],
);
const found = (query: string) =>
  ranked(index.search(query), query).map(({ heading, page: title }) => heading || title);
/** Where the first one stands that a query finds and a condition holds for. */
const at = (names: readonly string[], holds: (name: string) => boolean) => {
  const place = names.findIndex(holds);
  return place < 0 ? Infinity : place;
};
const isColumn = (name: string) => name.split(".").length === 3;

describe("the search puts first", () => {
  it("tables, also where only a column's word is the very one that was typed", () => {
    const names = found("customer");
    expect(names.slice(0, 2)).toEqual(["gold.customer_ltv", "silver.dim_customers"]);
    // Of the columns the one that has the very name.
    expect(names[2]).toBe("silver.dim_customers.customer");
    expect(names.slice(3)).toContain("silver.dim_customers.customer_id");
  });

  it("the table that is called as the query says, with or without its layer, then its columns", () => {
    for (const query of ["orders_clean", "silver.orders_clean"]) {
      const names = found(query);
      expect(names[0], query).toBe("silver.orders_clean");
      expect(names, query).toContain("silver.orders_clean.order_id");
    }
  });

  it("tables, then what is called exactly so, then pages before columns", () => {
    const names = found("orders");
    expect(names.slice(0, 3)).toEqual([
      "silver.orders_clean",
      "gold.customer_ltv.orders",
      "Orders, one row each",
    ]);
    expect(at(names.slice(2), isColumn)).toBeGreaterThan(0);
  });

  it("tables that speak of a word before columns of a table that is called so, but for those that are called so too", () => {
    const names = found("ltv");
    expect(names.slice(0, 2)).toEqual(["gold.customer_ltv", "silver.visits"]);
    expect(names.slice(2).toSorted()).toEqual(["gold.customer_ltv.customer_id", "gold.customer_ltv.orders"]);
    expect(found("customer_ltv orders")[0]).toBe("gold.customer_ltv.orders");
  });

  it("exact before begun words, and a slip of the pen last", () => {
    const names = found("customers");
    expect(names.indexOf("silver.dim_customers")).toBe(0);
    // "customer" is one letter away from what was typed.
    expect(at(names, (name) => name === "gold.customer_ltv")).toBeGreaterThan(
      at(names, (name) => name === "Typing customers"),
    );
  });

  it("what a slip of the pen means, if there is nothing else", () => {
    expect(found("order_claen")[0]).toBeUndefined();
    expect(found("orders_claen")[0]).toBe("silver.orders_clean");
    expect(found("custmer_ltv")[0]).toBe("gold.customer_ltv");
  });
});

it("a name that is typed with its underscores means that name, not its words", () => {
  expect(
    found("customer_id").every((name) => name.includes("customer_id") || name === "Typing customers"),
  ).toBe(true);
  expect(found("customer_id")[0]).toMatch(/\.customer_id$/);
  expect(found("daily_sales")).toEqual(["Typing customers"]);
  expect(found("batch_n")[0]).toBe("silver.dim_customers.batch_no");
  expect(found("customer id")[0]).toMatch(/\.customer_id$/);
});
