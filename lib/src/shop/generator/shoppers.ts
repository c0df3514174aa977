import TinyQueue from "tinyqueue";
import { drawStream } from "./random.js";
import type { ClickstreamEvent } from "../event.js";
import { sessionOf, eventsPerSession, type Catalog } from "./visit.js";

/** A message that the shop sends: the event, and when it goes out, in milliseconds since 1970. */
export interface SentEvent {
  readonly event: ClickstreamEvent;
  readonly sentAt: number;
}

interface ShoppersOptions extends Catalog {
  /** The same seed and the same `from` give the same events, to the byte. A whole number of 32 bits. */
  readonly seed: number;
  /** When the first shopper may come, in milliseconds since 1970. */
  readonly from: number;
  /** No shopper comes after this; those who are there finish. Default never. */
  readonly to?: number;
  /** Events per second, on average: a number above 0, or a function of the instant. */
  readonly rate: number | ((instant: number) => number);
}

/**
 * Shoppers who come to the shop, look around, and sometimes buy: an endless iterator of the messages that the shop sends,
 * in the order of sending. A view of a product is followed by add_to_cart in 30 % of cases, and that by a purchase in 50 %. A few
 * events are sent late, by up to ten minutes or, more rarely, up to three hours, and a few are sent twice. The result
 * depends only on the options: no clock is read.
 *
 * @example
 * for (const { event, sentAt } of shoppers({ seed: 1, from: Date.now(), rate: 20, customers, products })) {
 *   await sleep(sentAt - Date.now());
 *   await send(event);
 * }
 */
export function* shoppers(options: ShoppersOptions): Generator<SentEvent, void, undefined> {
  const { seed, from, to = Infinity, rate } = options;
  const draw = drawStream(seed, "clickstream", String(from));
  const rateAt = typeof rate === "function" ? rate : () => rate;
  const waiting = new Outbox();
  let number = 0;
  let sent = 0;
  const due = (until: number) => {
    const next = waiting.first();
    return next !== undefined && next.sentAt < until ? waiting.take() : undefined;
  };
  for (let arrival = from; ;) {
    // Arrivals are independent of each other: the time between two is exponentially distributed.
    arrival += (-Math.log(1 - draw()) * 1000 * eventsPerSession) / rateAt(arrival);
    for (let next = due(Math.min(arrival, to)); next; next = due(Math.min(arrival, to))) yield next;
    if (arrival >= to) break;
    const prefix = `${from.toString(36)}-${seed.toString(36)}-${(++number).toString(36)}`;
    for (const event of sessionOf(Math.floor(arrival), `S-${prefix}`, options, draw)) {
      for (const message of sending({ event_id: `E-${prefix}-${(++sent).toString(36)}`, ...event }, draw))
        waiting.put(message);
    }
  }
  for (let next = waiting.take(); next; next = waiting.take()) yield next;
}

/** When an event goes out: mostly at once, sometimes late, and once in a while twice. */
export function sending(event: ClickstreamEvent, draw: () => number): SentEvent[] {
  const sentAt = Date.parse(event.event_ts) + delay(draw);
  if (draw() >= twice) return [{ event, sentAt }];
  return [
    { event, sentAt },
    { event, sentAt: sentAt + 200 + Math.floor(draw() * 60_000) },
  ];
}

/** The share of events that are sent twice, as by a client that got no confirmation. */
const twice = 0.01;

const minute = 60_000;

/** From the click to the message, in milliseconds: usually short, but phones lose their signal. */
function delay(draw: () => number): number {
  const luck = draw();
  if (luck < 0.005) return Math.floor((10 + 170 * draw()) * minute) + 1;
  if (luck < 0.025) return Math.floor(10 * draw() * minute);
  return Math.floor(20 + 180 * draw());
}

/** A message that has not gone out yet, and how many were put into the queue before it. */
interface Waiting {
  readonly message: SentEvent;
  readonly place: number;
}

/** Messages by the time at which they go out; of two at one instant, the one that was put first comes first. */
class Outbox {
  readonly #queue = new TinyQueue<Waiting>(
    [],
    (a, b) => a.message.sentAt - b.message.sentAt || a.place - b.place,
  );
  #put = 0;

  first(): SentEvent | undefined {
    return this.#queue.peek()?.message;
  }

  put(message: SentEvent): void {
    this.#queue.push({ message, place: this.#put++ });
  }

  take(): SentEvent | undefined {
    return this.#queue.pop()?.message;
  }
}
