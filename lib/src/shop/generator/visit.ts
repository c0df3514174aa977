import type { ClickstreamEvent } from "../event.js";
import { type CampaignChannel, campaignShares } from "./campaigns.js";
import { drawNumber } from "./random.js";

/** The customers and products of the shop, neither list empty, and the campaigns that run. */
export interface Catalog {
  readonly customers: readonly string[];
  readonly products: readonly Product[];
  readonly campaigns?: readonly {
    readonly campaign: string;
    readonly channel: string;
    readonly weight?: number;
  }[];
}

interface Product {
  readonly product_id: string;
  readonly price: string;
}

/** Events without their id, in the order in which they happen. */
export type Session = Omit<ClickstreamEvent, "event_id">[];

/** What somebody does in the shop, event by event. Times are milliseconds since 1970. */
export class Visit {
  readonly #session_id: string;
  readonly #visitor_id: string;
  readonly #catalog: Catalog;
  readonly #draw: () => number;
  readonly #device: string;
  readonly #country: string;
  readonly #happened: {
    at: number;
    what: Partial<ClickstreamEvent> & Pick<ClickstreamEvent, "event_type" | "page">;
  }[] = [];
  #now: number;
  /** Who is logged in. */
  customer_id: string | null = null;

  constructor(start: number, session_id: string, visitor_id: string, catalog: Catalog, draw: () => number) {
    this.#now = start;
    this.#session_id = session_id;
    this.#visitor_id = visitor_id;
    this.#catalog = catalog;
    this.#draw = draw;
    this.#device = draw() < 0.58 ? "mobile" : draw() < 0.85 ? "desktop" : "tablet";
    this.#country = countries[Math.floor(squared(draw()) * countries.length)]!;
    if (draw() < beginning) this.#sees("/");
  }

  /** Looks for something: a search, or a product, and perhaps its category before. */
  looks(): Product | undefined {
    const draw = this.#draw;
    const product = this.#catalog.products[Math.floor(squared(draw()) * this.#catalog.products.length)]!;
    if (draw() < searching) {
      this.#happens({ event_type: "search", page: `/search?q=${words[Math.floor(draw() * words.length)]!}` });
      return undefined;
    }
    this.looksAt(product);
    return product;
  }

  looksAt({ product_id, price }: Product): void {
    if (this.#draw() < browsing) this.#sees(`/c/${sections[Math.floor(this.#draw() * sections.length)]!}`);
    this.#happens({ event_type: "page_view", page: `/products/${product_id}`, product_id, price });
  }

  puts({ product_id, price }: Product, quantity: number): void {
    this.#happens({
      event_type: "add_to_cart",
      page: `/products/${product_id}`,
      product_id,
      price,
      quantity,
    });
    this.#sees("/cart");
  }

  buys({ product_id, price }: Product, quantity: number, order_id: string): void {
    this.#sees("/checkout");
    this.#happens({ event_type: "purchase", page: "/checkout/done", product_id, price, quantity, order_id });
  }

  /** Leaves for more than half an hour and comes back: the shop still sends the same session id. */
  pauses(): void {
    this.#now += Math.floor((31 + 60 * this.#draw()) * 60_000);
  }

  /** The session, whose first event says where the visitor came from. */
  ended(): Session {
    return this.#session((at) => at);
  }

  /** The session as it is when its last event happens at an instant and none before another. */
  endedAt(end: number, earliest: number): Session {
    const [first, last] = [this.#happened[0]!.at, this.#happened.at(-1)!.at];
    const room = end - earliest;
    const length = last - first;
    return this.#session(
      length <= room
        ? (at) => end - (last - at)
        : (at) => end - Math.floor(((last - at) * room) / Math.max(1, length)),
    );
  }

  #session(time: (at: number) => number): Session {
    const origin = originOf(this.#catalog.campaigns ?? [], this.#draw);
    const [session_id, visitor_id, device, country] = [
      this.#session_id,
      this.#visitor_id,
      this.#device,
      this.#country,
    ];
    return this.#happened.map(({ at, what }, index) => ({
      visitor_id,
      customer_id: null,
      product_id: null,
      session_id,
      event_ts: new Date(time(at)).toISOString(),
      device,
      country,
      ...(index === 0 && origin),
      ...what,
    }));
  }

  #sees(page: string): void {
    this.#happens({ event_type: "page_view", page });
  }

  #happens(what: Partial<ClickstreamEvent> & Pick<ClickstreamEvent, "event_type" | "page">): void {
    this.#happened.push({ at: this.#now, what: { customer_id: this.customer_id, ...what } });
    this.#now += 2_000 + Math.floor(squared(this.#draw()) * 120_000);
  }
}

/** The share of visits that begin at home, of looks that are searches, and of those at products that come through a category. */
const beginning = 0.5;
const searching = 0.15;
const browsing = 0.4;

/** The share of visits with a pause. */
export const pausing = 0.05;

/** Of a live visit: looks on average, and the share of product views that reach the cart, and of carts that are bought. */
const looks = 5;
const carting = 0.3;
const buying = 0.5;

/** Events per live session, on average: a cart follows each product put into it, a checkout comes before each purchase. */
export const eventsPerSession =
  beginning + looks * (searching + (1 - searching) * (browsing + 1 + carting * (2 + 2 * buying)));

/** Who comes to the live shop: the share of strangers, and of customers those who are logged in from the start, or log in on the way. */
const strangers = 0.4;
const remembered = 0.4;
const loggingIn = 0.35;

/**
 * One visitor's session in the live shop, starting at `start`. Some visitors are customers who are logged in from the first page,
 * some log in on the way or at the checkout, and others never do and buy as guests.
 */
export function sessionOf(start: number, session_id: string, catalog: Catalog, draw: () => number): Session {
  const { customers } = catalog;
  // Because of the square, few shoppers come often and most come rarely; the same holds for products.
  const person = Math.floor(squared(draw()) * customers.length);
  const customer = customers[person]!;
  const isStranger = draw() < strangers;
  const browser = isStranger
    ? strangersBrowser(customers.length, draw)
    : browserOf(customers, person, draw() < 0.2);
  const visit = new Visit(start, session_id, browser, catalog, draw);
  if (!isStranger && draw() < remembered) visit.customer_id = customer;
  const loginAt = !isStranger && draw() < loggingIn ? 1 + Math.floor(draw() * looks) : 0;
  const breakAfter = draw() < pausing ? 1 + Math.floor(draw() * looks) : 0;
  for (let look = 1; ; look++) {
    if (look === loginAt) visit.customer_id = customer;
    const product = visit.looks();
    if (product && draw() < carting) {
      const quantity = 1 + Math.floor(squared(squared(draw())) * 4);
      visit.puts(product, quantity);
      if (draw() < buying) {
        if (!isStranger) visit.customer_id = customer;
        visit.buys(product, quantity, `W-${session_id}-${look}`);
      }
    }
    if (draw() < 1 / looks) return visit.ended();
    if (look === breakAfter) visit.pauses();
  }
}

/** A customer's browser: every twenty-fifth shares that of the customer before, and some use a second one. */
export function browserOf(customers: readonly string[], person: number, isSecond: boolean): string {
  if (isSecond) return cookieOf(`second of ${customers[person]!}`);
  return cookieOf(customers[person % 25 === 1 ? person - 1 : person]!);
}

/** The browser of somebody who is no customer; some come again. */
export const strangersBrowser = (customers: number, draw: () => number): string =>
  cookieOf(`stranger ${Math.floor(squared(draw()) * customers * 4)}`);

/** A browser's cookie: always the same for the same owner, and it does not say who that is. */
function cookieOf(owner: string): string {
  const part = (row: number) => Math.floor(drawNumber(0, "browser", owner, row) * 0x1_0000_0000);
  return `v-${[1, 2].map((row) => part(row).toString(16).padStart(8, "0")).join("")}`;
}

/**
 * Where a visitor came from: the referrer and, of links in advertisements, posts and letters, the campaign. A channel without a
 * campaign that runs brings nobody by one.
 */
function originOf(
  campaigns: NonNullable<Catalog["campaigns"]>,
  draw: () => number,
): Partial<ClickstreamEvent> {
  let luck = draw();
  const choice = draw();
  for (const [channel, { referrer, utm_source, utm_medium }] of links) {
    luck -= campaignShares[channel];
    if (luck >= 0) continue;
    const running = campaigns.filter((one) => one.channel === channel);
    let left = choice * running.reduce((sum, { weight = 1 }) => sum + weight, 0);
    const one = running.find(({ weight = 1 }) => (left -= weight) < 0);
    if (one === undefined) return referrer === undefined ? {} : { referrer };
    return {
      ...(referrer !== undefined && { referrer }),
      utm_source,
      utm_medium,
      utm_campaign: one.campaign,
    };
  }
  if (luck < 0.3) return { referrer: "https://search.example/" };
  if (luck < 0.34) return { referrer: "https://social.example/" };
  return luck < 0.36 ? { referrer: "https://blog.example/gifts" } : {};
}

const links: readonly [
  CampaignChannel,
  { readonly referrer?: string; readonly utm_source: string; readonly utm_medium: string },
][] = [
  ["paid", { referrer: "https://search.example/", utm_source: "search", utm_medium: "cpc" }],
  ["social", { referrer: "https://social.example/", utm_source: "social", utm_medium: "social" }],
  ["email", { utm_source: "newsletter", utm_medium: "email" }],
  ["referral", { referrer: "https://blog.example/gifts", utm_source: "blog", utm_medium: "affiliate" }],
];

/** By multiplication, because powers may differ in the last digit between platforms. */
export const squared = (x: number) => x * x;

const countries = ["Germany", "France", "United Kingdom", "Spain", "Italy", "Netherlands", "Poland"] as const;

const words = ["lamp", "gift", "kitchen", "garden+chair", "headphones", "running+shoes", "novel"] as const;

const sections = ["home", "garden", "kitchen", "electronics", "sports", "books", "toys", "beauty"] as const;
