import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { KafkaSettings } from "../settings.js";
import { removeDrafts } from "../landing/write-whole.js";
import { landWhole } from "../landing/new-file.js";
import { clickstreamFolders, reached, type LandingFolders } from "./landing-file.js";
import { openPartitionWriters, type PartitionWriters } from "./partition-writer.js";
import { positionsOf, type Held, type NewStart, type Start } from "./positions.js";
import { openReader, type Reader } from "./reader.js";
import { readWatermarks } from "./watermarks.js";
import { wireDecoder } from "./wire-format.js";

/** What bronze knows about topics. */
export interface Known {
  readonly held: readonly Held[];
  readonly starts: readonly Start[];
}

/** A topic that is open for reading. */
export interface OpenTopic {
  readonly writers: PartitionWriters;
  readonly reader: Reader;
  close(): Promise<void>;
}

/**
 * Connects, finds out where to continue, records the offset at which each new partition starts, and starts reading.
 *
 * @param options.folders where files go below the landing folder; by default those of the clickstream
 * @param options.recreated what shows that the topic was deleted and created again, if it was
 * @throws InputError when Kafka can't be reached, or holds less than it should
 */
export async function openTopic(
  settings: KafkaSettings,
  known: Known,
  options: {
    landing: string;
    folders?: LandingFolders;
    follow: boolean;
    recreated?: string;
    /** Told of each file of events that has landed. */
    onLanded?: (events: number) => void;
  },
): Promise<OpenTopic> {
  const { landing, folders = clickstreamFolders, follow, recreated, onLanded } = options;
  const { topic: name, acceptLoss, batchEvents } = settings;
  const watermarks = await readWatermarks(settings);
  const found = positionsOf({
    topic: name,
    ...known,
    watermarks,
    acceptLoss,
    ...(recreated && { recreated }),
  });
  const { topic, starts } = found;
  const folder = path.join(landing, folders.messages);
  await mkdir(folder, { recursive: true });
  await removeDrafts(folder);
  for (const start of starts) await landStart(path.join(landing, folders.starts), start);
  const positions = await Promise.all(
    found.positions.map(async (position) => {
      const next = await reached(folder, topic, position.partition, position.next);
      return next === position.next ? position : { partition: position.partition, next, high: position.high };
    }),
  );
  const decode = wireDecoder(settings);
  const writers = openPartitionWriters({ folder, topic, positions, batchEvents, decode, onLanded });
  const reader = await openReader(settings, writers, positions, { follow });
  const close = async () => {
    await reader.close();
    await writers.discard();
  };
  return { writers, reader, close };
}

/** As a file of its own, so that it reaches bronze like all other files. */
async function landStart(folder: string, { topic, partition, first, reason }: NewStart): Promise<void> {
  const name = `${topic}-${partition}-${String(first).padStart(20, "0")}.csv`;
  const row = [topic, partition, first, reason, new Date().toISOString()].join(",");
  const header = "kafka_topic,kafka_partition,first_offset,reason,recorded_at";
  await landWhole(folder, name, `${header}\n${row}\n`);
}
