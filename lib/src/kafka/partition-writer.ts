import { envelopes, isoTimestamp, type RawMessage } from "./envelope.js";
import { beginFile, fileName, reached, type LandingFile } from "./landing-file.js";
import { TopicMadeAnew, type Position } from "./positions.js";

/** Consecutive messages of a partition, as fetched. */
interface Fetched {
  readonly partition: number;
  /** The offset that was asked for. Between it and the first message the topic holds none. */
  readonly asked: number;
  /** The offset to ask for next. */
  readonly next: number;
  readonly messages: readonly RawMessage[];
}

/** What lanes have landed since they were asked last. */
export interface Landed {
  readonly events: number;
  readonly files: number;
  /** Groups of landed events, with the oldest one's timestamp, milliseconds since 1970. */
  readonly groups: readonly { readonly oldest: number; readonly events: number }[];
}

/** The way from fetched messages to landed files, one lane for each partition. */
export interface Lanes {
  /** The topic as bronze calls it. */
  readonly topic: string;
  /** By partition, the offset behind the last message that these lanes have landed. */
  readonly ends: ReadonlyMap<number, number>;
  /** The offset to be taken next. */
  next(partition: number): number;
  /** From where to fetch: the last message taken, to see that it is still the same, or else the next one. */
  resumeAt(partition: number): number;
  /**
   * Takes what continues its lane and passes over what it holds. Resolves when it is written.
   *
   * @returns the offset to be taken next; a smaller one than before when another process has landed the same
   * @throws TopicMadeAnew when the last message taken is another one now
   */
  accept(fetched: Fetched): Promise<number>;
  /** Events taken and not yet landed. */
  waiting(): number;
  /** Lets all begun files appear in the landing folder. */
  land(): Promise<Landed>;
  /** Takes away what was begun. */
  discard(): Promise<void>;
}

interface Lane {
  readonly partition: number;
  /** The next offset to be taken. */
  next: number;
  /** The offset behind the last one landed: the name of the next file. */
  landed: number;
  last: Position["last"];
  file: LandingFile | undefined;
  events: number;
  bytes: number;
  groups: Landed["groups"][number][];
  readonly lines: (messages: readonly RawMessage[]) => string;
  /** One thing at a time. */
  turn: Promise<unknown>;
}

/** A file is landed when it has so many characters. */
const largest = 64 << 20;

/**
 * Opens lanes that write into `folder`, which must exist, one file of at most about `batchEvents` events after another.
 *
 * @param options.topic as bronze calls it
 */
export function openLanes(options: {
  folder: string;
  topic: string;
  positions: readonly Position[];
  batchEvents: number;
}): Lanes {
  const { folder, topic, batchEvents } = options;
  const lanes = new Map(
    options.positions.map(({ partition, next, last }): [number, Lane] => [
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
  const laneOf = (partition: number) => {
    const lane = lanes.get(partition);
    if (!lane) throw new Error(`Partition ${partition} of ${topic} was not there when reading began.`);
    return lane;
  };
  const ends = new Map<number, number>();
  let done = nothing();

  const write = async (lane: Lane, { asked, next, messages }: Fetched): Promise<number> => {
    checkLast(lane, messages);
    // Fetched before the lane was set back: not what comes next here.
    if (asked > lane.next) return lane.next;
    const fresh = messages.filter(({ offset }) => Number(offset) >= lane.next);
    lane.next = Math.max(lane.next, next);
    if (fresh.length === 0) return lane.next;
    const { offset, timestamp } = fresh.at(-1)!;
    lane.last = { offset: Number(offset), timestamp: isoTimestamp(timestamp) };
    lane.file ??= await beginFile(folder, fileName(topic, lane.partition, lane.landed));
    for (let start = 0; start < fresh.length; start += atOnce) {
      const lines = lane.lines(fresh.slice(start, start + atOnce));
      await lane.file.write(lines);
      lane.bytes += lines.length;
    }
    lane.events += fresh.length;
    lane.groups.push({ oldest: Number(fresh[0]!.timestamp), events: fresh.length });
    if (lane.events >= batchEvents || lane.bytes >= largest) await landLane(lane);
    return lane.next;
  };

  const landLane = async (lane: Lane): Promise<void> => {
    const { file, events, groups } = lane;
    if (!file) return;
    lane.file = undefined;
    lane.events = lane.bytes = 0;
    lane.groups = [];
    if (await file.land()) {
      // As bronze will know it: where the topic has a gap, `next` may be further.
      lane.landed = lane.last!.offset + 1;
      ends.set(lane.partition, lane.landed);
      done = { events: done.events + events, files: done.files + 1, groups: [...done.groups, ...groups] };
    } else {
      // Another process was faster: its file counts, and this lane goes on behind it.
      lane.last = undefined;
      lane.next = lane.landed = await reached(folder, topic, lane.partition, lane.landed);
    }
  };

  const inTurn = <T>(lane: Lane, work: () => Promise<T>): Promise<T> => {
    const result = lane.turn.then(work);
    lane.turn = result.catch(() => undefined);
    return result;
  };

  return {
    topic,
    ends,
    next: (partition) => laneOf(partition).next,
    resumeAt(partition) {
      const { next, last } = laneOf(partition);
      return last?.offset ?? next;
    },
    accept: async (fetched) => {
      const lane = laneOf(fetched.partition);
      return inTurn(lane, () => write(lane, fetched));
    },
    waiting: () => [...lanes.values()].reduce((sum, { events }) => sum + events, 0),
    async land() {
      for (const lane of lanes.values()) await inTurn(lane, () => landLane(lane));
      const landed = done;
      done = nothing();
      return landed;
    },
    async discard() {
      for (const lane of lanes.values())
        await inTurn(lane, async () => {
          await lane.file?.discard();
          lane.file = undefined;
        });
    },
  };
}

const nothing = (): Landed => ({ events: 0, files: 0, groups: [] });

/** So many messages become text at once: a large fetch would make a text of many megabytes. */
const atOnce = 2000;

function checkLast(lane: Lane, messages: readonly RawMessage[]): void {
  const { last } = lane;
  if (!last || Number(messages[0]?.offset ?? Infinity) > last.offset) return;
  const now = messages.find(({ offset }) => Number(offset) === last.offset);
  if (!now) return;
  const timestamp = isoTimestamp(now.timestamp);
  if (timestamp === last.timestamp) return;
  const [before, after] = [last.timestamp, timestamp].map((one) => one ?? "no timestamp");
  throw new TopicMadeAnew(
    `the message at offset ${last.offset} of partition ${lane.partition} is of ${after} now, and was of ${before}`,
  );
}
