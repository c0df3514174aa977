import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { step } from "./harness.ts";

const hourly = "gold.hourly_traffic_metrics";
const funnel = "gold.conversion_funnel";

const at = (time: string) => `2026-03-10T${time}Z`;

describe("traffic per UTC hour (FR-009)", () => {
  it("views, visitors and what became of the views", async () => {
    const given = await step(hourly, {
      "silver.clickstream_clean": [
        { event_ts: at("12:00:00") },
        { event_ts: at("12:59:59.999999"), customer_id: "C2" },
        { event_ts: at("12:30:00"), customer_id: "C2" },
        { event_ts: at("12:31:00"), customer_id: "C2", event_type: "add_to_cart" },
        { event_ts: at("12:32:00"), customer_id: "C2", event_type: "purchase" },
        { event_ts: at("12:33:00"), customer_id: "C3", event_type: "search" },
      ],
    });
    expect(await given.contents(gold.hourly_traffic_metrics)).toEqual([
      {
        hour: at("12:00:00"),
        date: "2026-03-10",
        events: 6,
        page_views: 3,
        unique_visitors: 3,
        add_to_carts: 1,
        purchases: 1,
        searches: 1,
        add_to_cart_rate: "0.3333",
        purchase_rate: "0.3333",
      },
    ]);
  });

  it("visitors are browsers, logged in or not, and every page is a view", async () => {
    const given = await step(hourly, {
      "silver.clickstream_clean": [
        { visitor_id: "v-1", customer_id: null, product_id: null, page: "/" },
        { visitor_id: "v-1", customer_id: "C1" },
        { visitor_id: "v-2", customer_id: null },
        { customer_id: "C1" },
        { visitor_id: "C1", customer_id: null },
      ],
    });
    expect(await given.rows(gold.hourly_traffic_metrics, "page_views", "unique_visitors")).toEqual([
      { page_views: 5, unique_visitors: 4 },
    ]);
  });

  it("rates are null in an hour without any view", async () => {
    const given = await step(hourly, { "silver.clickstream_clean": [{ event_type: "purchase" }] });
    expect(
      await given.rows(gold.hourly_traffic_metrics, "page_views", "add_to_cart_rate", "purchase_rate"),
    ).toEqual([{ page_views: 0, add_to_cart_rate: null, purchase_rate: null }]);
  });

  it("hours begin with the hour, and only those with new events are computed again; late events count too", async () => {
    const lake = await step(hourly, {
      "silver.clickstream_clean": [
        { event_ts: at("11:59:59.999999") },
        { event_ts: at("12:00:00") },
        { event_ts: "2026-03-09T12:00:00Z" },
      ],
    });
    await lake.given({
      "silver.clickstream_clean": [{ event_ts: at("11:00:00"), is_late: true, received_at: at("18:00:00") }],
    });
    expect((await lake.run(hourly)).step(hourly)).toMatchObject({ in: 1, out: 1, deleted: 1 });
    expect(await lake.rows(gold.hourly_traffic_metrics, "hour", "page_views")).toEqual([
      { hour: "2026-03-09T12:00:00Z", page_views: 1 },
      { hour: at("11:00:00"), page_views: 2 },
      { hour: at("12:00:00"), page_views: 1 },
    ]);
  });

  it("an hour whose events are gone is gone", async () => {
    const lake = await step(hourly, { "silver.clickstream_clean": [{ event_id: "E1" }] });
    await lake.taken("silver.clickstream_clean", { event_id: "E1" });
    await lake.run(hourly);
    expect(await lake.rows(gold.hourly_traffic_metrics)).toEqual([]);
  });
});

describe("from looking to buying, per day and category", () => {
  it("rates, revenue, what an order and a visitor are worth", async () => {
    const given = await step(funnel, {
      "silver.dim_products": [{ product_id: "P1", category: "Home" }],
      "silver.clickstream_clean": [
        { customer_id: "C1" },
        { customer_id: "C2" },
        { customer_id: "C3" },
        { customer_id: "C1", event_type: "add_to_cart" },
        { customer_id: "C2", event_type: "add_to_cart" },
        { customer_id: "C3", event_type: "add_to_cart" },
        { customer_id: "C1", event_type: "purchase", quantity: 2, price: "10.00" },
        { customer_id: "C2", event_type: "purchase", price: "0.01" },
        { customer_id: "C9", event_type: "search" },
      ],
    });
    expect(await given.contents(gold.conversion_funnel)).toEqual([
      {
        date: "2026-03-10",
        category: "Home",
        visitors: 3,
        page_views: 3,
        add_to_carts: 3,
        purchases: 2,
        cart_rate: "1.0000",
        checkout_rate: "0.6667",
        cart_abandonment: "0.3333",
        revenue: "20.01",
        avg_order_value: "10.01",
        revenue_per_visitor: "6.67",
      },
    ]);
  });

  it("pages without a product are left out, and visitors are browsers", async () => {
    const given = await step(funnel, {
      "silver.clickstream_clean": [
        { visitor_id: "v-1", customer_id: null },
        { visitor_id: "v-1", customer_id: "C1" },
        { visitor_id: "v-1", customer_id: "C1", product_id: null, page: "/checkout" },
        { visitor_id: "v-2", customer_id: null, product_id: null, page: "/" },
        { customer_id: "C1" },
        { visitor_id: "C1", customer_id: null },
      ],
    });
    expect(await given.rows(gold.conversion_funnel, "category", "visitors", "page_views")).toEqual([
      { category: "Unknown", visitors: 3, page_views: 4 },
    ]);
  });

  it("without views, carts or purchases there are no rates; a purchase without a price brings nothing", async () => {
    const given = await step(funnel, {
      "silver.clickstream_clean": [
        { event_ts: "2026-03-10T12:00:00Z" },
        { event_ts: "2026-03-11T12:00:00Z", event_type: "purchase", price: null, quantity: 3 },
      ],
    });
    expect(
      await given.rows(
        gold.conversion_funnel,
        "cart_rate",
        "checkout_rate",
        "cart_abandonment",
        "revenue",
        "avg_order_value",
      ),
    ).toEqual([
      {
        cart_rate: "0.0000",
        checkout_rate: null,
        cart_abandonment: null,
        revenue: "0.00",
        avg_order_value: null,
      },
      {
        cart_rate: null,
        checkout_rate: null,
        cart_abandonment: null,
        revenue: "0.00",
        avg_order_value: "0.00",
      },
    ]);
    expect(given.outcome.warnings).toEqual(["days with events of unknown category"]);
  });

  it("more purchases than carts is no negative abandonment", async () => {
    const given = await step(funnel, {
      "silver.clickstream_clean": [
        { event_type: "add_to_cart" },
        { event_type: "purchase", price: "1.00" },
        { event_type: "purchase", price: "1.00" },
      ],
    });
    expect(await given.rows(gold.conversion_funnel, "category", "checkout_rate", "cart_abandonment")).toEqual(
      [{ category: "Unknown", checkout_rate: "2.0000", cart_abandonment: "0.0000" }],
    );
  });

  it("a product that becomes known, or changes category, takes its events along", async () => {
    const lake = await step(funnel, {
      "silver.clickstream_clean": [
        { event_ts: at("12:00:00") },
        { product_id: "P2", event_ts: "2026-03-09T00:00:00Z" },
      ],
      "silver.dim_products": [{ product_id: "P2", category: "Garden" }],
    });
    await lake.given({ "silver.dim_products": [{ product_id: "P1", category: "Home" }] });
    await lake.run(funnel);
    await lake.given({
      "silver.dim_products": [{ product_id: "P1", category: "Office", updated_at: at("13:00:00") }],
    });
    expect((await lake.run(funnel)).step(funnel)).toMatchObject({ out: 1, deleted: 1 });
    expect(await lake.rows(gold.conversion_funnel, "date", "category")).toEqual([
      { date: "2026-03-09", category: "Garden" },
      { date: "2026-03-10", category: "Office" },
    ]);
  });
});

it.for([
  [hourly, "hours hold each event once", { "gold.hourly_traffic_metrics": [{ events: 5 }] }],
  [funnel, "the funnel holds each event once", { "gold.conversion_funnel": [{ page_views: 5 }] }],
] as const)("%s that does not hold each event once warns", async ([name, check, forged]) => {
  const lake = await step(name, { "silver.clickstream_clean": [{}] });
  await lake.given({ ...forged, "silver.clickstream_clean": [{ event_ts: "2026-03-11T12:00:00Z" }] });
  expect((await lake.run(name)).warnings).toContain(check);
});
