import { kinds, rowOf } from "#lib/shop/stripe/objects.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAccount } from "../services/stripe/account.ts";
import { serve } from "../services/stripe/faults.ts";
import { whyNotReady } from "../services/stripe/install.ts";
import { startMock } from "../services/stripe/start-mock.ts";
import { lakehouse, succeeded } from "./cli.ts";

const missing = await whyNotReady();
if (missing) console.warn(`Tests with stripe-mock are left out: ${missing}`);

/** stripe-mock knows the whole of Stripe's OpenAPI description. It keeps no state, so our account answers beside it. */
describe.skipIf(missing)("Stripe's own mock", () => {
  let mock: Awaited<ReturnType<typeof startMock>>;
  beforeAll(async () => {
    mock = await startMock();
  }, 300_000);
  afterAll(() => mock?.stop());

  const headers = { authorization: "Bearer sk_test_shop" }; // pragma: allowlist secret
  const ask = (path: string) => fetch(mock.base + path, { headers });
  const paths = {
    charges: "/v1/charges",
    refunds: "/v1/refunds",
    disputes: "/v1/disputes",
    balanceTransactions: "/v1/balance_transactions",
  } as const;
  const listOf = async (name: keyof typeof paths) =>
    ((await (await ask(paths[name])).json()) as { data: Record<string, unknown>[] }).data;

  it("takes each request of a pull, with all its parameters", async () => {
    const account = openAccount();
    const at = Math.floor(Date.now() / 1000) - 86_400;
    for (let index = 0; index < 150; index++)
      account.refund(account.charge({ at, amount: 100 + index }), { at });
    account.dispute(account.lists.charges[0]!, { at });
    const statuses: number[] = [];
    const between = await serve(async (url, request) => {
      const response = await fetch(mock.base + url.pathname + url.search, {
        headers: {
          authorization: request.headers.authorization ?? "",
          "stripe-version": String(request.headers["stripe-version"]),
        },
      });
      await response.arrayBuffer();
      statuses.push(response.status);
      return account.answer(url, request);
    });
    const shop = await lakehouse();
    const env = {
      STRIPE_API_KEY: "sk_test_shop", // pragma: allowlist secret
      STRIPE_API_BASE: between.base,
      STRIPE_REQUESTS_PER_SECOND: "500",
    };
    succeeded(await shop.shopmetrics("run --only bronze.stripe", { env }));
    await between.stop();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(between.requests.some((url) => url.includes("starting_after"))).toBe(true);
    for (const path of Object.values(paths))
      expect(between.requests.some((url) => url.startsWith(path))).toBe(true);
  }, 60_000);

  it("would refuse a parameter that Stripe does not know", async () => {
    expect((await ask("/v1/charges?made=1")).status).toBe(400);
    expect((await ask("/v1/charges?limit=many")).status).toBe(400);
  });

  it.each(["charges", "refunds", "disputes", "balanceTransactions"] as const)(
    "gives %s that we read whole",
    async (name) => {
      for (const item of await listOf(name)) {
        const row = rowOf(kinds[name], item, false);
        const lacking = Object.keys(row).filter((column) => row[column] === null);
        // What the mock's one example leaves empty.
        expect(
          lacking.filter(
            (column) => !/order_id|payment_intent_id|balance_transaction_id|reason/.test(column),
          ),
        ).toEqual([]);
      }
    },
  );

  it("has all fields that our account gives its objects", async () => {
    const account = openAccount();
    const charge = account.charge({ at: 1, amount: 1 });
    const ours = {
      charges: charge,
      refunds: account.refund(charge, { at: 1 }),
      disputes: account.dispute(charge, { at: 1 }),
      balanceTransactions: account.lists.balance_transactions[0]!,
    };
    for (const [name, object] of Object.entries(ours)) {
      const [theirs] = await listOf(name as keyof typeof paths);
      expect(
        Object.keys(object).filter((field) => !(field in theirs!)),
        name,
      ).toEqual([]);
    }
  });
});
