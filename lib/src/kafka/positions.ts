import { InputError } from "../errors.js";
import type { Watermarks } from "./watermarks.js";

/** What bronze holds of a partition: everything below `next`. */
export interface Held {
  /** The topic as bronze calls it: with its generation, if it was ever made anew. */
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
  /** Of the last message held, ISO; null where Kafka had none. */
  readonly timestamp: string | null;
}

/** Where reading of a partition began, or went on after a loss that a person accepted. */
export interface Start {
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
}

/** A start that has yet to be written down. */
export interface NewStart extends Start {
  readonly reason: "first read" | "loss accepted" | "topic made anew";
}

/** Where reading goes on. */
export interface Position {
  readonly partition: number;
  readonly next: number;
  /** What the topic held when it was asked: reading stops here unless it follows the topic. */
  readonly high: number;
  /** The last message held, which must still be the same in the topic, unless it is no longer there. */
  readonly last?: { readonly offset: number; readonly timestamp: string | null };
}

interface Positions {
  /** The topic as bronze calls it. */
  readonly topic: string;
  readonly positions: readonly Position[];
  /** Starts that were not known before. */
  readonly starts: readonly NewStart[];
}

/** The topic no longer continues what bronze holds. Noticed while reading, it has yet to be explained. */
export class TopicMadeAnew extends InputError {
  override readonly name = "TopicMadeAnew";
  constructor(
    message: string,
    readonly isExplained = false,
  ) {
    super(message);
  }
}

/**
 * Says from where on each partition of a topic is to be read: from the end of what bronze holds, or from where its
 * reading once began. What Kafka holds must continue that.
 *
 * A topic that was deleted and made anew counts its offsets from 0 again. Once a person has accepted that, it is the next
 * generation: bronze calls it `name@2`, and offsets of the two don't meet.
 *
 * @param given.anew it is known otherwise that the topic was made anew
 * @throws InputError, TopicMadeAnew naming the lost offsets, unless `acceptLoss`
 */
export function positionsOf(given: {
  topic: string;
  held: readonly Held[];
  starts: readonly Start[];
  watermarks: readonly Watermarks[];
  acceptLoss: boolean;
  /** How it is known that the topic was made anew, if it is. */
  anew?: string;
}): Positions {
  const { watermarks, acceptLoss } = given;
  const generation = latestGeneration(given.topic, [...given.held, ...given.starts]);
  const topic = generationName(given.topic, generation);
  const known = knownEnds(topic, given.held, given.starts);
  const problem = given.anew ?? madeAnew(known, watermarks);
  if (problem) {
    if (!acceptLoss) throw new TopicMadeAnew(anewMessage(given.topic, problem, known), true);
    const next = generationName(given.topic, generation + 1);
    return freshPositions(next, watermarks, "topic made anew");
  }
  const lost = watermarks.filter(({ partition, low }) => low > (known.get(partition)?.next ?? low));
  if (lost.length > 0 && !acceptLoss) throw new InputError(lossMessage(given.topic, lost, known));
  const fresh = watermarks.filter((one) => !known.has(one.partition));
  const begun = freshPositions(topic, fresh, "first read");
  const resumed = freshPositions(topic, lost, "loss accepted");
  const going = watermarks
    .filter((one) => !fresh.includes(one) && !lost.includes(one))
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
    .filter((one) => one.topic.startsWith(`${topic}@`))
    .map((one) => Number(one.topic.slice(topic.length + 1)));
  return Math.max(1, ...generations);
}

type Ends = ReadonlyMap<number, { readonly next: number; readonly last?: Position["last"] }>;

function knownEnds(topic: string, held: readonly Held[], starts: readonly Start[]): Ends {
  const ends = new Map<number, { next: number; last?: NonNullable<Position["last"]> }>();
  for (const { partition, first } of starts.filter((one) => one.topic === topic))
    ends.set(partition, { next: Math.max(first, ends.get(partition)?.next ?? 0) });
  for (const { partition, next, timestamp } of held.filter((one) => one.topic === topic))
    if (next >= (ends.get(partition)?.next ?? 0))
      ends.set(partition, { next, last: { offset: next - 1, timestamp } });
  return ends;
}

/** Offsets only grow, and partitions are never taken away: where they did otherwise, it is another topic. */
function madeAnew(known: Ends, watermarks: readonly Watermarks[]): string | undefined {
  for (const [partition, { next }] of known) {
    const now = watermarks.find((one) => one.partition === partition);
    if (!now) return `it has no partition ${partition} any more`;
    if (now.high < next) return `partition ${partition} ends at offset ${now.high} now`;
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
  "Nothing was read. To go on without them, run once with --accept-loss (or KAFKA_ACCEPT_LOSS=true)";

function anewMessage(topic: string, problem: string, known: Ends): string {
  const ends = [...known].map(([partition, { next }]) => `partition ${partition} up to offset ${next - 1}`);
  return (
    `The topic ${topic} was deleted and made anew: ${problem}, but bronze holds ${ends.join(", ")}. What the old topic ` +
    `held beyond that is lost. ${accept}; the new topic is then read from its beginning, as its next generation.`
  );
}

function lossMessage(topic: string, lost: readonly Watermarks[], known: Ends): string {
  const gaps = lost.map(({ partition, low }) => {
    const { next } = known.get(partition)!;
    return `partition ${partition} offsets ${next} to ${low - 1} (${low - next})`;
  });
  return (
    `Kafka has deleted messages of ${topic} that bronze does not hold, because they were older than the topic's ` +
    `retention: ${gaps.join(", ")}. ${accept}; reading goes on behind the gap.`
  );
}
