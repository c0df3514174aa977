import * as z from "zod";
import type { MessageContract } from "../contracts/messages.js";
import { clickstream_raw } from "./bronze.js";

/** What a shopper can do. */
export const eventTypes = ["page_view", "add_to_cart", "purchase", "search"] as const;

/**
 * A text of 1 to `most` characters. A number or a boolean counts as its text, because SQL cannot tell `"7"` from `7` in a
 * field read from JSON.
 */
const text = (most: number) =>
  z
    .union([z.string(), z.number(), z.boolean()], "is not a text")
    .transform(String)
    .refine((value) => /[^ ]/.test(value), "is blank")
    .refine((value) => !/\p{Surrogate}/u.test(value), "holds half a character")
    .refine((value) => [...value].length <= most, `is longer than ${most} characters`);

/** A number, as a number or as text, that matches `pattern`. */
const figure = (pattern: RegExp, message: string) =>
  z
    .union([z.number(), z.string()], message)
    .transform(String)
    .refine((value) => pattern.test(value), message);

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

/** A text that browsers send empty where there is none: blank is null. */
const maybeBlank = (most: number) =>
  optional(
    z.union([
      z
        .string()
        .regex(/^ *$/)
        .transform(() => null),
      text(most),
    ]),
  );

/** ISO 8601 in UTC or with an offset, at most to the microsecond, in this century. */
const instant = z
  .string()
  .regex(
    /^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])$/,
    "is not an ISO instant",
  )
  .pipe(z.iso.datetime({ offset: true, error: "is not an ISO instant" }));

/**
 * One event of the clickstream, as JSON on the topic. It is the contract between the shop, which validates what it sends,
 * and `silver.clickstream_clean`, whose SQL applies the same rules (a test compares the two). Parsing returns text: a price
 * that arrives as text, such as `"19.90"`, never passes through a JavaScript number. Unknown fields are ignored.
 *
 * An event needs a visitor or a customer. Events of the older form, without `visitor_id`, stay valid.
 *
 * @example
 * clickstreamEvent.parse({
 *   event_id: "E1", visitor_id: "v-7f3a", customer_id: null, product_id: "P0001", event_type: "page_view", session_id: "S1",
 *   page: "/products/P0001", event_ts: "2026-03-01T10:00:00.123Z", device: "mobile",
 * });
 */
export const clickstreamEvent = z
  .object({
    event_id: text(200),
    visitor_id: optional(text(200)),
    customer_id: optional(text(200)),
    product_id: optional(text(200)),
    event_type: z.enum(eventTypes),
    session_id: text(200),
    page: text(2000),
    event_ts: instant,
    quantity: optional(figure(/^[1-9][0-9]{0,5}([.]0+)?$/, "is not a whole number from 1 to 999999")),
    price: optional(
      figure(/^[0-9]{1,9}([.][0-9]{1,2}0*)?$/, "is not an amount of at most 9 digits and two decimals"),
    ),
    device: optional(text(200)),
    country: optional(text(200)),
    referrer: maybeBlank(2000),
    utm_source: maybeBlank(200),
    utm_medium: maybeBlank(200),
    utm_campaign: maybeBlank(200),
    order_id: maybeBlank(200),
  })
  // In cents, so that it is exact: nine digits times six fit into a number.
  .refine(({ quantity, price }) => Math.round(Number(price) * 100) * Number(quantity) <= 99_999_999_999, {
    path: ["price"],
    message: "times quantity is above 999,999,999.99",
  })
  .refine(({ visitor_id, customer_id }) => visitor_id !== null || customer_id !== null, {
    path: ["visitor_id"],
    message: "is missing, and so is customer_id",
  })
  .refine(
    ({ event_type, product_id }) =>
      !(event_type === "add_to_cart" || event_type === "purchase") || product_id !== null,
    { path: ["product_id"], message: "is missing" },
  )
  .refine(({ event_type, product_id }) => event_type !== "search" || product_id === null, {
    path: ["product_id"],
    message: "is given for a search",
  });

/** An event as the shop sends it, before validation. */
export type ClickstreamEvent = z.input<typeof clickstreamEvent>;

/** The topic's messages: keyed by visitor, so that a visitor's events stay in order, whether logged in or not. */
export const clickstreamMessages: MessageContract<ClickstreamEvent> = {
  name: "ClickstreamEvent",
  schema: clickstreamEvent,
  table: clickstream_raw,
  idOf: ({ event_id }) => event_id,
  keyOf: ({ visitor_id, customer_id }) => String(visitor_id ?? customer_id),
};
