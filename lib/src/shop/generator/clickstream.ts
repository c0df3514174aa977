import { mkdir, open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { type SentEvent, shoppers } from "./shoppers.js";
import type { Catalog } from "./visit.js";
import { type Day, type ShopSize, calendar, isoDate } from "./calendar.js";
import { drawNumber } from "./random.js";
import type { GeneratedFile } from "./options.js";
import { envelopeLine, faultyLine } from "./event-faults.js";
import type { Shop } from "./shop.js";

/** Events are kept for a short time only: so many days of the history have some, its last ones. */
const DAYS_OF_HISTORY = 3;

/** Looking around is cheap: so many events for each order, but no more than a million a day. */
const EVENTS_PER_ORDER = 50;
const MOST_EVENTS = 1_000_000;

/** How busy the shop is in each UTC hour; 1 is the average. */
const HOURS = [
  0.4, 0.25, 0.15, 0.1, 0.1, 0.2, 0.45, 0.8, 1, 1.1, 1.15, 1.2, 1.3, 1.25, 1.15, 1.1, 1.15, 1.3, 1.5, 1.75,
  1.85, 1.65, 1.25, 0.85,
];

/** The first day that has events. */
export const firstClickstreamDay = (history: { from: Day; to: Day }): Day =>
  Math.max(history.from, history.to - DAYS_OF_HISTORY + 1);

/** A day's file of events, within the landing folder. */
export const clickstreamName = (day: Day): string =>
  join("clickstream", `clickstream_${isoDate(day)}.ndjson`);

interface ClickstreamJob extends ShopSize {
  readonly landing: string;
  readonly day: Day;
  /** The share of faulty lines. */
  readonly faults: number;
}

/**
 * Writes the messages that the shop sent on a day, as files of a topic's messages are written: an envelope a line, in the
 * order of sending. Shoppers who came in the evening may send their last events, and late ones, on the next day. Written
 * under a hidden name first, so that nobody reads half a file.
 */
export async function writeClickstream(
  shop: Shop,
  job: ClickstreamJob,
  count: (kind: string, rows: number) => void,
): Promise<GeneratedFile> {
  const { landing, day, faults, seed } = job;
  const file = join(landing, clickstreamName(day));
  const unfinished = join(landing, "clickstream", `.clickstream_${isoDate(day)}.ndjson.tmp`);
  await mkdir(join(landing, "clickstream"), { recursive: true });
  const [from, to] = [milliseconds(day), milliseconds(day + 1)];
  const offsets = [0, 0, 0];
  let rows = 0;
  let lines: string[] = [];
  const handle = await open(unfinished, "w");
  try {
    for (const message of inOrder(await eventsOf(shop, job, day - 1), await eventsOf(shop, job, day))) {
      if (message.sentAt < from || message.sentAt >= to) continue;
      const partition = Number(String(message.event.customer_id).slice(1)) % offsets.length;
      // Offsets grow from day to day, and a day's file is the same whether or not the others were written.
      const place = { partition, offset: day * 10 * MOST_EVENTS + offsets[partition]!++ };
      const luck = faults > 0 ? drawNumber(seed, "clickstream", `faults ${day}`, rows) : 1;
      const line = luck < faults ? faultyLine(message, place, luck / faults) : envelopeLine(message, place);
      if (typeof line !== "string") count(line.kind, 1);
      lines.push(typeof line === "string" ? line : line.text);
      rows++;
      if (lines.length < 5_000) continue;
      await handle.write(`${lines.join("\n")}\n`);
      lines = [];
    }
    if (lines.length > 0) await handle.write(`${lines.join("\n")}\n`);
  } finally {
    await handle.close();
  }
  const { size } = await stat(unfinished);
  await rename(unfinished, file);
  return { entity: "clickstream", file, rows, bytes: size };
}

const milliseconds = (day: Day) => day * 86_400_000;

/** What the shoppers who come on a day send, then and later. */
async function eventsOf(shop: Shop, job: ClickstreamJob, day: Day): Promise<Iterable<SentEvent>> {
  const today = calendar(job, Math.max(day, job.to)).find((one) => one.day === day);
  const catalog = today && (await shelfOf(shop, day, today.customers.after));
  if (!today || !catalog) return [];
  const orders = today.orders.after - today.orders.before;
  const perSecond = Math.min(orders * EVENTS_PER_ORDER, MOST_EVENTS) / 86_400;
  if (perSecond === 0) return [];
  return shoppers({
    seed: job.seed,
    from: milliseconds(day),
    to: milliseconds(day + 1),
    rate: (instant) => perSecond * HOURS[Math.floor((instant % 86_400_000) / 3_600_000)]!,
    ...catalog,
  });
}

/** Who can come on a day, and what there is to be seen at which price. */
async function shelfOf(
  { connection, entities }: Shop,
  day: Day,
  customers: number,
): Promise<Catalog | undefined> {
  await connection.run(`create or replace temp table picked as ${entities.products.pickHistory(day)}`);
  const found = await connection.runAndReadAll(
    `select product_id, price::varchar from (${entities.products.render(day)}) order by position`,
  );
  const products = found.getRows().map(([id, price]) => ({ product_id: String(id), price: String(price) }));
  if (customers === 0 || products.length === 0) return undefined;
  const ids = Array.from({ length: customers }, (_, index) => `C${String(index + 1).padStart(6, "0")}`);
  return { customers: ids, products };
}

/** Two streams as one, in the order of sending. */
function* inOrder(before: Iterable<SentEvent>, after: Iterable<SentEvent>): Generator<SentEvent> {
  const [first, second] = [before[Symbol.iterator](), after[Symbol.iterator]()];
  let [one, other] = [first.next(), second.next()];
  while (!one.done || !other.done) {
    if (other.done || (!one.done && one.value.sentAt <= other.value.sentAt)) {
      if (!one.done) yield one.value;
      one = first.next();
    } else {
      yield other.value;
      other = second.next();
    }
  }
}
