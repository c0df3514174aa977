import { mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeWhole } from "../../landing/write-whole.js";
import { type SentEvent, shoppers } from "./shoppers.js";
import type { Catalog } from "./visit.js";
import { type Day, type ShopSize, calendar, isoDate } from "./calendar.js";
import { drawNumber } from "./random.js";
import type { GeneratedFile } from "./options.js";
import { clickstreamMessages } from "../event.js";
import { envelopeLine, faultyLine } from "./event-faults.js";
import type { Shop } from "./shop.js";

/** The last days of the history that have events: events are kept only for a short time. */
const daysOfHistory = 3;

/** Events for each order, and the limit for a day. */
const eventsPerOrder = 50;
const mostEvents = 1_000_000;

/** How busy the shop is in each UTC hour; 1 is the average. */
const busyness = [
  0.4, 0.25, 0.15, 0.1, 0.1, 0.2, 0.45, 0.8, 1, 1.1, 1.15, 1.2, 1.3, 1.25, 1.15, 1.1, 1.15, 1.3, 1.5, 1.75,
  1.85, 1.65, 1.25, 0.85,
];

/** The first day that has events. */
export const firstClickstreamDay = (history: { from: Day; to: Day }): Day =>
  Math.max(history.from, history.to - daysOfHistory + 1);

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
 * Writes the messages that the shop sent on a day in the format of a topic's landed messages: one envelope per line, in the
 * order of sending. Shoppers who came in the evening may send their last events, and late events, on the next day.
 */
export async function writeClickstream(
  shop: Shop,
  job: ClickstreamJob,
  count: (kind: string, rows: number) => void,
): Promise<GeneratedFile> {
  const file = join(job.landing, clickstreamName(job.day));
  await mkdir(dirname(file), { recursive: true });
  const rows = await writeWhole(file, (draft) => writeMessages(draft, shop, job, count));
  const { size } = await stat(file);
  return { entity: "clickstream", file, rows, bytes: size };
}

/** @returns the number of messages */
async function writeMessages(
  file: string,
  shop: Shop,
  job: ClickstreamJob,
  count: (kind: string, rows: number) => void,
): Promise<number> {
  const { day, faults, seed } = job;
  const [from, to] = [milliseconds(day), milliseconds(day + 1)];
  const offsets = [0, 0, 0];
  let rows = 0;
  let lines: string[] = [];
  const handle = await open(file, "w");
  try {
    for (const message of inOrder(await eventsOf(shop, job, day - 1), await eventsOf(shop, job, day))) {
      if (message.sentAt < from || message.sentAt >= to) continue;
      const key = clickstreamMessages.keyOf(message.event);
      const partition = Math.floor(drawNumber(0, "partition", key, 1) * offsets.length);
      // Offsets grow from day to day, and a day's file does not depend on whether other days were written.
      const place = { partition, offset: day * 10 * mostEvents + offsets[partition]!++ };
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
    return rows;
  } finally {
    await handle.close();
  }
}

const milliseconds = (day: Day) => day * 86_400_000;

/** What the shoppers who come on a day send, on that day and later. */
async function eventsOf(shop: Shop, job: ClickstreamJob, day: Day): Promise<Iterable<SentEvent>> {
  const today = calendar(job, Math.max(day, job.to)).find((calendarDay) => calendarDay.day === day);
  const catalog = today && (await catalogOf(shop, day, today.customers.after));
  if (!today || !catalog) return [];
  const orders = today.orders.after - today.orders.before;
  const perSecond = Math.min(orders * eventsPerOrder, mostEvents) / 86_400;
  if (perSecond === 0) return [];
  return shoppers({
    seed: job.seed,
    from: milliseconds(day),
    to: milliseconds(day + 1),
    rate: (instant) => perSecond * busyness[Math.floor((instant % 86_400_000) / 3_600_000)]!,
    ...catalog,
  });
}

/** The customers who exist on a day, and the products with their prices. */
async function catalogOf(
  { connection, entities }: Shop,
  day: Day,
  customers: number,
): Promise<Catalog | undefined> {
  const products = entities.get("products")!;
  await connection.run(`create or replace temp table picked as ${products.pickHistory(day)}`);
  const found = await connection.runAndReadAll(
    `select product_id, price::varchar from (${products.render(day)}) order by position`,
  );
  const listed = found.getRows().map(([id, price]) => ({ product_id: String(id), price: String(price) }));
  if (customers === 0 || listed.length === 0) return undefined;
  const ids = Array.from({ length: customers }, (_, index) => `C${String(index + 1).padStart(6, "0")}`);
  return { customers: ids, products: listed };
}

/** Merges two streams in the order of sending. */
function* inOrder(before: Iterable<SentEvent>, after: Iterable<SentEvent>): Generator<SentEvent> {
  const [first, second] = [before[Symbol.iterator](), after[Symbol.iterator]()];
  let [left, right] = [first.next(), second.next()];
  while (!left.done || !right.done) {
    if (right.done || (!left.done && left.value.sentAt <= right.value.sentAt)) {
      if (!left.done) yield left.value;
      left = first.next();
    } else {
      yield right.value;
      right = second.next();
    }
  }
}
