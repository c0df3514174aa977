import { setTimeout as sleep } from "node:timers/promises";
import type { Catalog } from "./visit.js";
import { clickstreamMessages } from "../event.js";
import { shoppers, type SentEvent } from "./shoppers.js";
import type { KafkaSettings } from "../../settings.js";
import { eventsPerSend, openProducer, type SentReport } from "../../kafka/producer.js";

export interface ProduceOptions {
  /** Who shops and what there is. */
  readonly catalog: Catalog;
  /** Events per second, on average. Default 1. */
  readonly rate?: number;
  /** So many events at once before that, as fast as they go. Default none. */
  readonly burst?: number;
  /** Ends after so many seconds. Default: when the signal fires. */
  readonly seconds?: number;
  /** Which shoppers. Default 1. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Told after each send. */
  readonly onSent?: (report: SentReport) => void;
}

export interface ProduceReport extends SentReport {
  readonly seconds: number;
}

/**
 * Sends what shoppers do to the topic: first a burst of what they did in the last hours, if one is wanted, then what they
 * do, as they do it. Each event goes out at its time.
 *
 * @throws InputError when Kafka can't be reached, or stays away for longer than a restart takes
 */
export async function produce(settings: KafkaSettings, options: ProduceOptions): Promise<ProduceReport> {
  const { catalog, rate = 1, burst = 0, seconds = Infinity, seed = 1, signal, onSent } = options;
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
    const coming = shoppers({ ...catalog, seed, rate, from: started - warmUp(rate) });
    let next = coming.next();
    while (!next.done && next.value.sentAt < started) next = coming.next();
    while (!isOver()) {
      const due: SentEvent[] = [];
      for (const now = Date.now(); !next.done && next.value.sentAt <= now && due.length < eventsPerSend;) {
        due.push(next.value);
        next = coming.next();
      }
      if (due.length > 0) await send(due);
      else
        await sleep(Math.max(1, Math.min((next.value?.sentAt ?? 0) - Date.now(), until - Date.now(), 100)));
    }
    return { ...producer.report, seconds: (Date.now() - started) / 1000 };
  } finally {
    await producer.close();
  }
}

/** The shop is not empty at the start: whoever came in the last ten minutes may still be there. */
const warmUp = (rate: number) => Math.min(600, 500_000 / rate) * 1000;

/** So many events of the last hours before an instant, of shoppers busy enough to need at most six for them. */
function* pastEvents(catalog: Catalog, seed: number, count: number, to: number): Generator<SentEvent> {
  const rate = Math.max(200, count / (6 * 3600));
  // Shoppers keep their rate on average only, and all of the events are wanted.
  const from = to - ((1.2 * count) / rate) * 1000 - 60_000;
  const events = shoppers({ ...catalog, seed: seed ^ 0x5bd1e995, rate, from: from - warmUp(rate) });
  let left = count;
  for (const one of events) {
    if (left === 0 || one.sentAt >= to) return;
    if (one.sentAt < from) continue;
    left--;
    yield one;
  }
}

function* inSends(events: Iterable<SentEvent>): Generator<SentEvent[]> {
  let some: SentEvent[] = [];
  for (const event of events) {
    some.push(event);
    if (some.length < eventsPerSend) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
