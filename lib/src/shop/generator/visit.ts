import type { ClickstreamEvent } from "../event.js";

/** The customers and products of the shop. Neither list may be empty. */
export interface Catalog {
  readonly customers: readonly string[];
  readonly products: readonly { readonly product_id: string; readonly price: string }[];
}

/** Looks per visit on average, and the share of looks that are searches, of views that reach the cart, of carts bought. */
const looks = 5;
const searching = 0.15;
const carting = 0.3;
const buying = 0.5;

/** Events per session, on average. */
export const eventsPerSession = looks * (searching + (1 - searching) * (1 + carting * (1 + buying)));

/**
 * One shopper's visit, starting at `start` (milliseconds since 1970): events without their id, in the order in which they
 * happen. In every twentieth visit the shopper leaves for more than half an hour and comes back, and the shop still sends
 * the same session id.
 */
export function sessionOf(
  start: number,
  session_id: string,
  { customers, products }: Catalog,
  draw: () => number,
): Omit<ClickstreamEvent, "event_id">[] {
  // Because of the square, few shoppers come often and most come rarely; the same holds for products.
  const customer_id = customers[Math.floor(squared(draw()) * customers.length)]!;
  const device = draw() < 0.58 ? "mobile" : draw() < 0.85 ? "desktop" : "tablet";
  const country = countries[Math.floor(squared(draw()) * countries.length)]!;
  const breakAfter = draw() < 0.05 ? 1 + Math.floor(draw() * looks) : 0;
  const events: Omit<ClickstreamEvent, "event_id">[] = [];
  let now = start;
  const happens = (what: Partial<ClickstreamEvent> & Pick<ClickstreamEvent, "event_type" | "page">) => {
    const event_ts = new Date(now).toISOString();
    events.push({ customer_id, product_id: null, session_id, event_ts, device, country, ...what });
    now += 2_000 + Math.floor(squared(draw()) * 120_000);
  };
  for (let look = 1; ; look++) {
    const { product_id, price } = products[Math.floor(squared(draw()) * products.length)]!;
    const page = `/products/${product_id}`;
    if (draw() < searching) {
      happens({ event_type: "search", page: `/search?q=${words[Math.floor(draw() * words.length)]!}` });
    } else {
      happens({ event_type: "page_view", page, product_id, price });
      if (draw() < carting) {
        const quantity = 1 + Math.floor(squared(squared(draw())) * 4);
        happens({ event_type: "add_to_cart", page, product_id, price, quantity });
        if (draw() < buying)
          happens({ event_type: "purchase", page: "/checkout", product_id, price, quantity });
      }
    }
    if (draw() < 1 / looks) return events;
    if (look === breakAfter) now += Math.floor((31 + 60 * draw()) * 60_000);
  }
}

/** By multiplication, because powers may differ in the last digit between platforms. */
const squared = (x: number) => x * x;

const countries = ["Germany", "France", "United Kingdom", "Spain", "Italy", "Netherlands", "Poland"] as const;

const words = ["lamp", "gift", "kitchen", "garden+chair", "headphones", "running+shoes", "novel"] as const;
