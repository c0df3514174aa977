import { setTimeout as sleep } from "node:timers/promises";
import type { Catalog } from "./visit.js";
import { clickstreamMessages } from "../event.js";
import { shoppers, type SentEvent } from "./shoppers.js";
import type { KafkaSettings } from "../../settings.js";
import { eventsPerSend, openProducer, type SentReport } from "../../kafka/producer.js";

export interface ProduceOptions {
  /** The customers and the products. */
  readonly catalog: Catalog;
  /** Events per second, on average. Default 1. */
  readonly rate?: number;
  /** Number of events to send first, as fast as possible. Default none. */
  readonly burst?: number;
  /**
   * How long, in seconds, the shop has been open when this begins; without it, an hour, or as long as half a million events take. The
   * rate is reached when the first shoppers have gone, after half an hour or so.
   */
  readonly warmUp?: number;
  /** Ends after this many seconds. Default: when the signal fires. */
  readonly seconds?: number;
  /** The same seed gives the same shoppers. Default 1. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called after each send. */
  readonly onSent?: (report: SentReport) => void;
}

export interface ProduceReport extends SentReport {
  readonly seconds: number;
}

/**
 * Sends shoppers' events to the topic: first, with `burst`, events of the last hours all at once, then new events as they
 * happen, each at its time.
 *
 * @throws InputError when Kafka can't be reached, or stays away for longer than a restart takes
 */
export async function produce(settings: KafkaSettings, options: ProduceOptions): Promise<ProduceReport> {
  const { catalog, rate = 1, burst = 0, warmUp, seconds = Infinity, seed = 1, signal, onSent } = options;
  const producer = await openProducer(settings, clickstreamMessages, { ...(signal && { signal }) });
  const started = Date.now();
  const until = started + seconds * 1000;
  const isOver = () => signal?.aborted === true || Date.now() >= until;
  const send = async (events: readonly SentEvent[]) => {
    await producer.send(events.map(({ event, sentAt }) => ({ event, timestamp: sentAt })));
    onSent?.(producer.report);
  };
  try {
    for (const events of burst > 0 ? inSends(pastEvents(catalog, seed, burst, started)) : []) {
      if (isOver()) break;
      await send(events);
    }
    const before = warmUp === undefined ? usualWarmUp(rate) : warmUp * 1000;
    const coming = shoppers({ ...catalog, seed, rate, from: started - before });
    let next = coming.next();
    while (!next.done && next.value.sentAt < Date.now()) next = coming.next();
    while (!isOver()) {
      const due: SentEvent[] = [];
      for (const now = Date.now(); !next.done && next.value.sentAt <= now && due.length < eventsPerSend;) {
        due.push(next.value);
        next = coming.next();
      }
      if (due.length > 0) await send(due);
      // A send costs about as much as a hundred events: those of a moment go together.
      const waiting = Math.max(linger, Math.min((next.value?.sentAt ?? 0) - Date.now(), 100));
      if (due.length < eventsPerSend) await sleep(Math.max(1, Math.min(waiting, until - Date.now())));
    }
    return { ...producer.report, seconds: (Date.now() - started) / 1000 };
  } finally {
    await producer.close();
  }
}

/** How long an event waits for others, in milliseconds. */
const linger = 25;

/** The shop is not empty at the start: shoppers who came in the last hour may still be there. In milliseconds. */
const usualWarmUp = (rate: number) => Math.min(3600, 500_000 / rate) * 1000;

/** `count` events before an instant, from shoppers who are busy enough to need six hours at most. */
function* pastEvents(catalog: Catalog, seed: number, count: number, to: number): Generator<SentEvent> {
  const rate = Math.max(200, count / (6 * 3600));
  // The rate is an average, so start a little earlier to get enough events.
  const from = to - ((1.2 * count) / rate) * 1000 - 60_000;
  const events = shoppers({ ...catalog, seed: seed ^ 0x5bd1e995, rate, from: from - usualWarmUp(rate) });
  let left = count;
  for (const event of events) {
    if (left === 0 || event.sentAt >= to) return;
    if (event.sentAt < from) continue;
    left--;
    yield event;
  }
}

function* inSends(events: Iterable<SentEvent>): Generator<SentEvent[]> {
  let batch: SentEvent[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < eventsPerSend) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
