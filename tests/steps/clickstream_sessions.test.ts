import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import { lakehouse, step, type Lakehouse } from "./harness.ts";

const sessions = "silver.clickstream_sessions";
const late = "silver.clickstream_late";

const at = (time: string) => `2026-03-10T${time}Z`;

/** Events of one customer at these times, each with an id that says when. */
const events = (...times: readonly string[]) =>
  times.map((time) => ({ event_id: `E${time}`, event_ts: time.includes("T") ? time : at(time) }));

const spans = async (lake: Lakehouse) =>
  (
    await lake.rows(silver.clickstream_sessions, "visitor_id", "session_start", "session_end", "event_count")
  ).map((row) => [
    row.visitor_id,
    row.session_start.slice(11, -1),
    row.session_end.slice(11, -1),
    row.event_count,
  ]);

describe("a session is what a customer does without a pause of more than 30 minutes (FR-010)", () => {
  it("its columns", async () => {
    const given = await step(sessions, {
      "silver.clickstream_clean": [
        { event_ts: at("12:00:00") },
        { event_ts: at("12:00:10.500"), event_type: "search" },
        { event_ts: at("12:05:00"), event_type: "add_to_cart" },
        { event_ts: at("12:06:00"), event_type: "page_view" },
        { event_ts: at("12:10:00"), event_type: "purchase" },
      ],
    });
    expect(await given.contents(silver.clickstream_sessions)).toEqual([
      {
        visitor_id: "C1",
        has_cookie: false,
        customer_id: "C1",
        session_start: at("12:00:00"),
        session_end: at("12:10:00"),
        session_date: "2026-03-10",
        session_duration: 600,
        event_count: 5,
        page_views: 2,
        searches: 1,
        add_to_carts: 1,
        purchases: 1,
        converted: true,
        landing_page: "/products/P1",
        device: null,
        country: null,
        channel: null,
        referrer: null,
        utm_source: null,
        utm_medium: null,
        utm_campaign: null,
      },
    ]);
  });

  it("a pause of exactly 30 minutes goes on, one a microsecond longer does not", async () => {
    const given = await step(sessions, {
      "silver.clickstream_clean": events("12:00:00", "12:30:00", "13:00:00.000001"),
    });
    expect(await spans(given)).toEqual([
      ["C1", "12:00:00", "12:30:00", 2],
      ["C1", "13:00:00.000001", "13:00:00.000001", 1],
    ]);
  });

  it("each customer has their own, whatever the shop's session ids say", async () => {
    const given = await step(sessions, {
      "silver.clickstream_clean": [
        { event_ts: at("12:00:00"), session_id: "S1" },
        { event_ts: at("12:01:00"), session_id: "S2" },
        { event_ts: at("12:01:00"), session_id: "S1", customer_id: "C2" },
        { event_ts: at("15:00:00"), session_id: "S1" },
      ],
    });
    expect(await spans(given)).toEqual([
      ["C1", "12:00:00", "12:01:00", 2],
      ["C1", "15:00:00", "15:00:00", 1],
      ["C2", "12:01:00", "12:01:00", 1],
    ]);
  });

  it("events of one instant after a pause are in one session, all of them", async () => {
    const together = Array.from({ length: 100 }, (_, index) => ({
      event_id: `E${index}`,
      event_ts: at("15:00:00"),
    }));
    const given = await step(sessions, {
      "silver.clickstream_clean": [...events("12:00:00"), ...together],
    });
    expect(await spans(given)).toEqual([
      ["C1", "12:00:00", "12:00:00", 1],
      ["C1", "15:00:00", "15:00:00", 100],
    ]);
  });

  it("may last over midnight, and for days", async () => {
    const start = Date.parse("2026-03-09T23:40:00Z");
    const times = Array.from({ length: 150 }, (_, index) =>
      new Date(start + index * 1_500_000).toISOString(),
    );
    const lake = await step(sessions, { "silver.clickstream_clean": events(...times.slice(0, 100)) });
    await lake.given({ "silver.clickstream_clean": events(...times.slice(100)) });
    await lake.run(sessions);
    expect(
      await lake.rows(silver.clickstream_sessions, "session_start", "session_end", "event_count"),
    ).toMatchObject([{ session_start: "2026-03-09T23:40:00Z", event_count: 150 }]);
  });

  it("a session without a purchase is not converted", async () => {
    const given = await step(sessions, { "silver.clickstream_clean": [{ event_type: "add_to_cart" }] });
    expect(await given.rows(silver.clickstream_sessions, "converted", "session_duration")).toEqual([
      { converted: false, session_duration: 0 },
    ]);
  });
});

describe("a visitor is a browser, logged in or not", () => {
  const visit = (visitor_id: string | null, customer_id: string | null, time: string, more: object = {}) => ({
    visitor_id,
    customer_id,
    event_ts: at(time),
    ...more,
  });

  it("logging in, and another customer's login, start no session; the first customer is named", async () => {
    const given = await step(sessions, {
      "silver.clickstream_clean": [
        visit("v-1", null, "12:00:00"),
        visit("v-1", "C2", "12:10:00"),
        visit("v-1", "C1", "12:20:00"),
        visit("v-2", null, "12:05:00"),
        visit(null, "C1", "12:30:00"),
      ],
    });
    expect(await given.rows(silver.clickstream_sessions, "visitor_id", "customer_id", "event_count")).toEqual(
      [
        { visitor_id: "C1", customer_id: "C1", event_count: 1 },
        { visitor_id: "v-1", customer_id: "C2", event_count: 3 },
        { visitor_id: "v-2", customer_id: null, event_count: 1 },
      ],
    );
  });

  it("a cookie that looks like a customer's number is another visitor than that customer, at the same instant too", async () => {
    const lake = await step(sessions, {
      "silver.clickstream_clean": [
        visit("C1", null, "12:00:00"),
        visit(null, "C1", "12:00:00"),
        visit("C1", "C2", "12:10:00"),
      ],
    });
    const found = () =>
      lake.rows(silver.clickstream_sessions, "visitor_id", "has_cookie", "customer_id", "event_count");
    expect(await found()).toEqual([
      { visitor_id: "C1", has_cookie: false, customer_id: "C1", event_count: 1 },
      { visitor_id: "C1", has_cookie: true, customer_id: "C2", event_count: 2 },
    ]);
    await lake.given({
      "silver.clickstream_clean": [visit(null, "C1", "12:20:00"), visit("C1", null, "13:00:00")],
    });
    await lake.run(sessions);
    expect(await found()).toEqual([
      { visitor_id: "C1", has_cookie: false, customer_id: "C1", event_count: 2 },
      { visitor_id: "C1", has_cookie: true, customer_id: "C2", event_count: 2 },
      { visitor_id: "C1", has_cookie: true, customer_id: null, event_count: 1 },
    ]);
  });

  it("where they landed and came from is what their first event says", async () => {
    const utm = { utm_source: "news", utm_medium: "email", utm_campaign: "spring" };
    const given = await step(sessions, {
      "silver.clickstream_clean": [
        visit("v-1", null, "12:01:00", { page: "/cart", referrer: "https://other.example/" }),
        visit("v-1", null, "12:00:00", { event_id: "E2", page: "/b" }),
        visit("v-1", null, "12:00:00", {
          event_id: "E1",
          page: "/a",
          device: "mobile",
          country: "Spain",
          ...utm,
        }),
      ],
    });
    const names = ["landing_page", "device", "country", "channel", "referrer", "utm_campaign"] as const;
    expect(await given.rows(silver.clickstream_sessions, ...names)).toEqual([
      {
        landing_page: "/a",
        device: "mobile",
        country: "Spain",
        channel: "email",
        referrer: null,
        utm_campaign: "spring",
      },
    ]);
  });

  it.for([
    ["direct", {}],
    ["paid", { utm_medium: "CPC", referrer: "https://www.google.com/" }],
    ["social", { utm_medium: "social" }],
    ["other", { utm_source: "flyer" }],
    ["search", { referrer: "https://www.google.co.uk/" }],
    ["search", { utm_medium: "organic" }],
    ["social", { referrer: "https://m.facebook.com/" }],
    ["referral", { referrer: "https://mygoogle.example/" }],
    ["referral", { utm_medium: "affiliate" }],
  ] as const)("the channel is %s", async ([channel, more]) => {
    const given = await step(sessions, {
      "silver.clickstream_clean": [visit("v-1", null, "12:00:00", more)],
    });
    expect(await given.rows(silver.clickstream_sessions, "channel")).toEqual([{ channel }]);
  });
});

describe("new events change the sessions that they touch, and no others", () => {
  /** Runs on some events, then on more; gives the sessions and how many rows the second run wrote. */
  const grown = async (first: readonly string[], more: readonly string[]) => {
    const lake = await step(sessions, { "silver.clickstream_clean": events(...first) });
    await lake.given({ "silver.clickstream_clean": events(...more) });
    const { out, deleted } = (await lake.run(sessions)).step(sessions);
    return { spans: await spans(lake), out, deleted };
  };

  it("one that lengthens a session at its end", async () => {
    expect(await grown(["10:00:00", "12:00:00"], ["12:30:00"])).toEqual({
      spans: [
        ["C1", "10:00:00", "10:00:00", 1],
        ["C1", "12:00:00", "12:30:00", 2],
      ],
      out: 1,
      deleted: 1,
    });
  });

  it("one that lengthens it at its start, which renames it", async () => {
    expect((await grown(["12:00:00"], ["11:30:00"])).spans).toEqual([["C1", "11:30:00", "12:00:00", 2]]);
  });

  it("one within it", async () => {
    expect((await grown(["12:00:00", "12:20:00"], ["12:10:00"])).spans).toEqual([
      ["C1", "12:00:00", "12:20:00", 3],
    ]);
  });

  it("one that joins two", async () => {
    expect((await grown(["12:00:00", "12:40:00"], ["12:20:00"])).spans).toEqual([
      ["C1", "12:00:00", "12:40:00", 3],
    ]);
  });

  it("one that stands alone", async () => {
    expect(await grown(["12:00:00"], ["12:30:00.000001"])).toEqual({
      spans: [
        ["C1", "12:00:00", "12:00:00", 1],
        ["C1", "12:30:00.000001", "12:30:00.000001", 1],
      ],
      out: 1,
      deleted: 0,
    });
  });

  it("a chain of new events that reaches an old session only through one another", async () => {
    expect(
      (await grown(["12:00:00", "14:00:00"], ["12:25:00", "12:50:00", "13:15:00", "13:40:00"])).spans,
    ).toEqual([["C1", "12:00:00", "14:00:00", 6]]);
  });

  it("an event that is taken away splits its session", async () => {
    const lake = await step(sessions, {
      "silver.clickstream_clean": events("12:00:00", "12:20:00", "12:40:00"),
    });
    await lake.taken("silver.clickstream_clean", { event_id: "E12:20:00" });
    await lake.run(sessions);
    expect(await spans(lake)).toEqual([
      ["C1", "12:00:00", "12:00:00", 1],
      ["C1", "12:40:00", "12:40:00", 1],
    ]);
    await lake.taken("silver.clickstream_clean", { event_id: "E12:40:00" });
    await lake.run(sessions);
    expect(await spans(lake)).toEqual([["C1", "12:00:00", "12:00:00", 1]]);
  });

  it("--full writes nothing anew that is right", async () => {
    const lake = await step(sessions, { "silver.clickstream_clean": events("12:00:00", "12:40:00") });
    const full = await lake.run(sessions, { full: true });
    expect(full.step(sessions)).toMatchObject({ out: 0, deleted: 0 });
  });
});

describe("late events are taken up once a day", () => {
  const lateEvent = {
    event_id: "LATE",
    event_ts: at("12:20:00"),
    received_at: at("18:00:00"),
    is_late: true,
  };

  it("the stream leaves them out of sessions, the daily run takes them up", async () => {
    const lake = await step(sessions, {
      "silver.clickstream_clean": [...events("12:00:00", "12:40:00"), lateEvent],
    });
    expect(await spans(lake)).toEqual([
      ["C1", "12:00:00", "12:00:00", 1],
      ["C1", "12:40:00", "12:40:00", 1],
    ]);
    await lake.run(`${late},${sessions}`);
    expect(await lake.rows(silver.clickstream_late)).toMatchObject([
      {
        event_id: "LATE",
        customer_id: "C1",
        event_type: "page_view",
        event_ts: at("12:20:00"),
        event_date: "2026-03-10",
      },
    ]);
    expect(await spans(lake)).toEqual([["C1", "12:00:00", "12:40:00", 3]]);
  });

  it("a round of the stream after that keeps them", async () => {
    const lake = await lakehouse();
    await lake.given({ "silver.clickstream_clean": [...events("12:00:00"), lateEvent] });
    await lake.run(`${late},${sessions}`);
    await lake.given({ "silver.clickstream_clean": [{ event_id: "NEW", event_ts: at("12:45:00") }] });
    await lake.run(sessions);
    expect(await spans(lake)).toEqual([["C1", "12:00:00", "12:45:00", 3]]);
  });

  it("one that lies days back changes its own session only", async () => {
    const lake = await step(`${late},${sessions}`, { "silver.clickstream_clean": events("12:00:00") });
    await lake.given({
      "silver.clickstream_clean": [
        { ...lateEvent, event_ts: "2026-03-02T09:00:00Z", event_date: "2026-03-02" },
      ],
    });
    const outcome = await lake.run(`${late},${sessions}`);
    expect(outcome.step(sessions)).toMatchObject({ out: 1, deleted: 0 });
    expect(await lake.rows(silver.clickstream_sessions, "session_date")).toEqual([
      { session_date: "2026-03-02" },
      { session_date: "2026-03-10" },
    ]);
  });

  it("one whose earlier copy turns up is late no more", async () => {
    const lake = await step(`${late},${sessions}`, { "silver.clickstream_clean": [lateEvent] });
    await lake.given({
      "silver.clickstream_clean": [{ ...lateEvent, is_late: false, received_at: at("12:20:01") }],
    });
    await lake.run(`${late},${sessions}`);
    expect(await lake.rows(silver.clickstream_late)).toEqual([]);
    expect(await spans(lake)).toEqual([["C1", "12:20:00", "12:20:00", 1]]);
  });

  it("more than one in twenty of the new events warns", async () => {
    const given = await step(late, { "silver.clickstream_clean": [...events("12:00:00"), lateEvent] });
    expect(given.outcome.warnings).toEqual(["late events"]);
    expect(given.outcome.check("all late events are taken up")).toMatchObject({ status: "pass" });
  });
});

it("sessions that do not hold each event once warn", async () => {
  const lake = await step(sessions, { "silver.clickstream_clean": events("12:00:00") });
  await lake.given({
    "silver.clickstream_sessions": [{ customer_id: "C9", event_count: 3 }],
    "silver.clickstream_clean": events("20:00:00"),
  });
  expect((await lake.run(sessions)).warnings).toEqual(["sessions hold each event once"]);
});
