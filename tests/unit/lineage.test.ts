import { shop } from "#lib/shop/index.js";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../build/src/compile/compile.ts";
import { analyse } from "../../build/src/compile/lineage/select.ts";
import type { TableLineage } from "../../build/src/compile/lineage/columns.ts";
import { type Direction, columnId, follow, readName } from "../../build/src/compile/lineage/follow.ts";

const tables = { "s.t": ["a", "b", "k"], "s.u": ["k", "x"] };

/** `name kind <- sources` of each column that a select gives. */
const of = async (select: string) =>
  (await analyse({ select, tables })).map(
    ({ name, kind, sources, unresolved }) =>
      `${name} ${kind} <- ${sources.map(columnId).join(", ")}${unresolved.length > 0 ? ` ! ${unresolved.join()}` : ""}`,
  );

describe("what a select's columns come from", () => {
  it.each([
    [
      "a column and its alias",
      "select a, t.b as c from s.t as t",
      ["a identity <- s.t.a", "c identity <- s.t.b"],
    ],
    ["an expression", "select trim(a) || b as c from s.t", ["c transformation <- s.t.a, s.t.b"]],
    [
      "a literal and a parameter",
      "select 1 as n, param__now as m from s.t",
      ["n constant <- ", "m constant <- "],
    ],
    ["an aggregate", "select sum(a) as n from s.t", ["n aggregation <- s.t.a"]],
    [
      "an expression of an aggregate",
      "select round(sum(a) / max(b), 2) as n from s.t",
      ["n aggregation <- s.t.a, s.t.b"],
    ],
    [
      "counted rows",
      "select count(*) as n from s.t join s.u on t.k = u.k",
      ["n aggregation <- s.t.*, s.u.*"],
    ],
    [
      "a window, whose rows stay",
      "select sum(a) over (partition by b order by k) as n from s.t",
      ["n transformation <- s.t.a, s.t.b, s.t.k"],
    ],
    [
      "a unit of time, which is no column",
      "select dateadd(hour, a, b) as later, datediff(day, b, k) as days from s.t",
      ["later transformation <- s.t.a, s.t.b", "days transformation <- s.t.b, s.t.k"],
    ],
    ["select *", "select * from s.t", ["a identity <- s.t.a", "b identity <- s.t.b", "k identity <- s.t.k"]],
    [
      "one side's *",
      "select u.* from s.t join s.u on t.k = u.k",
      ["k identity <- s.u.k", "x identity <- s.u.x"],
    ],
    ["select * except", "select * except (a, k) from s.t", ["b identity <- s.t.b"]],
    [
      "common table expressions on each other, with names of their own",
      "with one (p, q) as (select a, sum(b) from s.t group by a), two as (select * from one) select q + 1 as r, p from two",
      ["r aggregation <- s.t.b", "p identity <- s.t.a"],
    ],
    [
      "a common table expression that hides an outer one",
      "with c as (select a as v from s.t) select v from (with c as (select b as v from s.t) select v from c) as d",
      ["v identity <- s.t.b"],
    ],
    [
      "a union, by position",
      "select a as v from s.t union all select x from s.u",
      ["v identity <- s.t.a, s.u.x"],
    ],
    ["a union with a literal", "select a as v from s.t union select 0", ["v identity <- s.t.a"]],
    [
      "except, whose right side only takes away",
      "select a from s.t except select x from s.u",
      ["a identity <- s.t.a"],
    ],
    [
      "a derived table with names",
      "select c2 from (select a, b from s.t) as q (c1, c2)",
      ["c2 identity <- s.t.b"],
    ],
    ["a scalar subquery", "select (select max(x) from s.u) as m from s.t", ["m aggregation <- s.u.x"]],
    [
      "a correlated subquery, with what it filters by",
      "select exists (select 1 from s.u where u.k = t.k) as e from s.t as t",
      ["e transformation <- s.u.k, s.t.k"],
    ],
    ["in", "select a in (select x from s.u) as e from s.t", ["e transformation <- s.t.a, s.u.x"]],
    [
      "a source's column before an alias of the same select",
      "select a as b, trim(b) as c from s.t",
      ["b identity <- s.t.a", "c transformation <- s.t.b"],
    ],
    [
      "an alias where no source has the name",
      "select a as n, n as m from s.t",
      ["n identity <- s.t.a", "m identity <- s.t.a"],
    ],
    ["join using", "select k from s.t join s.u using (k)", ["k identity <- s.t.k"]],
    [
      "an array's elements",
      "select e from (select explode(a) as e from s.t) as q",
      ["e transformation <- s.t.a"],
    ],
    ["a struct's field", "select a.city as c from s.t", ["c transformation <- s.t.a"]],
    ["values", "select y from (values (1, 2)) as v (x, y)", ["y constant <- "]],
    [
      "case",
      "select case a when 'x' then b else k end as c from s.t",
      ["c transformation <- s.t.a, s.t.b, s.t.k"],
    ],
  ])("%s", async (_, select, expected) => {
    expect(await of(select)).toEqual(expected);
  });

  it.each([
    ["select nope from s.t", "nope is not a column of what it is selected from"],
    ["select t.nope from s.t as t", "t.nope is not a column of what it is selected from"],
    ["select k from s.t join s.u on t.k = u.k", "k is ambiguous: several sources have it"],
    ["select * from s.nowhere", "the columns of s.nowhere are not known"],
    ["select trim(x) as y from s.nowhere as n", "the columns of s.nowhere are not known"],
  ])("says what it can't resolve: %s", async (select, problem) => {
    const [column] = await analyse({ select, tables });
    expect(column?.unresolved).toEqual([problem]);
    expect(column?.sources).toEqual([]);
  });

  it("keeps the expressions on the way, the outermost first", async () => {
    const select = "with c as (select sum(a) as n from s.t) select cast(n as int) as m from c";
    const [column] = await analyse({ select, tables });
    expect(column?.expressions).toEqual(["CAST(n AS INT)", "SUM(a)"]);
  });
});

describe("what the lakehouse's columns come from", () => {
  let lineage: readonly TableLineage[];
  beforeAll(async () => {
    ({ lineage } = await compile(resolve(import.meta.dirname, "../.."), shop));
  });

  const sources = (name: string) => {
    const { table, column } = readName(lineage, name);
    const made = lineage.find((one) => one.table === table)?.columns.find((one) => one.column === column);
    return made?.sources.map(columnId).toSorted();
  };
  const reached = (name: string, direction: Direction) => {
    const { table, column = "" } = readName(lineage, name);
    return follow(lineage, { table, column }, direction).nodes.map(columnId);
  };

  it("every column of every table that a step writes resolves", () => {
    const unresolved = lineage.flatMap(({ table, columns }) =>
      columns.flatMap(({ column, unresolved: problems }) =>
        problems.map((one) => `${table}.${column}: ${one}`),
      ),
    );
    expect(unresolved).toEqual([]);
    const named = lineage.flatMap(({ columns }) =>
      columns.flatMap(({ sources: from }) => from.map(({ table }) => table)),
    );
    expect(named.filter((table) => table.startsWith("ops.before_"))).toEqual([]);
    for (const { table, columns } of lineage.filter((one) => /^(silver|gold)\./.test(one.table))) {
      expect(columns.map(({ column }) => column)).toEqual(
        shop.tables.get(table)?.columns.map(({ name }) => name),
      );
      for (const { column, kind, sources: from } of columns)
        expect(["stamp", "constant"].includes(kind) || from.length > 0, `${table}.${column}`).toBe(true);
    }
    expect(lineage.filter(({ table }) => table.startsWith("gold.")).length).toBeGreaterThanOrEqual(4);
  });

  it.each([
    ["gold.daily_sales_summary.revenue", ["gold.fct_order_items.amount_reporting"]],
    ["gold.daily_sales_summary.category", ["silver.dim_products.category"]],
    ["gold.daily_sales_summary.date", ["gold.fct_order_items.date"]],
    ["gold.fct_order_items.quantity", ["silver.order_items.quantity", "silver.orders_clean.quantity"]],
    ["gold.fct_orders.total_amount", ["silver.orders_clean.total_amount"]],
    ["gold.customer_ltv.ltv_segment", ["gold.fct_orders.total_reporting"]],
    ["gold.customer_ltv.customer_id", ["gold.fct_orders.customer_id", "silver.dim_customers.customer_id"]],
    ["gold.customer_cohorts.months_since", ["gold.fct_orders.date", "silver.dim_customers.signup_date"]],
    ["gold.customer_cohorts.customers", ["silver.dim_customers.*"]],
    ["gold.product_performance.units_sold", ["gold.fct_order_items.quantity"]],
    [
      "gold.product_performance.category_rank",
      [
        "gold.fct_order_items.amount_reporting",
        "gold.fct_order_items.date",
        "gold.fct_order_items.product_id",
        "silver.dim_products.category",
      ],
    ],
    ["silver.orders_clean.customer_key", ["silver.dim_customers.surrogate_key"]],
    [
      "silver.orders_clean.total_amount",
      ["bronze.orders_raw.quantity", "bronze.orders_raw.total_amount", "bronze.orders_raw.unit_price"],
    ],
    ["silver.orders_clean.quantity", ["bronze.orders_raw.quantity"]],
    [
      "silver.dim_customers.effective_end_date",
      ["bronze.customers_raw.customer_id", "bronze.customers_raw.updated_at"],
    ],
    ["silver.dim_customers.email", ["bronze.customers_raw.email"]],
    ["silver.rejected_rows.table_name", []],
    ["bronze.orders_raw.status", ["landing/orders.status"]],
    ["bronze.orders_raw._rescued_data", ["landing/orders.*"]],
    ["bronze.clickstream_raw.value", ["kafka/clickstream-events.*", "landing/clickstream.*"]],
    ["bronze.topic_starts.first_offset", ["kafka/clickstream-events.*", "landing/topic_starts.*"]],
  ])("%s", (name, expected) => {
    expect(sources(name)).toEqual(expected);
  });

  it("follows a figure of the dashboard up to the files", () => {
    const all = reached("dashboard.sales.daily_sales.revenue", "up");
    expect(all).toContain("landing/orders.total_amount");
    expect(all).not.toContain("landing/orders.order_date");
    expect(all.some((id) => id.startsWith("landing/customers"))).toBe(false);
  });

  it.each([
    ["order_count", ["orders.order_id"]],
    [
      "gross",
      ["orders.total_amount", "order_items.unit_price", "order_items.quantity", "order_items.discount"],
    ],
    ["discount", ["order_items.discount"]],
    ["refund", ["stripe_refunds.*", "payments.amount", "orders.total_amount"]],
    ["fee", ["stripe_balance_transactions.*"]],
    [
      "net",
      ["orders.total_amount", "order_items.discount", "stripe_refunds.*", "stripe_balance_transactions.*"],
    ],
    ["gross_reporting", ["orders.total_amount", "order_items.discount", "currency_rates.rate"]],
    ["refund_reporting", ["stripe_refunds.*", "payments.amount", "currency_rates.rate"]],
    ["fee_reporting", ["stripe_balance_transactions.*", "currency_rates.rate"]],
    [
      "net_reporting",
      ["orders.total_amount", "stripe_refunds.*", "stripe_balance_transactions.*", "currency_rates.rate"],
    ],
  ])("follows %s of the daily revenue up to the landed files", (figure, files) => {
    const all = reached(`gold.fct_daily_revenue.${figure}`, "up");
    expect(all).toEqual(expect.arrayContaining(files.map((column) => `landing/${column}`)));
  });

  it("follows a figure of the traffic page up to the topic and the landed messages", () => {
    const all = reached("gold.hourly_traffic_metrics.page_views", "up");
    expect(all).toContain("kafka/clickstream-events.*");
    expect(all).toContain("landing/clickstream.*");
    expect(all).not.toContain("landing/topic_starts.*");
  });

  it("follows the topic down to gold", () => {
    expect(reached("kafka/clickstream-events.*", "down")).toContain("gold.hourly_traffic_metrics.page_views");
  });

  it("follows a file's column down to all that is made of it", () => {
    const all = reached("landing/products.category", "down");
    expect(all).toContain("gold.daily_sales_summary.category");
    expect(all).toContain("gold.product_performance.category_rank");
    expect(all).not.toContain("gold.daily_sales_summary.revenue");
  });

  it("tells an aggregate from a column handed on", () => {
    const { edges } = follow(lineage, { table: "gold.daily_sales_summary", column: "revenue" }, "up");
    expect(edges[0]).toEqual({
      from: "gold.fct_order_items.amount_reporting",
      to: "gold.daily_sales_summary.revenue",
      kind: "aggregation",
    });
    expect(edges.find(({ to }) => to === "bronze.orders_raw.quantity")?.kind).toBe("identity");
  });

  it.each([
    ["gold.daily_sales_summary.revenu", "Did you mean gold.daily_sales_summary.revenue?"],
    ["gold.daily_sales_sumary.revenue", "Did you mean gold.daily_sales_summary?"],
    ["nonsense", "There are: bronze."],
  ])("says what comes near to %s", (name, hint) => {
    expect(() => readName(lineage, name)).toThrow(hint);
  });
});
