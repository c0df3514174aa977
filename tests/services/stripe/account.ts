import type { Answer } from "./faults.ts";

/** An object as the API gives it. */
export type StripeObject = Record<string, unknown> & { readonly id: string; readonly created: number };

type ListName = "charges" | "refunds" | "disputes" | "balance_transactions";

/**
 * An account at Stripe with its lists, as far as reading them goes: cursors, bounds of `created`, keys. localstripe keeps state too,
 * but refuses two bounds of `created`, knows no disputes and no fees, and listens on all addresses of the machine.
 */
export interface Account {
  readonly lists: Readonly<Record<ListName, StripeObject[]>>;
  /** Makes a charge with its booking, and gives it. `at` is in seconds since 1970. */
  charge(given: { at: number; amount: number; currency?: string; order?: string }): StripeObject;
  /** Gives back a part of a charge or all of it: the charge changes, too. */
  refund(charge: StripeObject, given: { at: number; amount?: number }): StripeObject;
  dispute(charge: StripeObject, given: { at: number }): StripeObject;
  readonly answer: Answer;
}

/** @param keys those that the account takes */
export function openAccount(keys: readonly string[] = ["sk_test_shop"], livemode = false): Account {
  const lists = { charges: [], refunds: [], disputes: [], balance_transactions: [] } as Record<
    ListName,
    StripeObject[]
  >;
  let number = 0;
  const id = (prefix: string) => `${prefix}_${String(++number).padStart(24, "0")}`;
  const book = (type: string, source: string, at: number, amount: number, fee: number, currency: unknown) => {
    const entry = {
      id: id("txn"),
      object: "balance_transaction",
      amount,
      available_on: at + 2 * 86_400,
      created: at,
      currency,
      description: null,
      exchange_rate: null,
      fee,
      fee_details: [],
      net: amount - fee,
      reporting_category: type,
      source,
      status: "available",
      type,
    };
    lists.balance_transactions.push(entry);
    return entry.id;
  };
  return {
    lists,
    charge({ at, amount, currency = "eur", order }) {
      const name = id("ch");
      const made = {
        id: name,
        object: "charge",
        amount,
        amount_captured: amount,
        amount_refunded: 0,
        balance_transaction: book("charge", name, at, amount, Math.round(amount * 0.015) + 25, currency),
        billing_details: { name: 'Ada "Countess" Lovelace', address: { line1: "12, St James's\nSquare" } },
        captured: true,
        created: at,
        currency,
        disputed: false,
        livemode,
        metadata: order === undefined ? {} : { order_id: order },
        paid: true,
        payment_intent: id("pi"),
        receipt_url: "",
        refunded: false,
        status: "succeeded",
      };
      lists.charges.push(made);
      return made;
    },
    refund(charge, { at, amount = Number(charge["amount"]) }) {
      const name = id("re");
      const made = {
        id: name,
        object: "refund",
        amount,
        balance_transaction: book("refund", name, at, -amount, 0, charge["currency"]),
        charge: charge.id,
        created: at,
        currency: charge["currency"],
        metadata: {},
        payment_intent: charge["payment_intent"],
        reason: "requested_by_customer",
        status: "succeeded",
      };
      lists.refunds.push(made);
      charge["amount_refunded"] = Number(charge["amount_refunded"]) + amount;
      charge["refunded"] = charge["amount_refunded"] === charge["amount"];
      return made;
    },
    dispute(charge, { at }) {
      const made = {
        id: id("dp"),
        object: "dispute",
        amount: charge["amount"],
        charge: charge.id,
        created: at,
        currency: charge["currency"],
        livemode,
        reason: "fraudulent",
        status: "needs_response",
      };
      lists.disputes.push(made);
      charge["disputed"] = true;
      return made;
    },
    answer(url, request) {
      const key = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
      if (!keys.includes(key))
        return refused(401, `Invalid API Key provided: ${key.slice(0, 8)}****${key.slice(-4)}`);
      const name = /^\/v1\/(\w+)$/.exec(url.pathname)?.[1];
      if (name === undefined || !(name in lists))
        return refused(404, `Unrecognized request URL: ${url.pathname}`);
      return { body: page(lists[name as ListName], url) };
    },
  };
}

const refused = (status: number, message: string) => ({
  status,
  body: { error: { type: "invalid_request_error", message } },
});

function page(objects: readonly StripeObject[], url: URL) {
  const bound = (name: string) => url.searchParams.get(`created[${name}]`);
  const [from, to] = [Number(bound("gte") ?? 0), Number(bound("lt") ?? Infinity)];
  // The newest first; of one second, the one made last.
  const found = objects
    .filter(({ created }) => created >= from && created < to)
    .toSorted((a, b) => b.created - a.created || b.id.localeCompare(a.id));
  const after = url.searchParams.get("starting_after");
  const start = after === null ? 0 : found.findIndex(({ id }) => id === after) + 1;
  const limit = Math.min(100, Number(url.searchParams.get("limit") ?? 10));
  const data = found
    .slice(start, start + limit)
    // Each request gets a link of its own, as from Stripe.
    .map((one) =>
      one["object"] === "charge" ? { ...one, receipt_url: `https://pay.stripe.com/${Math.random()}` } : one,
    );
  return { object: "list", url: url.pathname, has_more: start + limit < found.length, data };
}
