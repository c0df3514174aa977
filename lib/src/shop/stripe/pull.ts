import type Stripe from "stripe";
import { InputError } from "../../errors.js";
import { stopSignal } from "../../plan/session.js";
import { land, type Landable, type Slice } from "../../pull/land.js";
import { excerpt, patientFetch } from "../../pull/patient-fetch.js";
import { readPages, type Page } from "../../pull/read-pages.js";
import type { StripeSettings } from "../../settings.js";
import { sql } from "../../sql/statement.js";
import { load } from "../../verbs/load.js";
import { rows } from "../../verbs/read.js";
import {
  stripe_balance_transactions_raw,
  stripe_charges_raw,
  stripe_disputes_raw,
  stripe_refunds_raw,
} from "../commerce-bronze.js";
import { kinds, rowOf } from "./objects.js";

/** What a list of Stripe's is called, where its objects go, and how long one may change after it was made. */
const lists = [
  { list: "charges", into: stripe_charges_raw, key: "charge_id", changes: true },
  { list: "refunds", into: stripe_refunds_raw, key: "refund_id", changes: true },
  { list: "disputes", into: stripe_disputes_raw, key: "dispute_id", changes: true },
  // A booking of the balance is final. A week is read again all the same, for what a pull has missed.
  {
    list: "balanceTransactions",
    into: stripe_balance_transactions_raw,
    key: "balance_transaction_id",
    changes: false,
  },
] as const;

const folderOf = ({ name }: { readonly name: string }) => name.slice("bronze.".length, -"_raw".length);

const advice =
  "See https://status.stripe.com, and run the step again: shopmetrics run --from bronze.stripe. It goes on where it ended.";

/**
 * Loads what has landed of Stripe, then lands what is new or has changed at Stripe: charges, refunds, disputes and the balance's
 * transactions. Without settings it only loads.
 *
 * @throws InputError when Stripe refuses the key, or the warehouse holds objects of the other mode; ServiceDown when Stripe gives no
 *   answer
 */
export async function landStripe(settings: StripeSettings | undefined): Promise<void> {
  for (const { into } of lists) await load(into, { from: folderOf(into) });
  if (!settings) return;
  await refuseOtherMode(settings);
  const stripe = await clientOf(settings);
  for (const { list, into, key, changes } of lists) {
    const pages = (slice: Slice) => pagesOf(stripe, list, slice, settings);
    await land(folderOf(into), pages, {
      into,
      key,
      cursor: { column: "created", is: "seconds" },
      version: "value",
      since: "2010-01-01", // before Stripe's first customer
      overlapDays: changes ? settings.overlapDays : 7,
      again: settings.again,
    });
  }
}

async function clientOf(settings: StripeSettings): Promise<Stripe> {
  const { default: Client } = await import("stripe");
  const { protocol, hostname, port } = new URL(settings.base);
  const patient = patientFetch({
    service: "Stripe",
    advice,
    requestsPerSecond: settings.requestsPerSecond,
    signal: stopSignal(),
  });
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await patient(input, init);
    if (response.ok || /json/.test(response.headers.get("content-type") ?? "")) return response;
    throw new InputError(
      `Stripe at ${settings.base} refused with status ${response.status} and no JSON: ${excerpt(await response.text())}. This is not ` +
        `Stripe's API, or a proxy stands before it. Check STRIPE_API_BASE and the network.`,
    );
  };
  return new Client(settings.key, {
    host: hostname,
    protocol: protocol === "http:" ? "http" : "https",
    port: port || (protocol === "http:" ? 80 : 443),
    // Asking again, pauses and limits of time are the fetch's.
    httpClient: Client.createFetchHttpClient(fetch),
    maxNetworkRetries: 0,
    timeout: 3_600_000,
    telemetry: false,
  });
}

async function* pagesOf(
  stripe: Stripe,
  list: keyof typeof kinds,
  { from, to }: Slice,
  settings: StripeSettings,
): AsyncGenerator<readonly Landable[]> {
  const kind = kinds[list];
  const instant = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  const page = async (after: string | undefined): Promise<Page | undefined> => {
    const params = {
      limit: 100,
      created: { gte: from, lt: to },
      ...(after !== undefined && { starting_after: after }),
    };
    const found: unknown = await stripe[list].list(params).catch((error: unknown) => {
      throw refusal(error, settings, list);
    });
    const { data, has_more: hasMore } = found as { readonly data?: unknown; readonly has_more?: unknown };
    // Without a word on what follows, the rest of a list would be taken for read.
    return Array.isArray(data) && typeof hasMore === "boolean" ? { items: data, hasMore } : undefined;
  };
  const pages = readPages({
    what: `${kind.object.replace("_", " ")}s created from ${instant(from)} until ${instant(to)}`,
    service: "Stripe",
    advice,
    page,
    idOf: (item) => {
      const id = (item as { readonly id?: unknown } | null)?.id;
      return typeof id === "string" ? id : undefined;
    },
  });
  for await (const items of pages) {
    for (const item of items) refuseStrangeMode(item, settings);
    yield items.map((item) => rowOf(kind, item, settings.livemode));
  }
}

/** An error of Stripe's client as a message for the person who can correct it. It never has the key. */
function refusal(error: unknown, settings: StripeSettings, list: string): unknown {
  const { type, cause, detail, message, statusCode } = error as {
    readonly type?: string;
    readonly cause?: unknown;
    readonly detail?: unknown;
    readonly message?: string;
    readonly statusCode?: number;
  };
  const ours = [error, cause, detail].find((one) => one instanceof InputError);
  if (ours) return ours;
  if (stopSignal().aborted) return stopSignal().reason as unknown;
  const say = (what: string) => new InputError(what, { cause: error });
  const mode = settings.livemode ? "live" : "test";
  if (type === "StripeAuthenticationError")
    return say(
      `Stripe at ${settings.base} refused STRIPE_API_KEY (a key of ${mode} mode): it is wrong, expired or rolled. Take a restricted ` +
        `key from https://dashboard.stripe.com/apikeys and set STRIPE_API_KEY, on Databricks the secret stripe-api-key.`,
    );
  if (type === "StripePermissionError") {
    const right = /\brak_\w+/.exec(message ?? "")?.[0];
    return say(
      `Stripe at ${settings.base} does not let STRIPE_API_KEY read ${list}${right ? ` (it lacks ${right})` : ""}. Give the ` +
        `restricted key the right to read charges, refunds, disputes and balance transactions.`,
    );
  }
  if (statusCode !== undefined)
    return say(
      `Stripe at ${settings.base} refused to list ${list} with status ${statusCode}: ${message?.replaceAll(/\b(?:sk|rk)_\S+/g, "…")}`,
    );
  return error;
}

const nameOf = (livemode: boolean) => (livemode ? "live" : "test");

/** Real money and Stripe's test data never meet in one warehouse. */
async function refuseOtherMode({ livemode }: StripeSettings): Promise<void> {
  const other = String(!livemode);
  const held = await rows(sql`
    select 'charges' as what, count(*) as objects, min(source_file) as file from ${stripe_charges_raw} where livemode = ${other}
    union all
    select 'refunds' as what, count(*) as objects, min(source_file) as file from ${stripe_refunds_raw} where livemode = ${other}
    union all
    select 'disputes' as what, count(*) as objects, min(source_file) as file from ${stripe_disputes_raw} where livemode = ${other}`);
  const found = held.filter((row) => Number(row["objects"]) > 0);
  if (found.length === 0) return;
  throw new InputError(
    `STRIPE_API_KEY is of ${nameOf(livemode)} mode, and bronze holds objects of ${nameOf(!livemode)} mode: ` +
      `${found.map((row) => `${String(row["objects"])} ${String(row["what"])}, first in ${String(row["file"])}`).join("; ")}. ` +
      `Use a key of ${nameOf(!livemode)} mode, or another warehouse (SHOPMETRICS_HOME, SHOPMETRICS_CATALOG); simulated exports ` +
      `count as test mode.`,
  );
}

function refuseStrangeMode(item: unknown, { livemode }: StripeSettings): void {
  const { livemode: given, id } = (item ?? {}) as { readonly livemode?: unknown; readonly id?: unknown };
  if (typeof given !== "boolean" || given === livemode) return;
  throw new InputError(
    `Stripe gave ${String(id)} of ${nameOf(given)} mode to a key of ${nameOf(livemode)} mode. Nothing of this file was landed. ` +
      `Check STRIPE_API_BASE and STRIPE_API_KEY.`,
  );
}
