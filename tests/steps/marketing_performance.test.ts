import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { step } from "./harness.ts";

const marketing = "gold.marketing_performance";
const session = (
  visitor_id: string,
  day: string,
  given: { utm_campaign?: string; channel?: "search" } = {},
) => ({
  visitor_id,
  session_start: `${day}T12:00:00Z`,
  session_date: day,
  ...given,
});

describe("one row per day, channel and campaign", () => {
  it("has costs, visits, and the completed orders whose last visit it was", async () => {
    const given = await step(marketing, {
      "silver.campaigns": [{}],
      "silver.marketing_spend": [{ spend: "30.00", impressions: 1000, clicks: 20 }],
      "silver.clickstream_sessions": [
        session("V1", "2026-03-10", { utm_campaign: "Spring" }),
        session("V2", "2026-03-10", { utm_campaign: "spring" }),
        session("V3", "2026-03-10", { channel: "search" }),
      ],
      "gold.order_touches": [
        { order_id: "O1", is_new_customer: true, revenue: "50.00" },
        { order_id: "O2", is_new_customer: true, revenue: "25.01" },
        { order_id: "O3", touch: 1, last_share: "0.000000", revenue: "9.00" },
        { order_id: "O3", touch: 2, channel: "search", campaign: "(none)", revenue: "9.00" },
        { order_id: "O4", revenue: "0.00" },
      ],
      "gold.fct_orders": [
        { order_id: "O1" },
        { order_id: "O2" },
        { order_id: "O3" },
        { order_id: "O4", status: "pending" },
      ],
    });
    const day = { date: "2026-03-10" };
    expect(await given.contents(gold.marketing_performance)).toEqual([
      {
        ...day,
        channel: "paid",
        campaign: "spring",
        spend: "30.00",
        impressions: 1000,
        clicks: 20,
        visits: 2,
        orders: 2,
        new_customers: 2,
        revenue: "75.01",
        cac: "15.00",
        roas: "2.5003",
      },
      {
        ...day,
        channel: "search",
        campaign: "(none)",
        spend: "0.00",
        impressions: 0,
        clicks: 0,
        visits: 1,
        orders: 1,
        new_customers: 0,
        revenue: "9.00",
        cac: null,
        roas: null,
      },
    ]);
  });

  it("costs are converted at the rate of their day; without any rate they are unknown, and a check names them", async () => {
    const given = await step(marketing, {
      "silver.marketing_spend": [
        { date: "2026-03-09", currency: "USD", spend: "10.00" },
        { date: "2026-03-10", currency: "USD", spend: "10.00" },
        { date: "2026-03-10", campaign: "alps", currency: "CHF", spend: "10.00" },
      ],
      "silver.currency_rates": [
        { date: "2026-03-09", rate: "1.25000000", valid_until: "2026-03-10" },
        { date: "2026-03-10", rate: "0.80000000" },
      ],
    });
    expect(
      (await given.rows(gold.marketing_performance, "spend", "roas")).map((row) => Object.values(row)),
    ).toEqual([
      ["8.00", "0.0000"],
      [null, null],
      ["12.50", "0.0000"],
    ]);
    const { status, message } = given.outcome.check("costs without an exchange rate");
    expect(status).toBe("warn");
    expect(message).toContain("2026-03-10 paid alps");
  });

  it("a campaign with many clicks and no visit is named", async () => {
    const given = await step(marketing, {
      "silver.marketing_spend": [{ clicks: 250 }],
      "silver.clickstream_sessions": [session("V1", "2026-03-09", { channel: "search" })],
    });
    expect(given.outcome.warningsOf(marketing)).toContain("campaigns with clicks and no visit");
  });
});

describe("only touched days are computed again", () => {
  const shop = {
    "silver.campaigns": [{}],
    "silver.marketing_spend": [{ date: "2026-03-09" }, { date: "2026-03-10" }],
    "silver.clickstream_sessions": [session("V1", "2026-03-10", { utm_campaign: "spring" })],
    "gold.order_touches": [{}],
    "gold.fct_orders": [{}],
  };

  it("costs that are sent again change their day", async () => {
    const lake = await step(marketing, shop);
    await lake.given({ "silver.marketing_spend": [{ date: "2026-03-09", spend: "55.00" }] });
    expect((await lake.run(marketing)).step(marketing).out).toBe(1);
    expect(await lake.rows(gold.marketing_performance, "date", "spend")).toEqual([
      { date: "2026-03-09", spend: "55.00" },
      { date: "2026-03-10", spend: "100.00" },
    ]);
  });

  it("an order that is refunded is none any more, and a visit that is gone does not count", async () => {
    const lake = await step(marketing, shop);
    await lake.given({
      "gold.fct_orders": [{ status: "refunded" }],
      "gold.order_touches": [{ revenue: "0.00" }],
    });
    await lake.taken("silver.clickstream_sessions", { visitor_id: "V1" });
    await lake.run(marketing);
    expect(await lake.rows(gold.marketing_performance, "date", "visits", "orders", "revenue")).toEqual([
      { date: "2026-03-09", visits: 0, orders: 0, revenue: "0.00" },
      { date: "2026-03-10", visits: 0, orders: 0, revenue: "0.00" },
    ]);
  });

  it("a campaign that moves to another channel takes its visits along", async () => {
    const lake = await step(marketing, { ...shop, "gold.order_touches": [], "silver.marketing_spend": [] });
    await lake.given({ "silver.campaigns": [{ channel: "email" }] });
    await lake.run(marketing);
    expect(await lake.rows(gold.marketing_performance, "channel", "visits")).toEqual([
      { channel: "email", visits: 1 },
    ]);
  });
});
