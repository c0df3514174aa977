import { mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeWhole } from "../../landing/write-whole.js";
import { type Day, type ShopSize, calendar, isoDate } from "./calendar.js";
import { drawNumber } from "./random.js";
import type { GeneratedFile } from "./options.js";
import { clickstreamMessages } from "../event.js";
import { envelopeLine, faultyLine } from "./event-faults.js";
import { eventsPerOrder, mostEvents, type Visits } from "./visits.js";

/** Of the last days of the history, so many have events as this number of events allows, but at least so many. */
const eventsOfHistory = 500_000;
const fewestDays = 3;

/** The first day that has events. */
export function firstClickstreamDay(shop: ShopSize & { readonly eventDays: number }): Day {
  const days = calendar(shop, shop.to).toReversed();
  let events = 0;
  const count = days.findIndex(
    ({ orders }) =>
      (events += Math.min((orders.after - orders.before) * eventsPerOrder, mostEvents)) > eventsOfHistory,
  );
  const held = Math.min(shop.eventDays, Math.max(fewestDays, count < 0 ? shop.eventDays : count));
  return Math.max(shop.from, shop.to - held + 1);
}

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
  visits: Visits,
  job: ClickstreamJob,
  count: (kind: string, rows: number) => void,
): Promise<GeneratedFile> {
  const file = join(job.landing, clickstreamName(job.day));
  await mkdir(dirname(file), { recursive: true });
  const rows = await writeWhole(file, (draft) => writeMessages(draft, visits, job, count));
  const { size } = await stat(file);
  return { entity: "clickstream", file, rows, bytes: size };
}

/** @returns the number of messages */
async function writeMessages(
  file: string,
  visits: Visits,
  job: ClickstreamJob,
  count: (kind: string, rows: number) => void,
): Promise<number> {
  const { day, faults, seed } = job;
  const offsets = [0, 0, 0];
  let rows = 0;
  let lines: string[] = [];
  const handle = await open(file, "w");
  try {
    for (const message of await visits.sentOn(day)) {
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
