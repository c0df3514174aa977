import { envelopes, isoTimestamp, type RawMessage } from "./envelope.js";
import { beginFile, type LandingFile } from "../landing/new-file.js";
import { fileName, reached } from "./landing-file.js";
import { TopicRecreated, type Position } from "./positions.js";

/** Consecutive messages of a partition, as fetched. */
interface Fetched {
  readonly partition: number;
  /** The offset that was requested. The topic has no messages between it and the first one here. */
  readonly asked: number;
  /** The offset to request next. */
  readonly next: number;
  readonly messages: readonly RawMessage[];
}

/** What was landed since the last call. */
export interface Landed {
  readonly events: number;
  readonly files: number;
  /** Groups of landed events, with the oldest one's timestamp, milliseconds since 1970. */
  readonly groups: readonly { readonly oldest: number; readonly events: number }[];
}

/** Writes fetched messages to landed files, one writer per partition. */
export interface PartitionWriters {
  /** The topic's name in bronze. */
  readonly topic: string;
  /** By partition, the offset after the last message that these writers have landed. */
  readonly ends: ReadonlyMap<number, number>;
  /** By partition, the offset that names the next file. */
  continuesAt(): ReadonlyMap<number, number>;
  /** The offset that the writer expects next. */
  next(partition: number): number;
  /** Where to fetch from: the last message written, to see that it is still the same, or else the next one. */
  resumeAt(partition: number): number;
  /**
   * Writes the messages that come next and skips those written before. Resolves when they are written.
   *
   * @returns the offset expected next; it is smaller than before when another process has landed the same offsets
   * @throws TopicRecreated when the last message written has changed
   */
  accept(fetched: Fetched): Promise<number>;
  /** Events written and not yet landed. */
  waiting(): number;
  /** Makes all open files visible in the landing folder. */
  land(): Promise<Landed>;
  /** Deletes all open files. */
  discard(): Promise<void>;
}

interface PartitionWriter {
  readonly partition: number;
  /** The offset expected next. */
  next: number;
  /** The offset after the last one landed: it names the next file. */
  landed: number;
  last: Position["last"];
  file: LandingFile | undefined;
  events: number;
  bytes: number;
  groups: Landed["groups"][number][];
  readonly lines: (messages: readonly RawMessage[]) => string;
  /** The last call that has not ended: calls run one after another. */
  turn: Promise<unknown>;
}

/** A file is landed when it has this many characters. */
const largestFile = 64 << 20;

/**
 * Opens writers that write into `folder`, which must exist, in files of about `batchEvents` events at most.
 *
 * @param options.topic its name in bronze
 */
export function openPartitionWriters(options: {
  folder: string;
  topic: string;
  positions: readonly Position[];
  batchEvents: number;
  /** What messages say, of those that name their schema. */
  decode?: (partition: number, messages: readonly RawMessage[]) => Promise<readonly RawMessage[]>;
  /** Told of each file that has landed. */
  onLanded?: ((events: number) => void) | undefined;
}): PartitionWriters {
  const { folder, topic, batchEvents, decode = async (_, messages) => messages, onLanded } = options;
  const writers = new Map(
    options.positions.map(({ partition, next, last }): [number, PartitionWriter] => [
      partition,
      {
        partition,
        next,
        landed: next,
        last,
        file: undefined,
        events: 0,
        bytes: 0,
        groups: [],
        lines: envelopes(topic, partition),
        turn: Promise.resolve(),
      },
    ]),
  );
  const writerOf = (partition: number) => {
    const writer = writers.get(partition);
    if (!writer)
      throw new Error(`Partition ${partition} of ${topic} did not exist when reading started. Run again.`);
    return writer;
  };
  const ends = new Map<number, number>();
  let done = nothing();

  const write = async (writer: PartitionWriter, { asked, next, messages }: Fetched): Promise<number> => {
    checkLast(writer, messages);
    // Fetched before the writer was set back: these messages do not come next.
    if (asked > writer.next) return writer.next;
    const fresh = messages.filter(({ offset }) => Number(offset) >= writer.next);
    for (const raw of chunksOf(fresh)) {
      const chunk = await decode(writer.partition, raw);
      const { offset, timestamp } = chunk.at(-1)!;
      writer.next = Number(offset) + 1;
      writer.last = { offset: Number(offset), timestamp: isoTimestamp(timestamp) };
      writer.file ??= await beginFile(folder, fileName(topic, writer.partition, writer.landed));
      const lines = writer.lines(chunk);
      await writer.file.write(lines);
      writer.bytes += lines.length;
      writer.events += chunk.length;
      writer.groups.push({ oldest: Number(chunk[0]!.timestamp), events: chunk.length });
      const isFull = writer.events >= batchEvents || writer.bytes >= largestFile;
      if (isFull && !(await landFile(writer))) return writer.next;
    }
    writer.next = Math.max(writer.next, next);
    return writer.next;
  };

  /** @returns false when another process has landed these offsets */
  const landFile = async (writer: PartitionWriter): Promise<boolean> => {
    const { file, events, groups } = writer;
    if (!file) return true;
    writer.file = undefined;
    writer.events = writer.bytes = 0;
    writer.groups = [];
    const landed = await file.land();
    if (landed) {
      // The offset that bronze will know: where the topic has a gap, `next` may be greater.
      writer.landed = writer.last!.offset + 1;
      ends.set(writer.partition, writer.landed);
      done = { events: done.events + events, files: done.files + 1, groups: [...done.groups, ...groups] };
      onLanded?.(events);
    } else {
      // Another process was faster: its file counts, and this writer continues after it.
      writer.last = undefined;
      writer.next = writer.landed = await reached(folder, topic, writer.partition, writer.landed);
    }
    return landed;
  };

  const inTurn = <T>(writer: PartitionWriter, work: () => Promise<T>): Promise<T> => {
    const result = writer.turn.then(work);
    writer.turn = result.catch(() => undefined);
    return result;
  };

  return {
    topic,
    ends,
    continuesAt: () => new Map([...writers.values()].map(({ partition, landed }) => [partition, landed])),
    next: (partition) => writerOf(partition).next,
    resumeAt(partition) {
      const { next, last } = writerOf(partition);
      return last?.offset ?? next;
    },
    accept: async (fetched) => {
      const writer = writerOf(fetched.partition);
      return inTurn(writer, () => write(writer, fetched));
    },
    waiting: () => [...writers.values()].reduce((sum, { events }) => sum + events, 0),
    async land() {
      for (const writer of writers.values()) await inTurn(writer, () => landFile(writer));
      const landed = done;
      done = nothing();
      return landed;
    },
    async discard() {
      for (const writer of writers.values())
        await inTurn(writer, async () => {
          await writer.file?.discard();
          writer.file = undefined;
        });
    },
  };
}

const nothing = (): Landed => ({ events: 0, files: 0, groups: [] });

/** Messages turned into text at a time: together a fetch may be larger than a string can be, since it was compressed. */
const chunkSize = 2000;
const chunkBytes = 8 << 20;

function* chunksOf(messages: readonly RawMessage[]): Iterable<readonly RawMessage[]> {
  let [start, bytes] = [0, 0];
  for (const [index, { value }] of messages.entries()) {
    bytes += value?.length ?? 0;
    const size = index + 1 - start;
    if (size < chunkSize && bytes < chunkBytes && index + 1 < messages.length) continue;
    yield messages.slice(start, index + 1);
    [start, bytes] = [index + 1, 0];
  }
}

function checkLast(writer: PartitionWriter, messages: readonly RawMessage[]): void {
  const { last } = writer;
  if (!last || Number(messages[0]?.offset ?? Infinity) > last.offset) return;
  const now = messages.find(({ offset }) => Number(offset) === last.offset);
  if (!now) return;
  const timestamp = isoTimestamp(now.timestamp);
  if (timestamp === last.timestamp) return;
  const [before, after] = [last.timestamp, timestamp].map((instant) => instant ?? "no timestamp");
  throw new TopicRecreated(
    `the message at offset ${last.offset} of partition ${writer.partition} now has the timestamp ${after}; before it was ${before}`,
  );
}
