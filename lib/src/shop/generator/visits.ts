import type { Day, ShopSize } from "./calendar.js";
import { campaignsOn, visitsPerOrder } from "./campaigns.js";
import { drawNumber, drawStream } from "./random.js";
import { ordersByDay } from "./sales.js";
import { daysAhead, type Shop } from "./shop.js";
import { sending, type SentEvent } from "./shoppers.js";
import { browserOf, type Catalog, pausing, type Session, squared, strangersBrowser, Visit } from "./visit.js";

/** The most events of a day: above it only a part of the orders has visits. */
export const mostEvents = 1_000_000;

/** Events for each order of the pages, those of visits without a purchase included. */
export const eventsPerOrder = 18;

/** Looks of a visit that buys, before it finds its product, and of another; the share of their product views that reach the cart. */
const looksBefore = 2;
const looksOfOthers = 2;
const carting = 0.176;

/** Who else comes: the share of strangers, and of people who will order in the next days. The others are customers. */
const strangers = 0.42;
const comingBuyers = 0.4;

/** Of customers: who is logged in from the start, and of the others who logs in on the way. */
const remembered = 0.4;
const loggingIn = 0.25;

/** How busy the shop is in each UTC hour; 1 is the average. */
const busyness = [
  0.4, 0.25, 0.15, 0.1, 0.1, 0.2, 0.45, 0.8, 1, 1.1, 1.15, 1.2, 1.3, 1.25, 1.15, 1.1, 1.15, 1.3, 1.5, 1.75,
  1.85, 1.65, 1.25, 0.85,
];

interface Order {
  readonly n: number;
  /** From 0. */
  readonly person: number;
  readonly product: number;
  readonly quantity: number;
  readonly cents: number;
  readonly second: number;
}

/**
 * The visits to the pages of the simulated shop. Each order of the pages has one that ends with its purchase; for a view of a product
 * 30 % reach the cart, and half of these are bought. Other visits buy nothing: some are of people who order within two weeks.
 */
export class Visits {
  readonly #shop: Shop;
  readonly #size: ShopSize;
  readonly #orders = new Map<Day, Order[]>();
  readonly #later = new Map<Day, SentEvent[]>();
  readonly #ids: string[] = [];

  constructor(shop: Shop, size: ShopSize) {
    this.#shop = shop;
    this.#size = size;
  }

  /** The messages that the shop sends on a day, in the order of sending: those of late visits of the day before too. */
  async sentOn(day: Day): Promise<SentEvent[]> {
    if (!this.#later.has(day)) await this.#visit(day - 1);
    const left = this.#later.get(day) ?? [];
    this.#later.delete(day);
    return inOrderOfSending([...left, ...(await this.#visit(day))]);
  }

  /** What the visitors of a day send on that day; what they send on the next is kept. */
  async #visit(day: Day): Promise<SentEvent[]> {
    const [start, end] = [milliseconds(day), milliseconds(day + 1)];
    const [today, later]: [SentEvent[], SentEvent[]] = [[], []];
    this.#later.set(day + 1, later);
    const catalog = await this.#catalogOf(day);
    const orders = await this.#ordersOf(day);
    if (!catalog || orders.length === 0) return today;
    const { seed } = this.#size;
    const share = Math.min(1, mostEvents / (orders.length * eventsPerOrder));
    const draw = drawStream(seed, "clickstream", String(day));
    let [visits, events] = [0, 0];
    const prefix = `${day.toString(36)}-${seed.toString(36)}`;
    const sends = (session: Session) => {
      for (const event of session) {
        for (const message of sending({ event_id: `E-${prefix}-${(++events).toString(36)}`, ...event }, draw))
          (message.sentAt < end ? today : later).push(message);
      }
    };
    const nextId = () => `S-${prefix}-${(++visits).toString(36)}`;
    for (const order of orders) {
      if (share < 1 && drawNumber(seed, "clickstream", "visited", order.n) >= share) continue;
      sends(this.#purchase(order, nextId(), catalog, start, draw));
    }
    const perSecond = (orders.length * share * (visitsPerOrder - 1)) / 86_400;
    for (let arrival = start; ;) {
      // Arrivals are independent of each other: the time between two is exponentially distributed.
      const rate = perSecond * busyness[Math.floor((arrival % 86_400_000) / 3_600_000)]!;
      arrival += (-Math.log(1 - draw()) * 1000) / rate;
      if (arrival >= end) break;
      sends(await this.#look(day, Math.floor(arrival), nextId(), catalog, draw));
    }
    return today;
  }

  /** The visit that ends with an order, within a second of it and on its day. */
  #purchase(
    order: Order,
    session_id: string,
    catalog: Catalog,
    midnight: number,
    draw: () => number,
  ): Session {
    const { n, person, product, quantity, cents, second } = order;
    const customer = catalog.customers[person]!;
    const visit = new Visit(0, session_id, this.#browserOf(order, catalog), catalog, draw);
    if (draw() < remembered) visit.customer_id = customer;
    const breakAfter = draw() < pausing ? 1 + Math.floor(draw() * looksBefore) : 0;
    for (let look = 1; draw() < looksBefore / (looksBefore + 1); look++) {
      const found = visit.looks();
      if (found && draw() < carting) visit.puts(found, 1);
      if (draw() < 0.15) visit.customer_id = customer;
      if (look === breakAfter) visit.pauses();
    }
    const wanted = { product_id: numbered("P", product, 5), price: (cents / 100).toFixed(2) };
    visit.looksAt(wanted);
    visit.puts(wanted, quantity);
    visit.customer_id = customer;
    visit.buys(wanted, quantity, numbered("O", n, 8));
    return visit.endedAt(midnight + second * 1000 + Math.floor(draw() * 1000), midnight);
  }

  /** A visit without a purchase. */
  async #look(
    day: Day,
    start: number,
    session_id: string,
    catalog: Catalog,
    draw: () => number,
  ): Promise<Session> {
    const { customers } = catalog;
    const luck = draw();
    const coming =
      luck < strangers + comingBuyers
        ? await this.#ordersOf(day + 1 + Math.floor(squared(draw()) * daysAhead))
        : [];
    let [browser, customer]: [string, string | undefined] = ["", undefined];
    const order = luck < strangers ? undefined : coming[Math.floor(draw() * coming.length)];
    if (luck < strangers) browser = strangersBrowser(customers.length, draw);
    else if (order && order.person < customers.length) {
      [browser, customer] = [this.#browserOf(order, catalog), customers[order.person]];
    } else {
      const person = Math.floor(squared(draw()) * customers.length);
      [browser, customer] = [browserOf(customers, person, draw() < 0.2), customers[person]];
    }
    const visit = new Visit(start, session_id, browser, catalog, draw);
    if (customer !== undefined && draw() < remembered) visit.customer_id = customer;
    const loginAt = draw() < loggingIn ? 1 + Math.floor(draw() * looksOfOthers) : 0;
    const breakAfter = draw() < pausing ? 1 + Math.floor(draw() * looksOfOthers) : 0;
    for (let look = 1; ; look++) {
      if (look === loginAt && customer !== undefined) visit.customer_id = customer;
      const found = visit.looks();
      if (found && draw() < carting) visit.puts(found, 1 + Math.floor(squared(squared(draw())) * 4));
      if (draw() < 1 / looksOfOthers) return visit.ended();
      if (look === breakAfter) visit.pauses();
    }
  }

  /** The browser that an order's customer uses for it. */
  #browserOf({ n, person }: Order, { customers }: Catalog): string {
    return browserOf(customers, person, drawNumber(this.#size.seed, "clickstream", "browser", n) < 0.2);
  }

  /** The orders of a day that the pages bring. */
  async #ordersOf(day: Day): Promise<readonly Order[]> {
    if (!this.#orders.has(day)) {
      for (const known of this.#orders.keys()) if (known < day - daysAhead - 2) this.#orders.delete(known);
      const last = day + daysAtOnce - 1;
      for (let each = day; each <= last; each++) this.#orders.set(each, []);
      const found = await this.#shop.connection.runAndReadAll(ordersByDay(this.#size.seed, day, last));
      for (const row of found.getRowsJS() as number[][]) {
        const [of = 0, n = 0, person = 0, product = 0, quantity = 0, cents = 0, second = 0] = row;
        this.#orders.get(of)!.push({ n, person, product, quantity, cents, second });
      }
    }
    return this.#orders.get(day)!;
  }

  /** The customers who exist on a day, the products with their prices, and the campaigns that run. */
  async #catalogOf(day: Day): Promise<Catalog | undefined> {
    const found = await this.#shop.connection.runAndReadAll(`
      select n, price_cents(n, base, (${day} + shift) // period)::integer,
        (select customers_before from calendar where day = ${day})::integer
      from product where day <= ${day} order by n`);
    const rows = found.getRowsJS() as number[][];
    const count = rows[0]?.[2] ?? 0;
    if (count === 0) return undefined;
    const products = rows.map(([n = 0, cents = 0]) => ({
      product_id: numbered("P", n, 5),
      price: (cents / 100).toFixed(2),
    }));
    while (this.#ids.length < count) this.#ids.push(numbered("C", this.#ids.length + 1, 6));
    return { customers: this.#ids.slice(0, count), products, campaigns: campaignsOn(this.#size, day) };
  }
}

/** Orders are read for so many days at once. */
const daysAtOnce = 40;

const milliseconds = (day: Day) => day * 86_400_000;

const numbered = (prefix: string, n: number, width: number) => prefix + String(n).padStart(width, "0");

/** Of two that are sent at one instant, the one that happened first comes first. */
const inOrderOfSending = (messages: SentEvent[]) => messages.toSorted((a, b) => a.sentAt - b.sentAt);
