import type { ClickstreamEvent } from "../event.js";
import { drawNumber } from "./random.js";

/** The customers and products of the shop. Neither list may be empty. */
export interface Catalog {
  readonly customers: readonly string[];
  readonly products: readonly { readonly product_id: string; readonly price: string }[];
}

/** Looks per visit on average, and the share of looks that are searches, of product views that reach the cart, of carts bought. */
const looks = 5;
const searching = 0.15;
const carting = 0.3;
const buying = 0.5;

/** The share of visits that begin at home, and of looks that come through a category. */
const beginning = 0.5;
const browsing = 0.4;

/** Events per session, on average: a cart follows each product put into it, a checkout comes before each purchase. */
export const eventsPerSession =
  beginning + looks * (searching + (1 - searching) * (browsing + 1 + carting * (2 + 2 * buying)));

/** Who comes: the share of strangers, and of customers those who are logged in from the start, or log in on the way. */
const strangers = 0.4;
const remembered = 0.4;
const loggingIn = 0.35;

/**
 * One visitor's session, starting at `start` (milliseconds since 1970): events without their id, in the order in which they
 * happen. Some visitors are customers who are logged in from the first page, some log in on the way or at the checkout, and
 * others never do and buy as guests. In every twentieth visit they leave for more than half an hour and come back, and the
 * shop still sends the same session id.
 */
export function sessionOf(
  start: number,
  session_id: string,
  { customers, products }: Catalog,
  draw: () => number,
): Omit<ClickstreamEvent, "event_id">[] {
  // Because of the square, few shoppers come often and most come rarely; the same holds for products.
  const person = Math.floor(squared(draw()) * customers.length);
  const isStranger = draw() < strangers;
  const visitor_id = isStranger
    ? browserOf(`stranger ${Math.floor(squared(draw()) * customers.length * 4)}`)
    : browserOf(draw() < 0.2 ? `second of ${customers[person]!}` : householdOf(customers, person));
  let customer_id: string | null = !isStranger && draw() < remembered ? customers[person]! : null;
  const loginAt = !isStranger && draw() < loggingIn ? 1 + Math.floor(draw() * looks) : 0;
  const device = draw() < 0.58 ? "mobile" : draw() < 0.85 ? "desktop" : "tablet";
  const country = countries[Math.floor(squared(draw()) * countries.length)]!;
  const breakAfter = draw() < 0.05 ? 1 + Math.floor(draw() * looks) : 0;
  const events: Omit<ClickstreamEvent, "event_id">[] = [];
  let now = start;
  // Only the first event says where the visitor came from.
  let origin: Partial<ClickstreamEvent> | undefined = originOf(draw);
  const happens = (what: Partial<ClickstreamEvent> & Pick<ClickstreamEvent, "event_type" | "page">) => {
    const event_ts = new Date(now).toISOString();
    const who = { visitor_id, customer_id, product_id: null };
    events.push({ ...who, session_id, event_ts, device, country, ...origin, ...what });
    origin = undefined;
    now += 2_000 + Math.floor(squared(draw()) * 120_000);
  };
  const sees = (page: string) => happens({ event_type: "page_view", page });
  if (draw() < beginning) sees("/");
  for (let look = 1; ; look++) {
    if (look === loginAt) customer_id = customers[person]!;
    const { product_id, price } = products[Math.floor(squared(draw()) * products.length)]!;
    const page = `/products/${product_id}`;
    if (draw() < searching) {
      happens({ event_type: "search", page: `/search?q=${words[Math.floor(draw() * words.length)]!}` });
    } else {
      if (draw() < browsing) sees(`/c/${sections[Math.floor(draw() * sections.length)]!}`);
      happens({ event_type: "page_view", page, product_id, price });
      if (draw() < carting) {
        const quantity = 1 + Math.floor(squared(squared(draw())) * 4);
        happens({ event_type: "add_to_cart", page, product_id, price, quantity });
        sees("/cart");
        if (draw() < buying) {
          if (!isStranger) customer_id = customers[person]!;
          sees("/checkout");
          const order_id = `W-${session_id}-${look}`;
          happens({ event_type: "purchase", page: "/checkout/done", product_id, price, quantity, order_id });
        }
      }
    }
    if (draw() < 1 / looks) return events;
    if (look === breakAfter) now += Math.floor((31 + 60 * draw()) * 60_000);
  }
}

/** A browser's cookie: always the same for the same owner, and it does not say who that is. */
function browserOf(owner: string): string {
  const part = (row: number) => Math.floor(drawNumber(0, "browser", owner, row) * 0x1_0000_0000);
  return `v-${[1, 2].map((row) => part(row).toString(16).padStart(8, "0")).join("")}`;
}

/** Whose browser a customer uses at home: every twenty-fifth shares that of the customer before. */
const householdOf = (customers: readonly string[], person: number) =>
  customers[person % 25 === 1 ? person - 1 : person]!;

/** Where a visitor came from: the referrer and, of links in advertisements, posts and letters, the campaign. */
function originOf(draw: () => number): Partial<ClickstreamEvent> {
  const luck = draw();
  const utm_campaign = campaigns[Math.floor(draw() * campaigns.length)]!;
  const from = (referrer: string | null, utm_source: string, utm_medium: string) => ({
    ...(referrer !== null && { referrer }),
    utm_source,
    utm_medium,
    utm_campaign,
  });
  if (luck < 0.35) return {};
  if (luck < 0.6) return { referrer: "https://search.example/" };
  if (luck < 0.75) return from("https://search.example/", "search", "cpc");
  if (luck < 0.83) return from("https://social.example/", "social", "paid_social");
  if (luck < 0.88) return { referrer: "https://social.example/" };
  if (luck < 0.96) return from(null, "newsletter", "email");
  return { referrer: "https://blog.example/gifts" };
}

/** By multiplication, because powers may differ in the last digit between platforms. */
const squared = (x: number) => x * x;

const countries = ["Germany", "France", "United Kingdom", "Spain", "Italy", "Netherlands", "Poland"] as const;

const words = ["lamp", "gift", "kitchen", "garden+chair", "headphones", "running+shoes", "novel"] as const;

const sections = ["home", "garden", "kitchen", "electronics", "sports", "books", "toys", "beauty"] as const;

const campaigns = ["new-in", "free-delivery", "gifts", "clearance"] as const;
