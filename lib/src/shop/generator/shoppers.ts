import { drawStream } from "./random.js";
import type { ClickstreamEvent } from "../event.js";
import { sessionOf, eventsPerSession, type Catalog } from "./visit.js";

/** A message that the shop sends: the event, and when it goes out, in milliseconds since 1970. */
export interface SentEvent {
  readonly event: ClickstreamEvent;
  readonly sentAt: number;
}

interface ShoppersOptions extends Catalog {
  /** Which shoppers: the same seed and the same `from` give the same events, to the byte. A whole number, 32 bits. */
  readonly seed: number;
  /** When the first of them may come, in milliseconds since 1970. */
  readonly from: number;
  /** After this none comes any more; those who are there finish. Default never. */
  readonly to?: number;
  /** Events per second, on average: a number above 0, or how many there are at an instant. */
  readonly rate: number | ((instant: number) => number);
}

/**
 * Shoppers who come to the shop, look around, and now and then buy: an endless iterator of what the shop sends, in the
 * order of sending. A page view is followed by add_to_cart in 30 % of cases, and that by a purchase in 50 %. A few events
 * go out late, up to ten minutes or, more rarely, up to three hours, and a few go out twice. Nothing but the options
 * decides what comes out: no clock is read.
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
    // Arrivals are independent of one another: the time between two is exponential.
    arrival += (-Math.log(1 - draw()) * 1000 * eventsPerSession) / rateAt(arrival);
    for (let next = due(Math.min(arrival, to)); next; next = due(Math.min(arrival, to))) yield next;
    if (arrival >= to) break;
    const prefix = `${from.toString(36)}-${seed.toString(36)}-${(++number).toString(36)}`;
    for (const event of sessionOf(Math.floor(arrival), `S-${prefix}`, options, draw)) {
      const whole: ClickstreamEvent = { event_id: `E-${prefix}-${(++sent).toString(36)}`, ...event };
      const at = Date.parse(event.event_ts) + delay(draw);
      waiting.put({ event: whole, sentAt: at });
      if (draw() < twice) waiting.put({ event: whole, sentAt: at + 200 + Math.floor(draw() * 60_000) });
    }
  }
  for (let next = waiting.take(); next; next = waiting.take()) yield next;
}

/** The share of events that go out again, as a client does that has not heard of the first. */
const twice = 0.01;

const minute = 60_000;

/** From the click to the message, in milliseconds: at once as a rule, but phones lose their signal. */
function delay(draw: () => number): number {
  const luck = draw();
  if (luck < 0.005) return Math.floor((10 + 170 * draw()) * minute) + 1;
  if (luck < 0.025) return Math.floor(10 * draw() * minute);
  return Math.floor(20 + 180 * draw());
}

/** Messages by the time at which they go out; of two for one instant, the first put comes first. A binary heap. */
class Outbox {
  readonly #heap: { readonly message: SentEvent; readonly place: number }[] = [];
  #put = 0;

  first(): SentEvent | undefined {
    return this.#heap[0]?.message;
  }

  put(message: SentEvent): void {
    const heap = this.#heap;
    let at = heap.push({ message, place: this.#put++ }) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && this.#before(at, parent); at = parent, parent = (at - 1) >> 1)
      this.#swap(at, parent);
  }

  take(): SentEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const end = heap.pop();
    if (!first || !end || heap.length === 0) return first?.message;
    heap[0] = end;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#before(child, least)) least = child;
      if (least === at) return first.message;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a]!, this.#heap[b]!];
    const apart = one.message.sentAt - other.message.sentAt;
    return apart < 0 || (apart === 0 && one.place < other.place);
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b]!, this.#heap[a]!];
  }
}
