import { describe, expect, it } from "vitest";
import { gold, type Row, type silver } from "shopmetrics";
import { step } from "./harness.ts";

const touches = "gold.order_touches";
type Event = Partial<Row<typeof silver.clickstream_clean>>;
type Session = Partial<Row<typeof silver.clickstream_sessions>>;

const purchase = (given: Event = {}): Event => ({
  event_id: "E1",
  event_type: "purchase",
  order_id: "O1",
  visitor_id: "V1",
  event_ts: "2026-03-10T12:30:00Z",
  event_date: "2026-03-10",
  ...given,
});
const visit = (session_start: string, given: Session = {}): Session => ({
  visitor_id: "V1",
  has_cookie: true,
  session_start,
  session_date: session_start.slice(0, 10),
  channel: "search",
  ...given,
});

describe("one row per visit of the 30 days before an order", () => {
  it("a visit that began exactly 30 days before counts, an earlier or a later one and another visitor's do not", async () => {
    const given = await step(touches, {
      "silver.clickstream_clean": [purchase()],
      "silver.clickstream_sessions": [
        visit("2026-02-08T12:29:59Z"),
        visit("2026-02-08T12:30:00Z"),
        visit("2026-03-10T12:30:00Z"),
        visit("2026-03-10T12:30:00.000001Z"),
        visit("2026-03-09T12:00:00Z", { visitor_id: "V2" }),
        visit("2026-03-09T12:00:00Z", { has_cookie: false }),
      ],
    });
    expect(await given.rows(gold.order_touches, "touch", "session_start")).toEqual([
      { touch: 1, session_start: "2026-02-08T12:30:00Z" },
      { touch: 2, session_start: "2026-03-10T12:30:00Z" },
    ]);
  });

  it("the first purchase event of an order counts; other events and purchases without an order do not", async () => {
    const given = await step(touches, {
      "silver.clickstream_clean": [
        purchase({ event_id: "E2" }),
        purchase({
          event_id: "E1",
          event_ts: "2026-03-12T00:00:00Z",
          event_date: "2026-03-12",
          visitor_id: "V2",
        }),
        purchase({ event_id: "E3", order_id: null }),
        purchase({ event_id: "E4", order_id: "O2", event_type: "add_to_cart" }),
      ],
      "silver.clickstream_sessions": [
        visit("2026-03-10T12:00:00Z"),
        visit("2026-03-10T12:00:00Z", { visitor_id: "V2" }),
      ],
    });
    expect(await given.rows(gold.order_touches, "order_id", "date", "last_share")).toEqual([
      { order_id: "O1", date: "2026-03-10", last_share: "1.000000" },
    ]);
  });

  it.for([
    [1, ["1.000000"]],
    [3, ["0.333333", "0.333333", "0.333334"]],
    [6, ["0.166667", "0.166667", "0.166667", "0.166667", "0.166667", "0.166665"]],
  ] as const)("the shares of %i visits add up to 1", async ([count, linear]) => {
    const given = await step(touches, {
      "silver.clickstream_clean": [purchase()],
      "silver.clickstream_sessions": Array.from({ length: count }, (_, n) =>
        visit(`2026-03-0${n + 1}T00:00:00Z`),
      ),
    });
    const rows = await given.rows(gold.order_touches, "first_share", "last_share", "linear_share");
    expect(rows.map(({ linear_share }) => linear_share)).toEqual(linear);
    expect(rows.map(({ first_share }) => Number(first_share))).toEqual(
      linear.map((_, n) => (n === 0 ? 1 : 0)),
    );
    expect(rows.map(({ last_share }) => Number(last_share))).toEqual(
      linear.map((_, n) => (n === count - 1 ? 1 : 0)),
    );
    expect(given.outcome.check("orders that are not credited exactly once").status).toBe("pass");
  });

  it("the channel is the campaign's where the shop knows it, else the visit's, else other", async () => {
    const given = await step(touches, {
      "silver.campaigns": [{ campaign: "spring", channel: "social" }],
      "silver.clickstream_clean": [purchase()],
      "silver.clickstream_sessions": [
        visit("2026-03-01T00:00:00Z", { utm_campaign: " SPRING " }),
        visit("2026-03-02T00:00:00Z", { utm_campaign: "Unheard", channel: "email" }),
        visit("2026-03-03T00:00:00Z", { utm_campaign: "" }),
        visit("2026-03-04T00:00:00Z", { channel: null }),
      ],
    });
    expect(
      (await given.rows(gold.order_touches, "channel", "campaign")).map((row) => Object.values(row)),
    ).toEqual([
      ["social", "spring"],
      ["email", "unheard"],
      ["search", "(none)"],
      ["other", "(none)"],
    ]);
  });

  it("an order that is not completed, or not known, is worth nothing", async () => {
    const given = await step(touches, {
      "gold.fct_orders": [
        { order_id: "O1", total_reporting: "12.50", is_first_order: true },
        { order_id: "O2", status: "pending" },
        { order_id: "O3", total_reporting: null },
      ],
      "silver.clickstream_clean": ["O1", "O2", "O3", "O4"].map((order_id) =>
        purchase({ event_id: order_id, order_id }),
      ),
      "silver.clickstream_sessions": [visit("2026-03-10T12:00:00Z")],
    });
    expect(
      (await given.rows(gold.order_touches, "revenue", "is_new_customer")).map((row) => Object.values(row)),
    ).toEqual([
      ["12.50", true],
      ["0.00", false],
      ["0.00", false],
      ["0.00", false],
    ]);
  });
});

describe("only touched orders are computed again", () => {
  const shop = {
    "silver.clickstream_clean": [purchase(), purchase({ event_id: "E2", order_id: "O2", visitor_id: "V2" })],
    "silver.clickstream_sessions": [
      visit("2026-03-10T12:00:00Z", { utm_campaign: "spring" }),
      visit("2026-03-10T12:00:00Z", { visitor_id: "V2" }),
    ],
    "gold.fct_orders": [{ order_id: "O1" }, { order_id: "O2" }],
  };

  it("an earlier visit that turns up moves the first touch of its visitor's order", async () => {
    const lake = await step(touches, shop);
    await lake.given({ "silver.clickstream_sessions": [visit("2026-03-01T12:00:00Z")] });
    expect((await lake.run(touches)).step(touches).out).toBe(2);
    expect(await lake.rows(gold.order_touches, "order_id", "touch", "session_start")).toEqual([
      { order_id: "O1", touch: 1, session_start: "2026-03-01T12:00:00Z" },
      { order_id: "O1", touch: 2, session_start: "2026-03-10T12:00:00Z" },
      { order_id: "O2", touch: 1, session_start: "2026-03-10T12:00:00Z" },
    ]);
  });

  it("a visit or a purchase that is gone takes its rows along", async () => {
    const lake = await step(touches, shop);
    await lake.taken("silver.clickstream_clean", { event_id: "E2" });
    await lake.run(touches);
    expect(await lake.rows(gold.order_touches, "order_id")).toEqual([{ order_id: "O1" }]);
    await lake.taken("silver.clickstream_sessions", { visitor_id: "V1" });
    await lake.run(touches);
    expect(await lake.rows(gold.order_touches)).toEqual([]);
  });

  it("an order that is refunded loses its revenue, and a campaign that moves to another channel takes its visits along", async () => {
    const lake = await step(touches, shop);
    await lake.given({ "gold.fct_orders": [{ order_id: "O2", status: "refunded" }] });
    await lake.given({ "silver.campaigns": [{ campaign: "spring", channel: "email" }] });
    await lake.run(touches);
    expect(await lake.rows(gold.order_touches, "order_id", "channel", "revenue")).toEqual([
      { order_id: "O1", channel: "email", revenue: "10.00" },
      { order_id: "O2", channel: "search", revenue: "0.00" },
    ]);
  });
});
