import { describe, expect, it } from "vitest";
import { bronze, silver } from "shopmetrics";
import { lakehouse, step } from "./harness.ts";

const clean = "silver.clickstream_clean";

/** The reasons for which one message is refused; none when it is kept. */
async function reasons(message: object): Promise<string[]> {
  const given = await step(clean, { "bronze.clickstream_raw": [message] });
  const refused = await given.rows(silver.rejected_rows, "reasons");
  expect((await given.rows(silver.clickstream_clean)).length + refused.length).toBe(1);
  return refused.flatMap((row) => row.reasons);
}

describe("an event is typed", () => {
  it("instants, days, amounts and units", async () => {
    const given = await step(clean, {
      "bronze.clickstream_raw": [
        {
          event_type: "purchase",
          event_ts: "2026-03-10T01:30:00.000001+02:00",
          kafka_timestamp: "2026-03-09T23:30:01Z",
          quantity: "2.0",
          price: "19.9",
          device: "mobile",
          country: "France",
        },
      ],
    });
    expect(await given.contents(silver.clickstream_clean)).toEqual([
      {
        event_id: "E1",
        visitor_id: null,
        customer_id: "C1",
        product_id: "P1",
        event_type: "purchase",
        session_id: "S1",
        page: "/products/P1",
        event_ts: "2026-03-09T23:30:00.000001Z",
        event_date: "2026-03-09",
        quantity: 2,
        price: "19.90",
        device: "mobile",
        country: "France",
        referrer: null,
        utm_source: null,
        utm_medium: null,
        utm_campaign: null,
        order_id: null,
        received_at: "2026-03-09T23:30:01Z",
        is_late: false,
        kafka_topic: "clickstream-events",
        kafka_partition: 0,
        kafka_offset: 1001,
        source_file: "clickstream/clickstream_0001.ndjson",
        source_row: 1,
        source_load: 0,
      },
    ]);
  });

  it("visitor, referrer, campaign and order", async () => {
    const given = await step(clean, {
      "bronze.clickstream_raw": [
        {
          visitor_id: "v-1",
          customer_id: null,
          referrer: "https://search.example/",
          utm_source: "search",
          utm_medium: "cpc",
          utm_campaign: "spring",
        },
        { event_id: "E2", visitor_id: "v-1", event_type: "purchase", order_id: "O1", referrer: "" },
      ],
    });
    const names = ["visitor_id", "customer_id", "referrer", "utm_source", "utm_medium", "order_id"] as const;
    expect(await given.rows(silver.clickstream_clean, ...names)).toEqual([
      {
        visitor_id: "v-1",
        customer_id: null,
        referrer: "https://search.example/",
        utm_source: "search",
        utm_medium: "cpc",
        order_id: null,
      },
      {
        visitor_id: "v-1",
        customer_id: "C1",
        referrer: null,
        utm_source: null,
        utm_medium: null,
        order_id: "O1",
      },
    ]);
  });

  it.for([
    ["exactly 10 minutes", "2026-03-10T12:10:00Z", false],
    ["a millisecond more", "2026-03-10T12:10:00.001Z", true],
    ["before it happened, as by a wrong clock", "2026-03-10T11:50:00Z", false],
  ] as const)(
    "an event is late if it comes more than 10 minutes after: %s",
    async ([, kafka_timestamp, is_late]) => {
      const given = await step(clean, {
        "bronze.clickstream_raw": [{ event_ts: "2026-03-10T12:00:00Z", kafka_timestamp }],
      });
      expect(await given.rows(silver.clickstream_clean, "is_late")).toEqual([{ is_late }]);
    },
  );

  it("without a time of Kafka's, an event counts as received when it happened", async () => {
    const given = await step(clean, {
      "bronze.clickstream_raw": [{ event_ts: "2026-03-10T12:00:00Z", kafka_timestamp: null }],
    });
    expect(await given.rows(silver.clickstream_clean, "received_at", "is_late")).toEqual([
      { received_at: "2026-03-10T12:00:00Z", is_late: false },
    ]);
  });
});

const ordinary = {
  event_id: "E1",
  customer_id: "C1",
  product_id: "P1",
  event_type: "page_view",
  session_id: "S1",
  page: "/products/P1",
  event_ts: "2026-03-10T12:00:00.000Z",
};

/** A message with an object or a list in a field for text. */
function nested(name: string, json: string, between = ":") {
  const others = JSON.stringify({ ...ordinary, [name]: undefined, note: '"page":[1]' });
  return { value: `{"${name}"${between}${json},${others.slice(1)}` };
}

describe("what breaks the contract is refused with its reasons (FR-003)", () => {
  it.for([
    ["event_id is missing", { event_id: null }],
    ["event_id is not a text of 1 to 200 characters", { event_id: "  " }],
    ["event_id is not a text of 1 to 200 characters", { event_id: "é".repeat(201) }],
    ["event_id is not a text of 1 to 200 characters", nested("event_id", '{"a":1}')],
    ["visitor_id and customer_id are missing", { visitor_id: null, customer_id: null }],
    ["visitor_id is not a text of 1 to 200 characters", { visitor_id: "" }],
    ["visitor_id is not a text of 1 to 200 characters", { visitor_id: "v".repeat(201) }],
    ["customer_id is not a text of 1 to 200 characters", { visitor_id: "v-1", customer_id: "" }],
    ["customer_id is not a text of 1 to 200 characters", nested("customer_id", "[1]")],
    ["event_type is not known", { event_type: "hover" }],
    ["event_type is not known", { event_type: "Page_View" }],
    ["event_type is not known", { event_type: null }],
    ["product_id is missing", { event_type: "add_to_cart", product_id: null }],
    ["product_id is missing", { event_type: "purchase", product_id: null }],
    ["product_id is given for a search", { event_type: "search", product_id: "P1" }],
    ["product_id is not a text of 1 to 200 characters", { product_id: "" }],
    ["session_id is missing", { session_id: null }],
    ["session_id is not a text of 1 to 200 characters", { session_id: "" }],
    ["page is missing", { page: null }],
    ["page is not a text of 1 to 2000 characters", { page: "x".repeat(2001) }],
    ["event_ts is not an ISO instant", { event_ts: null }],
    ["event_ts is not an ISO instant", { event_ts: "2026-02-30T12:00:00Z" }],
    ["event_ts is not an ISO instant", { event_ts: "2026-03-10 12:00:00Z" }],
    ["event_ts is not an ISO instant", { event_ts: "2026-03-10T12:00:00" }],
    ["event_ts is not an ISO instant", { event_ts: "1773144000" }],
    ["event_ts is not an ISO instant", { event_ts: "1026-03-10T12:00:00Z" }],
    [
      "event_ts lies in the future",
      { event_ts: "2026-03-10T13:00:00.001Z", kafka_timestamp: "2026-03-10T12:00:00Z" },
    ],
    [
      "event_ts is older than 30 days",
      { event_ts: "2026-02-08T11:59:59Z", kafka_timestamp: "2026-03-10T12:00:00Z" },
    ],
    ["quantity is not a whole number from 1 to 999999", { quantity: "0" }],
    ["quantity is not a whole number from 1 to 999999", { quantity: "1.5" }],
    ["quantity is not a whole number from 1 to 999999", { quantity: "1000000" }],
    ["price is not an amount", { price: "-1.00" }],
    ["price is not an amount", { price: "9.999" }],
    ["price is not an amount", { price: "1000000000" }],
    ["device is not a text of 1 to 200 characters", nested("device", "{}")],
    ["country is not a text of 1 to 200 characters", { country: "" }],
    ["referrer is not a text of 1 to 2000 characters", { referrer: "x".repeat(2001) }],
    ["utm_source is not a text of 1 to 200 characters", nested("utm_source", "{}", " : ")],
    ["utm_medium is not a text of 1 to 200 characters", { utm_medium: "x".repeat(201) }],
    ["utm_campaign is not a text of 1 to 200 characters", nested("utm_campaign", "[1]")],
    ["order_id is not a text of 1 to 200 characters", { order_id: "x".repeat(201) }],
    ["message is no JSON object", { value: "click" }],
    ["message is no JSON object", { value: "[]" }],
    ["message is no JSON object", { value: '{"event_id":"E1",}' }],
    [
      "quantity × price is above 999,999,999.99",
      { event_type: "purchase", quantity: "999999", price: "999999999.99" },
    ],
    [
      "quantity × price is above 999,999,999.99",
      { event_type: "purchase", quantity: "100000", price: "10000.00" },
    ],
    [
      "event_ts is more than 1 day after it was loaded",
      { event_ts: "2062-03-10T12:00:00Z", kafka_timestamp: null },
    ],
    [
      "kafka_timestamp is more than 1 day after it was loaded",
      { kafka_timestamp: "9998-12-31T23:00:00Z", event_ts: "2026-03-10T12:00:00Z" },
    ],
    ["message is larger than 5 MiB", { value: null, _rescued_data: '{"value_bytes":70000000}' }],
    ["message is empty", { value: null }],
    ["a field is given twice", { value: JSON.stringify(ordinary).replace("{", '{"event_id":"E1",') }],
    ["message is no UTF-8", { value: null, _rescued_data: '{"value_base64":"/w=="}' }],
    ["line is no envelope of a message", { value: null, kafka_offset: null, _rescued_data: '{"topic' }],
  ] as const)("%s", async ([reason, message]) => {
    expect(await reasons(message)).toEqual([reason]);
  });

  it.for(["[Sale] Shoes", "{name}", "[1]", "{}", '{"a":1}', " {a", '["a'])(
    "a text may begin as a list or an object does: %s",
    async (text) => {
      const fields = { page: text, product_id: text, utm_campaign: text };
      const given = await step(clean, { "bronze.clickstream_raw": [fields] });
      expect(await given.rows(silver.clickstream_clean, "page", "product_id", "utm_campaign")).toEqual([
        fields,
      ]);
    },
  );

  it("every rule that an event breaks is named", async () => {
    expect(await reasons({ event_id: null, quantity: "x", price: "x" })).toEqual([
      "event_id is missing",
      "quantity is not a whole number from 1 to 999999",
      "price is not an amount",
    ]);
  });

  it.for([
    [
      "at the edge of the future",
      { event_ts: "2026-03-10T13:00:00Z", kafka_timestamp: "2026-03-10T12:00:00Z" },
    ],
    ["30 days old", { event_ts: "2026-02-08T12:00:00Z", kafka_timestamp: "2026-03-10T12:00:00Z" }],
    ["200 characters of two bytes each", { event_id: "é".repeat(200) }],
    ["a field that the contract does not know", { value: JSON.stringify({ ...ordinary, colour: "red" }) }],
    ["a comma before a bracket within a text", { value: JSON.stringify({ ...ordinary, page: "a,]" }) }],
    ["a search", { event_type: "search" }],
    ["a page without a product", { product_id: null, page: "/" }],
    ["a visitor who is not logged in", { visitor_id: "v-1", customer_id: null }],
    ["a customer without a visitor, as in messages of the older form", { visitor_id: null }],
    ["a browser without a referrer, which sends an empty one", { referrer: "", utm_source: " " }],
    ["a price of nothing", { price: "0.00" }],
  ] as const)("kept: %s", async ([, message]) => {
    expect(await reasons(message)).toEqual([]);
  });

  it("the quarantine keeps the whole message", async () => {
    const given = await step(clean, { "bronze.clickstream_raw": [{ value: "click" }] });
    const [row] = await given.rows(
      silver.rejected_rows,
      "raw_row",
      "source_file",
      "source_row",
      "table_name",
    );
    expect(row).toMatchObject({
      table_name: clean,
      source_file: "clickstream/clickstream_0001.ndjson",
      source_row: 1,
    });
    expect(JSON.parse(row!.raw_row)).toMatchObject({ value: "click", kafka_offset: 1001 });
  });

  it("more than 5 % refused warns and stops nothing", async () => {
    const given = await step(clean, {
      "bronze.clickstream_raw": [{ event_id: "E1" }, { event_id: "E2" }, { event_id: null }],
    });
    expect(given.outcome.warnings).toEqual(["refused events"]);
    expect(await given.rows(silver.clickstream_clean)).toHaveLength(2);
  });
});

describe("one row per event: the first copy to arrive", () => {
  const copies = [
    { page: "/third", kafka_timestamp: "2026-03-10T12:20:00Z", kafka_partition: 0, kafka_offset: 9 },
    { page: "/first", kafka_timestamp: "2026-03-10T12:00:01Z", kafka_partition: 1, kafka_offset: 8 },
    { page: "/second", kafka_timestamp: "2026-03-10T12:00:01Z", kafka_partition: 2, kafka_offset: 1 },
  ];

  it("within one batch, by Kafka's time and then by place", async () => {
    const given = await step(clean, { "bronze.clickstream_raw": copies });
    expect(await given.rows(silver.clickstream_clean, "page", "is_late")).toEqual([
      { page: "/first", is_late: false },
    ]);
    expect(given.outcome.step(clean)).toMatchObject({ in: 3, out: 1, merged: 2, rejected: 0 });
  });

  it.for([
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ])("in whichever order they are loaded: %i, %i, %i", async (order) => {
    const lake = await lakehouse();
    for (const index of order) {
      await lake.given({ "bronze.clickstream_raw": [copies[index]!] });
      await lake.run(clean);
    }
    expect(await lake.rows(silver.clickstream_clean, "page")).toEqual([{ page: "/first" }]);
  });

  it("a copy that comes later writes nothing", async () => {
    const lake = await step(clean, { "bronze.clickstream_raw": [{}] });
    await lake.given({ "bronze.clickstream_raw": [{}] });
    expect((await lake.run(clean)).step(clean)).toMatchObject({ in: 1, out: 0, merged: 1 });
  });
});

it("an offset that arrives twice warns", async () => {
  const given = await step(clean, {
    "bronze.clickstream_raw": [
      { event_id: "E1", kafka_offset: 7 },
      { event_id: "E2", kafka_offset: 7 },
      { event_id: "E3", kafka_offset: 7, kafka_partition: 1 },
    ],
  });
  expect(given.outcome.warnings).toEqual(["offsets that arrived twice"]);
});

it("poison of all kinds passes from the file to the quarantine, line by line", async () => {
  const lake = await lakehouse();
  const values = [
    "click",
    "",
    null,
    "[".repeat(50_000),
    `{"event_id":"${"x".repeat(1 << 20)}"}`,
    '{"event_id":"\\u0000"}',
    '{"event_id":"\\ud800"}',
    '{"event_id":"E1","event_id":"E1"}',
    "\u2028\u2029\n",
  ];
  const lines = values.map((value, offset) => JSON.stringify({ topic: "t", partition: 0, offset, value }));
  await lake.land("clickstream/a.ndjson", `${lines.join("\n")}\n{"torn\n`);
  const outcome = await lake.run(`bronze.clickstream_raw,${clean}`);
  expect(outcome.step(clean)).toMatchObject({ in: 10, out: 0, rejected: 10 });
  const kept = await lake.rows(bronze.clickstream_raw, "value", "source_row");
  expect(kept.toSorted((a, b) => a.source_row - b.source_row).map(({ value }) => value)).toEqual([
    ...values,
    null,
  ]);
});
