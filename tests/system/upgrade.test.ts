/** A warehouse that an earlier version made goes on with this one: what a table has gained, and what its rows hold then. */
import { expect, it } from "vitest";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { differences, dump, execute, query, type Tables } from "./tables.ts";

const origin = ["referrer", "utm_source", "utm_medium", "utm_campaign"];
const place = ["visitor_id", "page", "device", "country", ...origin];

/** The columns that tables of the clickstream had gained when visitors came, and the tables that were new. */
const gained: Readonly<Record<string, readonly string[]>> = {
  "silver.clickstream_clean": ["visitor_id", ...origin, "order_id"],
  "silver.clickstream_late": place,
  "silver.clickstream_sessions": [
    "visitor_id",
    "has_cookie",
    "landing_page",
    "device",
    "country",
    "channel",
    ...origin,
    "_first_batch",
  ],
  "ops.before_silver_clickstream_clean": place,
  "ops.before_silver_clickstream_late": place,
};
const added = ["silver.visitor_identities", "ops.before_silver_clickstream_sessions"];

/** Makes bronze's events what they were when all their columns were stored. */
const storeAll = (shop: Lakehouse, without: readonly string[] = []) =>
  execute(shop, [
    `create table bronze.as_before as select * ${without.length > 0 ? `exclude (${without.join(", ")})` : ""} from bronze.clickstream_raw`,
    "drop view bronze.clickstream_raw",
    "drop table bronze.clickstream_raw_messages",
    "alter table bronze.as_before rename to clickstream_raw",
  ]);

/** Takes a warehouse back to what it was before there were visitors. */
async function takeBack(shop: Lakehouse): Promise<void> {
  await storeAll(shop, ["visitor_id", ...origin, "order_id"]);
  await execute(shop, [
    ...Object.entries(gained).flatMap(([table, columns]) =>
      columns.map((column) => `alter table ${table} drop column ${column}`),
    ),
    ...added.map((table) => `drop table ${table}`),
    "delete from ops.watermarks where 'silver.visitor_identities' in (step, table_name)",
  ]);
}

let offset = 0;
const message = (event: object, time: string, arrived = time) =>
  JSON.stringify({
    topic: "t",
    partition: 0,
    offset: offset++,
    timestamp: `2026-03-10T${arrived}Z`,
    key: null,
    value: JSON.stringify({
      event_id: `E${offset}`,
      event_type: "page_view",
      session_id: "S",
      page: `/at/${time}`,
      product_id: "P1",
      event_ts: `2026-03-10T${time}Z`,
      ...event,
    }),
  });
const lines = (...messages: readonly string[]) => `${messages.join("\n")}\n`;

const before = lines(
  message({ customer_id: "C1" }, "10:00:00"),
  message({ customer_id: "C1", event_type: "purchase", quantity: 1, price: "10.00" }, "10:10:00"),
  message({ customer_id: "C2" }, "10:20:00", "15:00:00"),
  message({ customer_id: "C2" }, "18:00:00"),
  message({ customer_id: "C3" }, "20:00:00"),
);
// Goes on with C1's session and with C2's, of which a late event is the first.
const since = lines(
  message({ customer_id: "C1" }, "10:35:00"),
  message({ customer_id: "C2" }, "10:40:00"),
  message({ visitor_id: "v-1", product_id: null }, "21:00:00"),
  message({ visitor_id: "v-1", customer_id: "C1" }, "21:05:00"),
);

it("a warehouse of before there were visitors goes on by itself, and with --full holds what a new one holds", async () => {
  const [older, fresh] = [await lakehouse(), await lakehouse()];
  await older.land("clickstream/1.ndjson", before);
  succeeded(await older.shopmetrics("run"));
  await takeBack(older);
  await older.land("clickstream/2.ndjson", since);
  const ran = await older.shopmetrics("run");
  succeeded(ran);
  expect(ran.stderr).not.toMatch(/sessions hold each event once|in one stretch/);

  await fresh.land("clickstream/1.ndjson", before);
  await fresh.land("clickstream/2.ndjson", since);
  succeeded(await fresh.shopmetrics("run"));
  const sessions = `select visitor_id, has_cookie, customer_id, session_start, session_end, session_duration, event_count, page_views, purchases,
    converted from silver.clickstream_sessions order by all`;
  expect(await query(older, sessions)).toEqual(await query(fresh, sessions));
  const expected = await dump(fresh);
  const same = (tables: Tables) =>
    Object.fromEntries(
      [
        "silver.clickstream_clean",
        "silver.visitor_identities",
        "gold.hourly_traffic_metrics",
        "gold.conversion_funnel",
      ].map((table) => [table, tables[table]!]),
    );
  expect(differences(same(await dump(older)), same(expected))).toEqual([]);
  // What sessions and late events of before did not hold comes with --full.
  expect(
    await query(older, "select landing_page from silver.clickstream_sessions where visitor_id = 'C3'"),
  ).toEqual([{ landing_page: null }]);
  succeeded(await older.shopmetrics("run --full"));
  expect(differences(await dump(older), expected)).toEqual([]);
});

it("a warehouse whose events had columns of their own goes on: loads, takes back and computes again", async () => {
  const [older, fresh] = [await lakehouse(), await lakehouse()];
  await older.land("clickstream/1.ndjson", before);
  await older.land("clickstream/2.ndjson", lines(message({ customer_id: "C7" }, "19:00:00"), "torn"));
  succeeded(await older.shopmetrics("run"));
  const was = await older.copy();
  const held = await dump(older);
  await storeAll(older);
  // Reading leaves it as it is.
  expect((await older.json<{ rows: unknown[] }>("show bronze.clickstream_raw --limit 3")).rows).toHaveLength(
    3,
  );
  expect(await older.json(`diff bronze.clickstream_raw --against ${was.home}`)).toMatchObject({
    tables: [{ in: "both", added: 0, removed: 0, changed: 0, columnsAdded: [], columnsRemoved: [] }],
  });
  const taken = await older.shopmetrics("unload clickstream/2.ndjson");
  succeeded(taken);
  expect(taken.stdout).toContain("Removed the 2 rows of clickstream/2.ndjson from bronze.clickstream_raw");
  expect(taken.stderr).toMatch(/^bronze\.clickstream_raw no longer stores the fields of its messages/);
  await older.take("clickstream/2.ndjson");
  await older.land("clickstream/3.ndjson", since);
  const ran = await older.shopmetrics("run --full");
  succeeded(ran);
  expect(ran.stderr).not.toContain("no longer stores");

  await fresh.land("clickstream/1.ndjson", before);
  await fresh.land("clickstream/3.ndjson", since);
  succeeded(await fresh.shopmetrics("run"));
  expect(differences(await dump(older), await dump(fresh))).toEqual([]);
  await storeAll(was);
  succeeded(await was.shopmetrics("run"));
  expect(differences(await dump(was), held)).toEqual([]);
});

it("a warehouse of before sessions told cookies from customers goes on by itself, and tells them apart", async () => {
  const shop = await lakehouse();
  await shop.land("clickstream/1.ndjson", before);
  await shop.land(
    "clickstream/2.ndjson",
    lines(
      message({ visitor_id: "C9" }, "21:00:00"),
      message({ visitor_id: "C9", customer_id: "C1" }, "21:05:00"),
    ),
  );
  succeeded(await shop.shopmetrics("run"));
  await execute(shop, ["alter table silver.clickstream_sessions drop column has_cookie"]);
  const was = await shop.copy();
  await shop.land(
    "clickstream/3.ndjson",
    lines(message({ customer_id: "C9" }, "21:10:00"), message({ visitor_id: "C9" }, "21:15:00")),
  );
  succeeded(await shop.shopmetrics("run"));
  expect(
    await query(
      shop,
      `select has_cookie, customer_id, event_count from silver.clickstream_sessions where visitor_id = 'C9' order by all`,
    ),
  ).toEqual([
    { has_cookie: false, customer_id: "C9", event_count: "1" },
    { has_cookie: true, customer_id: "C1", event_count: "3" },
  ]);
  expect(await shop.json(`diff silver.clickstream_sessions --against ${was.home}`)).toMatchObject({
    tables: [{ added: 1, removed: 0, changed: 1, columnsAdded: ["has_cookie"] }],
  });
  const after = await dump(shop);
  succeeded(await shop.shopmetrics("run --full"));
  expect(differences(await dump(shop), after)).toEqual([]);
});

it("is compared with what it was before by keys that take over a former column's values, or says what it lacks", async () => {
  const older = await lakehouse();
  await older.land("clickstream/1.ndjson", before);
  succeeded(await older.shopmetrics("run"));
  await takeBack(older);
  const was = await older.copy();
  await older.land("clickstream/2.ndjson", since);
  succeeded(await older.shopmetrics("run"));
  const against = `silver.clickstream_sessions --against ${was.home}`;
  expect(await older.json(`diff ${against}`)).toMatchObject({
    tables: [{ added: 1, removed: 0, changed: 2, columnsRemoved: [] }],
  });
  await execute(was, ["alter table silver.clickstream_sessions drop column customer_id"]);
  const { code, stderr } = await older.shopmetrics(`diff ${against}`);
  expect(code).toBe(2);
  expect(stderr).toContain(
    "silver.clickstream_sessions can't be compared: the one compared with is of another version, whose rows have no visitor_id",
  );
});
