import { InputError } from "../errors.js";
import type { Watermarks } from "./watermarks.js";

/** What bronze holds of a partition: everything below `next`. */
export interface Held {
  /** The topic's name in bronze: with its generation, if it was ever created again. */
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
  /** Of the last message held, ISO; null where Kafka had none. */
  readonly timestamp: string | null;
}

/** Where the reading of a partition started, or continued after a loss that a person accepted. */
export interface Start {
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
}

/** A start that is not recorded yet. */
export interface NewStart extends Start {
  readonly reason: "first read" | "loss accepted" | "topic recreated";
}

/** Where reading continues. */
export interface Position {
  readonly partition: number;
  readonly next: number;
  /** The high watermark when reading started: reading stops here unless it follows the topic. */
  readonly high: number;
  /** The last message in bronze. The topic must still hold the same one, unless it is deleted there. */
  readonly last?: { readonly offset: number; readonly timestamp: string | null };
}

interface Positions {
  /** The topic's name in bronze. */
  readonly topic: string;
  readonly positions: readonly Position[];
  /** Starts that were not known before. */
  readonly starts: readonly NewStart[];
}

/** The topic was deleted and created again, so it no longer continues what bronze holds. */
export class TopicRecreated extends InputError {
  override readonly name = "TopicRecreated";
  constructor(
    message: string,
    /** Whether the message also says what is lost and what to do. */
    readonly hasAdvice = false,
  ) {
    super(message);
  }
}

/**
 * Says at which offset to read each partition of a topic: after the last offset in bronze, or where the reading of the
 * partition once started. What Kafka holds must continue that.
 *
 * A topic that was deleted and created again counts its offsets from 0 again. Once a person has accepted that, it is the next
 * generation: bronze calls it `name@2`, and the offsets of the two do not mix.
 *
 * @throws InputError, TopicRecreated naming the lost offsets, unless `acceptLoss`
 */
export function positionsOf(given: {
  topic: string;
  held: readonly Held[];
  starts: readonly Start[];
  watermarks: readonly Watermarks[];
  acceptLoss: boolean;
  /** What shows that the topic was created again, if it was. */
  recreated?: string;
}): Positions {
  const { watermarks, acceptLoss } = given;
  const generation = latestGeneration(given.topic, [...given.held, ...given.starts]);
  const topic = generationName(given.topic, generation);
  const known = knownEnds(topic, given.held, given.starts);
  const problem = given.recreated ?? signOfRecreation(known, watermarks);
  if (problem) {
    if (!acceptLoss) throw new TopicRecreated(recreatedMessage(given.topic, problem, known), true);
    const next = generationName(given.topic, generation + 1);
    return freshPositions(next, watermarks, "topic recreated");
  }
  const lost = watermarks.filter(({ partition, low }) => low > (known.get(partition)?.next ?? low));
  if (lost.length > 0 && !acceptLoss) throw new InputError(lossMessage(given.topic, lost, known));
  const fresh = watermarks.filter(({ partition }) => !known.has(partition));
  const begun = freshPositions(topic, fresh, "first read");
  const resumed = freshPositions(topic, lost, "loss accepted");
  const going = watermarks
    .filter((marks) => !fresh.includes(marks) && !lost.includes(marks))
    .map(({ partition, high, low }): Position => {
      const { next, last } = known.get(partition)!;
      return { partition, next, high, ...(last && last.offset >= low && { last }) };
    });
  return {
    topic,
    positions: [...begun.positions, ...resumed.positions, ...going].toSorted(
      (a, b) => a.partition - b.partition,
    ),
    starts: [...begun.starts, ...resumed.starts],
  };
}

/** `clickstream-events`, then `clickstream-events@2`: a topic's own name never has an @. */
const generationName = (topic: string, generation: number) =>
  generation === 1 ? topic : `${topic}@${generation}`;

function latestGeneration(topic: string, named: readonly { topic: string }[]): number {
  const generations = named
    .filter((row) => row.topic.startsWith(`${topic}@`))
    .map((row) => Number(row.topic.slice(topic.length + 1)));
  return Math.max(1, ...generations);
}

type Ends = ReadonlyMap<number, { readonly next: number; readonly last?: Position["last"] }>;

function knownEnds(topic: string, held: readonly Held[], starts: readonly Start[]): Ends {
  const ends = new Map<number, { next: number; last?: NonNullable<Position["last"]> }>();
  for (const { partition, first } of starts.filter((start) => start.topic === topic))
    ends.set(partition, { next: Math.max(first, ends.get(partition)?.next ?? 0) });
  for (const { partition, next, timestamp } of held.filter((row) => row.topic === topic))
    if (next >= (ends.get(partition)?.next ?? 0))
      ends.set(partition, { next, last: { offset: next - 1, timestamp } });
  return ends;
}

/** In one topic offsets only grow and partitions are never removed. If that is not so here, it is another topic. */
function signOfRecreation(known: Ends, watermarks: readonly Watermarks[]): string | undefined {
  for (const [partition, { next }] of known) {
    const now = watermarks.find((marks) => marks.partition === partition);
    if (!now) return `it no longer has a partition ${partition}`;
    if (now.high < next) return `partition ${partition} now ends at offset ${now.high}`;
  }
  return undefined;
}

const freshPositions = (
  topic: string,
  watermarks: readonly Watermarks[],
  reason: NewStart["reason"],
): Positions => ({
  topic,
  positions: watermarks.map(({ partition, low, high }) => ({ partition, next: low, high })),
  starts: watermarks.map(({ partition, low }) => ({ topic, partition, first: low, reason })),
});

const accept =
  "Nothing was read. To continue without them, run once with --accept-loss (or KAFKA_ACCEPT_LOSS=true)";

function recreatedMessage(topic: string, problem: string, known: Ends): string {
  const ends = [...known].map(([partition, { next }]) => `partition ${partition} up to offset ${next - 1}`);
  return (
    `The topic ${topic} was deleted and created again: ${problem}, but bronze holds ${ends.join(", ")}. Later messages ` +
    `of the old topic are lost. ${accept}; the new topic is then read from its beginning, as its next generation.`
  );
}

function lossMessage(topic: string, lost: readonly Watermarks[], known: Ends): string {
  const gaps = lost.map(({ partition, low }) => {
    const { next } = known.get(partition)!;
    return `partition ${partition} offsets ${next} to ${low - 1} (${low - next})`;
  });
  return (
    `Kafka has deleted messages of ${topic} that bronze does not hold, because they were older than the topic's ` +
    `retention: ${gaps.join(", ")}. ${accept}; reading then continues after the gap.`
  );
}
