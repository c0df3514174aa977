import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import { lakehouse, step, type Lakehouse } from "./harness.ts";

const clean = "silver.clickstream_clean";
const sessions = "silver.clickstream_sessions";
const identities = "silver.visitor_identities";
const late = "silver.clickstream_late";
const steps = `${sessions},${identities}`;

const at = (time: string) => `2026-03-10T${time}Z`;

/** An event of a visitor at a time of the day, with the customer who is logged in. */
const event = (visitor_id: string | null, customer_id: string | null, time: string, more: object = {}) => ({
  event_id: `${visitor_id}@${time}${customer_id}`,
  visitor_id,
  customer_id,
  event_ts: at(time),
  ...more,
});

type Event = ReturnType<typeof event>;

const ties = async (lake: Lakehouse) =>
  (
    await lake.rows(
      silver.visitor_identities,
      "visitor_id",
      "customer_id",
      "tied_from",
      "identified_at",
      "tied_until",
    )
  ).map((row) => [
    row.visitor_id,
    row.customer_id,
    ...[row.tied_from, row.identified_at, row.tied_until].map((instant) => instant.slice(11, -1)),
  ]);

/** What is tied after sessions and identities were computed from these events. */
async function tied(...events: readonly Event[]): Promise<Lakehouse> {
  const lake = await lakehouse();
  await lake.given({ [clean]: events });
  await lake.run(steps);
  return lake;
}

describe("a visitor who logs in is tied to the customer", () => {
  it("from the session's beginning to its end, and its columns", async () => {
    const lake = await tied(
      event("v-1", null, "10:00:00"),
      event("v-1", null, "10:01:00"),
      event("v-1", "C1", "10:04:00"),
      event("v-1", "C1", "10:05:00"),
      event("v-1", null, "10:06:00"),
    );
    expect(await lake.contents(silver.visitor_identities)).toEqual([
      {
        visitor_id: "v-1",
        customer_id: "C1",
        tied_from: at("10:00:00"),
        tied_until: at("10:06:00"),
        tied_date: "2026-03-10",
        identified_at: at("10:04:00"),
        session_start: at("10:00:00"),
        event_count: 2,
      },
    ]);
  });

  it("in the sessions in which somebody logs in, and in no other", async () => {
    const lake = await tied(
      event("v-1", "C1", "10:00:00"),
      event("v-1", null, "12:00:00"),
      event("v-1", null, "14:00:00"),
      event("v-1", "C1", "14:10:00"),
    );
    expect(await ties(lake)).toEqual([
      ["v-1", "C1", "10:00:00", "10:00:00", "10:00:00"],
      ["v-1", "C1", "14:00:00", "14:10:00", "14:10:00"],
    ]);
  });

  it("with each of the customer's browsers", async () => {
    const lake = await tied(event("v-1", "C1", "10:00:00"), event("v-2", "C1", "10:00:00"));
    expect((await ties(lake)).map(([visitor]) => visitor)).toEqual(["v-1", "v-2"]);
  });

  it("not where nobody logs in, and not by events of the older form, which have no visitor", async () => {
    const lake = await tied(event("v-1", null, "10:00:00"), event(null, "C1", "10:00:00"));
    expect(await ties(lake)).toEqual([]);
  });
});

describe("a browser that two customers share", () => {
  it("is the one until the other logs in, also within a session", async () => {
    const lake = await tied(
      event("v-1", null, "10:00:00"),
      event("v-1", "C1", "10:05:00"),
      event("v-1", null, "10:07:00"),
      event("v-1", "C2", "10:10:00"),
      event("v-1", "C1", "10:15:00"),
      event("v-1", null, "10:20:00"),
    );
    expect(await ties(lake)).toEqual([
      ["v-1", "C1", "10:00:00", "10:05:00", "10:09:59.999999"],
      ["v-1", "C2", "10:10:00", "10:10:00", "10:14:59.999999"],
      ["v-1", "C1", "10:15:00", "10:15:00", "10:20:00"],
    ]);
  });

  it("at one instant is first the customer of the smaller number", async () => {
    const lake = await tied(
      event("v-1", "C2", "10:00:00"),
      event("v-1", "C1", "10:00:00"),
      event("v-1", "C2", "10:01:00"),
    );
    expect(await ties(lake)).toEqual([
      ["v-1", "C1", "10:00:00", "10:00:00", "10:00:00"],
      ["v-1", "C2", "10:00:00", "10:00:00", "10:01:00"],
    ]);
  });
});

describe("a run changes what new events touch", () => {
  const events = [
    event("v-1", null, "10:00:00"),
    event("v-1", "C1", "10:20:00"),
    event("v-1", "C2", "10:40:00"),
    event("v-1", null, "11:05:00"),
    event("v-1", "C1", "11:30:00"),
    event("v-2", null, "10:00:00"),
    event("v-2", "C3", "10:20:00"),
  ];

  it("to the same rows, in whichever order events and runs come", async () => {
    const whole = await ties(await tied(...events));
    for (const shift of [1, 3, 5]) {
      const lake = await lakehouse();
      for (let index = 0; index < events.length; index++) {
        await lake.given({ [clean]: [events[(index * 3 + shift) % events.length]!] });
        // The sessions may be behind, or come later.
        if (index % 3 === 1) await lake.run(identities);
        if (index % 2 === 0) await lake.run(steps);
      }
      await lake.run(steps);
      expect(await ties(lake)).toEqual(whole);
    }
    expect(whole).toHaveLength(4);
  });

  it("a login that comes later ties the session back; other visitors' rows stay as they are", async () => {
    const lake = await tied(event("v-1", null, "10:00:00"), event("v-2", "C2", "10:00:00"));
    await lake.given({ [clean]: [event("v-1", "C1", "10:10:00")] });
    expect((await lake.run(steps)).step(identities)).toMatchObject({ out: 1, deleted: 0 });
    expect(await ties(lake)).toEqual([
      ["v-1", "C1", "10:00:00", "10:10:00", "10:10:00"],
      ["v-2", "C2", "10:00:00", "10:00:00", "10:00:00"],
    ]);
  });

  it("an event that joins two sessions joins their rows", async () => {
    const lake = await tied(event("v-1", "C1", "10:00:00"), event("v-1", "C1", "10:50:00"));
    expect(await ties(lake)).toHaveLength(2);
    await lake.given({ [clean]: [event("v-1", null, "10:25:00")] });
    await lake.run(steps);
    expect(await ties(lake)).toEqual([["v-1", "C1", "10:00:00", "10:00:00", "10:50:00"]]);
  });

  it("events that are gone take their rows along, and may split a session", async () => {
    const lake = await tied(
      event("v-1", "C1", "10:00:00"),
      event("v-1", null, "10:25:00", { event_id: "E1" }),
      event("v-1", "C1", "10:50:00"),
      event("v-2", "C2", "10:00:00", { event_id: "E2" }),
    );
    await lake.taken(clean, { event_id: "E1" });
    await lake.taken(clean, { event_id: "E2" });
    await lake.run(steps);
    expect(await ties(lake)).toEqual([
      ["v-1", "C1", "10:00:00", "10:00:00", "10:00:00"],
      ["v-1", "C1", "10:50:00", "10:50:00", "10:50:00"],
    ]);
  });

  it("late events count once they are taken up", async () => {
    const lake = await tied(
      event("v-1", null, "10:00:00"),
      event("v-1", "C1", "10:10:00", { is_late: true, received_at: at("15:00:00") }),
    );
    expect(await ties(lake)).toEqual([]);
    await lake.run(`${late},${steps}`);
    expect(await ties(lake)).toEqual([["v-1", "C1", "10:00:00", "10:10:00", "10:10:00"]]);
  });

  it("and again changes nothing, with --full neither", async () => {
    const lake = await tied(...events);
    const before = await lake.contents(silver.visitor_identities);
    const full = await lake.run(steps, { full: true });
    expect(full.step(identities)).toMatchObject({ out: 0, deleted: 0 });
    expect(await lake.contents(silver.visitor_identities)).toEqual(before);
  });
});

it("a cookie that looks like another customer's number is not tied to the session of that customer", async () => {
  const lake = await lakehouse();
  await lake.given({
    [clean]: [
      event(null, "C1", "09:50:00"),
      event("C1", null, "10:00:00"),
      event("C1", "C2", "10:05:00"),
      event(null, "C1", "10:20:00"),
    ],
  });
  expect((await lake.run(steps)).warnings).toEqual([]);
  expect(await ties(lake)).toEqual([["C1", "C2", "10:00:00", "10:05:00", "10:05:00"]]);
});

it("a cookie that many customers have warns", async () => {
  const given = await tied(
    ...["C1", "C2", "C3", "C4"].map((customer, index) => event("v-1", customer, `10:0${index}:00`)),
  );
  await given.given({ [clean]: [event("v-2", "C1", "10:00:00")] });
  expect((await given.run(steps)).warnings).toEqual(["visitors who were more than three customers"]);
});

it("rows that do not hold each event once, or overlap, warn", async () => {
  const lake = await step(identities, {
    [sessions]: [
      { visitor_id: "v-1", has_cookie: true, session_start: at("10:00:00"), session_end: at("11:00:00") },
      { visitor_id: "v-1", has_cookie: true, session_start: at("10:30:00"), session_end: at("11:30:00") },
    ],
    [clean]: [event("v-1", "C1", "10:40:00")],
  });
  expect(lake.outcome.warnings).toEqual([
    "each event that names visitor and customer is in one stretch",
    "stretches of a visitor that overlap",
  ]);
});
