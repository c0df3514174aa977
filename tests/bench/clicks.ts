import path from "node:path";
import { mkdir } from "node:fs/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { literal } from "#lib/engine/duckdb/literals.js";

const day = 86_400_000;

/** The days before the increment that have events. */
const daysOfHistory = 30;

/** Events of the history and of the increment, at scale 1: five for each order. */
const events = { history: 500_000, increment: 5_000 };

/**
 * Lands the benchmark's clickstream, one file of envelopes per day, written by SQL and not by the simulator: visits of eight
 * events, a quarter of the events without a product, 1 % late, 1 % copies, 5 % that silver refuses (no id, no instant, a
 * product that is missing, no JSON, nothing at all), three partitions in the order of arrival. A purchase names an order, and a tenth
 * of the visits a campaign.
 *
 * @param options.last the last day of the history, as yyyy-mm-dd; the increment is the day after it
 * @returns the number of messages
 */
export async function writeClicks(options: {
  landing: string;
  scale: number;
  last: string;
  increment: boolean;
}): Promise<number> {
  const folder = path.join(options.landing, "clickstream");
  await mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  const campaigns = path.join(options.landing, "campaigns/*.csv");
  const last = Date.parse(`${options.last}T00:00:00Z`);
  const days = options.increment
    ? [1]
    : Array.from({ length: daysOfHistory }, (_, n) => n + 1 - daysOfHistory);
  const share = options.increment ? events.increment : events.history / daysOfHistory;
  const count = Math.round(share * options.scale);
  let written = 0;
  for (const n of days) {
    const date = new Date(last + n * day).toISOString().slice(0, 10);
    const file = path.join(folder, `clickstream_${date}.ndjson`);
    const { rowsChanged } = await connection.run(
      `copy (${envelopes(date, count, options.scale, campaigns)}) to ${literal(file)}
      (format csv, header false, quote '', escape '', delim e'\\x01')`,
    );
    written += rowsChanged;
  }
  connection.closeSync();
  instance.closeSync();
  return written;
}

const envelopes = (date: string, count: number, scale: number, campaigns: string) => `
with places as (
  select n, n // 8 as visit, n % 8 as step, hash(n, '${date}') as luck, hash(n // 8, '${date}') as visitor from range(${count}) as t(n)
), drawn as (
  select n, step, luck, visitor, luck // 7 % 100 as kind, luck // 777 % 100 as fault,
    timestamp '${date}' + to_seconds((visitor % 85000 + step * 45 + luck % 30)::bigint)
      + to_milliseconds((luck // 31 % 1000)::bigint) as sent
  from places
), typed as (
  select *, luck // 991 % 100 = 0 as is_late, case when kind < 80 then 'page_view' when kind < 90 then 'add_to_cart'
      when kind < 93 then 'purchase' else 'search' end as event_type
  from drawn
), events as (
  select *, case when event_type = 'search' or (event_type = 'page_view' and kind < 18) then null
      else printf('P%05d', (luck // 13 % (${1000 * scale})::bigint + 1)::bigint) end as product_id,
    sent - case when is_late then to_minutes((11 + luck % 2000)::bigint)
      else to_milliseconds((luck % 4000)::bigint) end as event_ts
  from typed
), messages as (
  select n, sent, 'v-' || lpad(to_hex((visitor % ${60_000 * scale})::bigint), 16, '0') as visitor_id,
    to_json({event_id: case when fault <> 0 then 'E-${date}-' || n end, visitor_id: visitor_id,
      customer_id: case when visitor % 10 < 3 then printf('C%06d', (visitor % ${10_000 * scale} + 1)::bigint) end,
      product_id: case when fault = 1 and event_type <> 'page_view' then null
        when fault = 2 and event_type = 'search' then 'P00001' else product_id end,
      session_id: 'S-' || (visitor % 1000000007)::bigint, event_type: event_type,
      page: case when event_type = 'search' then '/search?q=' || luck % 5000
        when product_id is null then '/' else '/products/' || product_id end,
      event_ts: case when fault <> 3 then strftime(event_ts, '%Y-%m-%dT%H:%M:%S.%gZ') else 'yesterday' end,
      quantity: case when event_type in ('add_to_cart', 'purchase') then luck % 3 + 1 end,
      price: case when product_id is not null then ((luck // 17 % 20000) / 100.0)::decimal(9,2)::varchar end,
      device: ['mobile', 'desktop', 'tablet'][(visitor // 11 % 3 + 1)::int],
      country: ['Norway', 'Spain', 'India', 'Brazil', 'Japan'][(visitor // 19 % 5 + 1)::int],
      referrer: case when step = 0
        then ['https://www.google.com/', 'https://www.instagram.com/', ''][(visitor // 23 % 3 + 1)::int] end,
      utm_source: case when step = 0 and visitor % 5 = 0 then 'newsletter' end,
      utm_medium: case when step = 0 and visitor % 5 = 0 then 'email' end,
      utm_campaign: case when step = 0 and visitor % 10 = 0 then campaigns[(visitor // 29 % len(campaigns) + 1)::int] end,
      order_id: case when event_type = 'purchase' then printf('O%08d', (luck // 37 % ${100_000 * scale} + 1)::bigint) end
    })::varchar as event, fault
  from events, (select list(distinct campaign order by campaign) as campaigns from read_csv(${literal(campaigns)}))
), sent as (
  select n, sent, visitor_id, case fault when 4 then case when n % 2 = 0 then 'not json' end else event end as value from messages
  union all
  select n, sent + interval 3 seconds, visitor_id, event from messages where n % 100 = 50
), placed as (
  select *, hash(visitor_id) % 3 as partition,
    row_number() over (partition by hash(visitor_id) % 3 order by sent, n) as position
  from sent
)
select to_json({topic: 'clicks', partition: partition,
  "offset": epoch(timestamp '${date}')::bigint // 86400 * 100000000 + position,
  timestamp: strftime(sent, '%Y-%m-%dT%H:%M:%S.%gZ'), key: visitor_id, value: value})::varchar
from placed order by sent, n`;
