import type { Landable } from "../../pull/land.js";

/** An object of Stripe's API as JSON. */
type Json = Readonly<Record<string, unknown>>;

interface Kind {
  /** What Stripe calls an object of it. */
  readonly object: "charge" | "refund" | "dispute" | "balance_transaction";
  /** The columns of its table, but for `value`. */
  readonly columns: (object: Json, livemode: boolean) => Landable;
}

/** An amount or an instant as Stripe wrote it. */
const plain = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : null;

/** The id of another object, which may have been sent whole. */
const idOf = (value: unknown): string | null => plain(isObject(value) ? value["id"] : value);

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Refunds do not say whose money they are; the key's mode does. */
const modeOf = ({ livemode }: Json, ofKey: boolean) => plain(livemode ?? ofKey);

export const kinds = {
  charges: {
    object: "charge",
    columns: (charge, livemode) => ({
      charge_id: plain(charge["id"]),
      payment_intent_id: idOf(charge["payment_intent"]),
      order_id: isObject(charge["metadata"]) ? plain(charge["metadata"]["order_id"]) : null,
      amount: plain(charge["amount"]),
      amount_refunded: plain(charge["amount_refunded"]),
      currency: plain(charge["currency"]),
      status: plain(charge["status"]),
      balance_transaction_id: idOf(charge["balance_transaction"]),
      created: plain(charge["created"]),
      livemode: modeOf(charge, livemode),
    }),
  },
  refunds: {
    object: "refund",
    columns: (refund, livemode) => ({
      refund_id: plain(refund["id"]),
      charge_id: idOf(refund["charge"]),
      payment_intent_id: idOf(refund["payment_intent"]),
      amount: plain(refund["amount"]),
      currency: plain(refund["currency"]),
      status: plain(refund["status"]),
      reason: plain(refund["reason"]),
      balance_transaction_id: idOf(refund["balance_transaction"]),
      created: plain(refund["created"]),
      livemode: modeOf(refund, livemode),
    }),
  },
  disputes: {
    object: "dispute",
    columns: (dispute, livemode) => ({
      dispute_id: plain(dispute["id"]),
      charge_id: idOf(dispute["charge"]),
      amount: plain(dispute["amount"]),
      currency: plain(dispute["currency"]),
      status: plain(dispute["status"]),
      reason: plain(dispute["reason"]),
      created: plain(dispute["created"]),
      livemode: modeOf(dispute, livemode),
    }),
  },
  balanceTransactions: {
    object: "balance_transaction",
    columns: (entry) => ({
      balance_transaction_id: plain(entry["id"]),
      type: plain(entry["type"]),
      source_id: idOf(entry["source"]),
      amount: plain(entry["amount"]),
      fee: plain(entry["fee"]),
      net: plain(entry["net"]),
      currency: plain(entry["currency"]),
      created: plain(entry["created"]),
      available_on: plain(entry["available_on"]),
    }),
  },
} as const satisfies Readonly<Record<string, Kind>>;

/**
 * An object as a row of its table: its fields as text, and the whole of it as JSON. What is no object of the kind is kept whole
 * too, with nothing in the other columns.
 *
 * @param livemode of the key that it was read with
 */
export function rowOf(kind: Kind, item: unknown, livemode: boolean): Landable {
  const value = JSON.stringify(item, withoutVolatile);
  if (!isOf(kind, item)) return { ...nothing(kind.columns({}, livemode)), value };
  return { ...kind.columns(item, livemode), value };
}

const isOf = ({ object }: Kind, item: unknown): item is Json =>
  isObject(item) &&
  item["object"] === object &&
  typeof item["id"] === "string" &&
  Number.isSafeInteger(item["created"]);

const nothing = (row: Landable): Landable => Object.fromEntries(Object.keys(row).map((name) => [name, null]));

/** A receipt's link is made anew by each request: with it, every charge would seem to have changed. */
const withoutVolatile = (name: string, value: unknown) => (name === "receipt_url" ? undefined : value);
