import { expect, it } from "vitest";
import { silver } from "shopmetrics";
import { clickstreamEvent } from "#lib/shop/event.js";
import { lakehouse } from "./harness.ts";
import { mulberry32 } from "./random.ts";

// CONTRACT_EVENTS=1000000 npx vitest run --project steps contract
const wanted = Number(process.env["CONTRACT_EVENTS"] ?? 20_000);

/** Values of all kinds, each of which some field takes and another refuses. */
// prettier-ignore
const values: readonly unknown[] = [
  "E1", "é".repeat(200), "é".repeat(201), "🛒".repeat(200), "x".repeat(2000), "x".repeat(2001), "", " ", "  a", " {a",
  "{a", "[a", " [a", "[1]", "{}", '{"a":1}', '["a', " {}", "\n", "\t", "\u00a0", "a\u0000b", "a\nb", "a\u2028b", "'; drop table", "null", "true", "NaN",
  "page_view", "add_to_cart", "purchase", "search", "Search", " search",
  "2026-03-10T12:00:00Z", "2026-03-10T12:00:00.123456Z", "2026-03-10T12:00:00.1234567Z", "2026-03-10T12:00:00+01:30",
  "2026-03-10T12:00:00+13:59", "2026-03-10T12:00:00-14:00", "2026-02-29T12:00:00Z", "2024-02-29T12:00:00Z",
  "2026-03-10T24:00:00Z", "2026-03-10T23:59:60Z", "2026-13-10T12:00:00Z", "2026-03-10T12:00Z", "2026-03-10T12:00:00",
  "2026-03-10", "2026-03-10t12:00:00z", " 2026-03-10T12:00:00Z", "2100-03-10T12:00:00Z", "1999-12-31T23:59:59Z", "now",
  "2026-00-10T12:00:00Z", "2026-04-31T12:00:00Z", "2026-03-10T12:00:00.Z", "2026-03-10T12:00:00 Z", "infinity",
  0, 1, 2, -1, 1.5, 2.0, 19.9, 19.99, 19.999, 999_999, 1_000_000, 999_999_999, 999_999_999.99, 1e9, 1e21, 1e-7, -0,
  "0", "1", "01", "1.0", "1.50", "1.500", "1.501", "+1", "-1", "1e2", "1,5", ".5", "5.", "1_000", "0x10", "١",
  true, false, null, {}, { a: 1 }, [], ["E1"], [[]],
];

const others = ["visitor_id", "referrer", "utm_source", "utm_medium", "utm_campaign", "order_id"];

/** Texts that are no event whatever their fields, and that JavaScript's own reader must refuse too. */
const broken = (text: string): string[] => [
  text.slice(0, -1),
  `${text}x`,
  `\ufeff${text}`,
  text.replace(/\}$/, ",}"),
  text.replaceAll('"', "'"),
  `[${text}]`,
  JSON.stringify(text),
  text.replace(/:/, ": \u0001"),
  text.replace(/\}$/, ',"page":"\\ud800"}'),
  "",
  "null",
];

it(
  `the producer's contract and silver's SQL judge ${wanted} events alike`,
  { timeout: 600_000 },
  async () => {
    const random = mulberry32(wanted);
    const pick = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)]!;
    const event = () => {
      const type = pick(["page_view", "add_to_cart", "purchase", "search"]);
      const good: Record<string, unknown> = {
        event_id: "E",
        ...(random() < 0.6 && { visitor_id: "v-1" }),
        ...(random() < 0.6 && { customer_id: "C1" }),
        ...(type !== "search" && (type !== "page_view" || random() < 0.5) && { product_id: "P1" }),
        event_type: type,
        session_id: "S1",
        page: "/",
        event_ts: "2026-03-10T12:00:00.123Z",
        ...(random() < 0.3 && { quantity: 1 }),
        ...(random() < 0.3 && { price: "9.99" }),
        ...(random() < 0.3 && { device: "mobile", country: null }),
        ...(random() < 0.2 && {
          referrer: pick(["", "https://search.example/"]),
          utm_source: "search",
          order_id: 7,
        }),
        ...(random() < 0.1 && { [pick(["colour", "EVENT_ID", "event id"])]: pick(values) }),
        ...(random() < 0.05 && { note: '"page":[1],"product_id":{' }),
      };
      const names = [...Object.keys(good), "quantity", "price", "device", "country", "product_id", ...others];
      // Most have one doubtful field, so that no other field's fault hides a difference.
      for (let faults = pick([0, 1, 1, 1, 1, 2]); faults > 0; faults--) {
        const name = pick(names);
        if (random() < 0.1) delete good[name];
        else good[name] = pick(values);
      }
      return JSON.stringify(good);
    };
    const texts = Array.from({ length: wanted }, () => {
      const text = event();
      return random() < 0.1 ? pick(broken(text)) : text;
    });

    const lake = await lakehouse();
    const lines = texts.map((value, offset) =>
      JSON.stringify({ topic: "t", partition: 0, offset, key: null, timestamp: null, value }),
    );
    await lake.land("clickstream/a.ndjson", `${lines.join("\n")}\n`);
    await lake.run("bronze.clickstream_raw,silver.clickstream_clean");
    const refused = new Map(
      (await lake.rows(silver.rejected_rows, "source_row", "reasons")).map((row) => [
        row.source_row,
        row.reasons,
      ]),
    );

    const differing = texts.flatMap((text, index) => {
      const byContract = verdict(text);
      const bySql = refused.get(index + 1);
      return byContract === !bySql ? [] : [{ text: text.slice(0, 300), byContract, bySql }];
    });
    expect(differing).toEqual([]);
    // Both verdicts are frequent, so that agreement says something.
    expect(refused.size).toBeGreaterThan(wanted / 4);
    expect(refused.size).toBeLessThan((wanted * 3) / 4);
  },
);

function verdict(text: string): boolean {
  try {
    return clickstreamEvent.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
