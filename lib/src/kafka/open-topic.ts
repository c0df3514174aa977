import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { KafkaSettings } from "../settings.js";
import { landWhole, reached, sweep } from "./landing-file.js";
import { openLanes, type Lanes } from "./partition-writer.js";
import { positionsOf, type Held, type NewStart, type Start } from "./positions.js";
import { openReader, type Reader } from "./reader.js";
import { readWatermarks } from "./watermarks.js";

/** What bronze knows of topics. */
export interface Known {
  readonly held: readonly Held[];
  readonly starts: readonly Start[];
}

/** A topic that is being read. */
export interface OpenTopic {
  readonly lanes: Lanes;
  readonly reader: Reader;
  close(): Promise<void>;
}

/**
 * Makes contact, finds out from where to go on, writes down where partitions are begun, and reads.
 *
 * @param options.landing files go into `clickstream` and `topic_starts` below it
 * @param options.anew how it is known that the topic was made anew, if it is
 * @throws InputError when Kafka can't be reached, or holds less than it should
 */
export async function openTopic(
  settings: KafkaSettings,
  known: Known,
  options: { landing: string; follow: boolean; anew?: string },
): Promise<OpenTopic> {
  const { landing, follow, anew } = options;
  const { topic: name, acceptLoss, batchEvents } = settings;
  const watermarks = await readWatermarks(settings);
  const found = positionsOf({ topic: name, ...known, watermarks, acceptLoss, ...(anew && { anew }) });
  const { topic, starts } = found;
  const folder = path.join(landing, "clickstream");
  await mkdir(folder, { recursive: true });
  await sweep(folder);
  for (const start of starts) await landStart(landing, start);
  const positions = await Promise.all(
    found.positions.map(async (position) => {
      const next = await reached(folder, topic, position.partition, position.next);
      return next === position.next ? position : { partition: position.partition, next, high: position.high };
    }),
  );
  const lanes = openLanes({ folder, topic, positions, batchEvents });
  const reader = await openReader(settings, lanes, positions, { follow });
  const close = async () => {
    await reader.close();
    await lanes.discard();
  };
  return { lanes, reader, close };
}

/** As an export of its own, so that it reaches bronze as all files do. */
async function landStart(landing: string, { topic, partition, first, reason }: NewStart): Promise<void> {
  const name = `${topic}-${partition}-${String(first).padStart(20, "0")}.csv`;
  const row = [topic, partition, first, reason, new Date().toISOString()].join(",");
  const header = "kafka_topic,kafka_partition,first_offset,reason,recorded_at";
  await landWhole(path.join(landing, "topic_starts"), name, `${header}\n${row}\n`);
}
