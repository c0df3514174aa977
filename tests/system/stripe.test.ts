import { mkdir, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAccount, type Account, type StripeObject } from "../services/stripe/account.ts";
import { serve, type Fault, type Served } from "../services/stripe/faults.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

/** How many pulls are killed: a few by default, more by `STRIPE_KILLS=50 npx vitest run …`. */
const kills = Number(process.env["STRIPE_KILLS"] ?? 3);

const day = 86_400;
const now = Math.floor(Date.now() / 1000);

let account: Account;
let stripe: Served;
let shop: Lakehouse;
beforeEach(async () => {
  account = openAccount();
  stripe = await serve(account.answer);
  shop = await lakehouse();
});
afterEach(async () => {
  await stripe.stop();
  await shop.remove();
});

const env = (more: Readonly<Record<string, string>> = {}) => ({
  STRIPE_API_KEY: "sk_test_shop", // pragma: allowlist secret
  STRIPE_API_BASE: stripe.base,
  STRIPE_REQUESTS_PER_SECOND: "500",
  ...more,
});
const step = "run --only bronze.stripe";
const pull = (more?: Readonly<Record<string, string>>) => shop.shopmetrics(step, { env: env(more) });

/** Charges spread evenly over some days until a moment, a part of them given back three days later. */
function sells(count: number, days: number, until = now): StripeObject[] {
  return Array.from({ length: count }, (_, index) => {
    const at = Math.floor(until - days * day + (index * days * day) / count);
    const charge = account.charge({ at, amount: 1000 + index, order: `O${index}` });
    if (index % 10 === 0 && at + 3 * day < until) account.refund(charge, { at: at + 3 * day, amount: 300 });
    return charge;
  });
}

const tables = {
  charges: ["bronze.stripe_charges_raw", "charge_id"],
  refunds: ["bronze.stripe_refunds_raw", "refund_id"],
  disputes: ["bronze.stripe_disputes_raw", "dispute_id"],
  balance_transactions: ["bronze.stripe_balance_transactions_raw", "balance_transaction_id"],
} as const;

/** The objects as bronze holds them last, and how many of its rows say what an earlier one says. */
async function held(list: keyof typeof tables): Promise<{ newest: unknown[]; rows: number; twice: number }> {
  const [table, key] = tables[list];
  const rows = await query(
    shop,
    `select ${key} as id, value from ${table} order by ${key}, source_load, source_row`,
  );
  const newest = new Map(rows.map((row) => [row["id"], JSON.parse(String(row["value"])) as unknown]));
  const versions = new Set(rows.map((row) => `${String(row["id"])} ${String(row["value"])}`));
  return { newest: [...newest.values()], rows: rows.length, twice: rows.length - versions.size };
}

/** Bronze holds every object of the account as it is now, and none of its versions twice. */
async function holdsAll(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const list of Object.keys(tables) as (keyof typeof tables)[]) {
    const { newest, rows, twice } = await held(list);
    const expected = account.lists[list]
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((object) => ({ ...object, receipt_url: undefined }));
    expect(newest.length, list).toBe(expected.length);
    expect(newest, list).toEqual(expected);
    expect(twice, `${list} held twice`).toBe(0);
    counts[list] = rows;
  }
  return counts;
}

/** What a pull says that is to fail. */
async function failure(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stdout, stderr } = await pull(more);
  expect(code).toBe(1);
  expect(stdout + stderr).not.toContain(more["STRIPE_API_KEY"] ?? "sk_test_shop");
  return stderr;
}

describe("what Stripe has is in bronze", () => {
  it("once, whole, and again only where it has changed; also a refund 60 days later", async () => {
    const [first, second] = sells(420, 300);
    account.dispute(first!, { at: now - 200 * day });
    succeeded(await pull());
    expect(await holdsAll()).toMatchObject({ charges: 420, refunds: 42, disputes: 1 });

    const before = stripe.requests.length;
    succeeded(await pull());
    expect(await holdsAll()).toMatchObject({ charges: 420, refunds: 42, disputes: 1 });
    expect(stripe.requests.length - before, "the overlap only").toBeLessThan(60);

    // 60 days after its charge, which is held already.
    const late = account.lists.charges.find(({ created }) => created > now - 60 * day)!;
    account.refund(late, { at: now, amount: 100 });
    // A charge older than the overlap is not read again; its refund lands all the same.
    account.refund({ ...second! }, { at: now, amount: 100 });
    succeeded(await pull());
    expect(await holdsAll()).toMatchObject({ charges: 421, refunds: 44 });
  }, 120_000);

  it("with its fields as text, its order, and the whole object", async () => {
    account.charge({ at: now - day, amount: 1234, currency: "jpy", order: "O 1" });
    succeeded(await pull());
    const [row] = await query(shop, "select * from bronze.stripe_charges_raw");
    expect(row).toMatchObject({
      order_id: "O 1",
      amount: "1234",
      amount_refunded: "0",
      currency: "jpy",
      status: "succeeded",
      created: String(now - day),
      livemode: "false",
      source_file: "stripe_charges/pull-000000000000000.csv",
      _rescued_data: null,
    });
    const [{ fee, net }] = (await query(
      shop,
      "select fee, net from bronze.stripe_balance_transactions_raw",
    )) as [{ fee: string; net: string }];
    expect([fee, net]).toEqual(["44", "1190"]);
  });

  it("however often a pull is killed while the shop sells and gives back", async () => {
    sells(1200, 400, now - 20 * day);
    stripe.faults = () => ({ kind: "slow", seconds: 0.02 * Math.random() });
    let seconds = 3;
    let killed = 0;
    for (let index = 0; index < kills; index++) {
      const run = shop.start(step, { env: env({ STRIPE_REQUESTS_PER_SECOND: "200" }) });
      await sleep(1000 * seconds * (0.2 + 0.8 * Math.random()));
      run.child.kill("SIGKILL");
      if ((await run.outcome).signal) killed++;
      // The shop's time goes on from 19 days ago until yesterday.
      const until = Math.floor(now - (19 - (18 * (index + 1)) / kills) * day);
      sells(20, 18 / kills, until);
      const some = account.lists.charges[Math.floor(1100 + 100 * Math.random())]!;
      if (Number(some["amount_refunded"]) === 0) account.refund(some, { at: until, amount: 10 });
      if (index % 5 !== 4) continue;
      const whole = await pull({ STRIPE_OVERLAP_DAYS: "400" });
      succeeded(whole);
      seconds = Math.min(3, whole.seconds);
      await holdsAll();
    }
    succeeded(await pull({ STRIPE_OVERLAP_DAYS: "400" }));
    console.log(`${killed} of ${kills} pulls killed: ${JSON.stringify(await holdsAll())}`);
    expect(killed).toBeGreaterThan(0);
  }, 1_800_000);

  it("when two runs pull at once", async () => {
    sells(600, 200);
    stripe.faults = () => ({ kind: "slow", seconds: 0.05 });
    // Two warehouses of one landing folder: nothing but the files' names keeps the runs apart.
    const other = await lakehouse();
    await mkdir(shop.landing, { recursive: true });
    await symlink(shop.landing, other.landing);
    const both = await Promise.all([pull(), other.shopmetrics(step, { env: env() })]);
    both.forEach(succeeded);
    expect(both.map(({ stderr }) => stderr).join("")).toContain(
      "another run is pulling the same and was faster. This one gives way",
    );
    stripe.faults = () => undefined;
    succeeded(await pull());
    await holdsAll();
    await other.remove();
  }, 120_000);

  it("the same after a month was read again, and again", async () => {
    sells(400, 390);
    succeeded(await pull());
    // Older than the overlap: changed, and one that was never seen.
    const [month, next] = ["2026-03-01", "2026-03-31"];
    const at = Date.parse(`${month}T12:00:00Z`) / 1000;
    const old = account.lists.charges.find(({ created }) => created > at)!;
    account.refund(old, { at: at + 20 * day, amount: 5 });
    account.charge({ at: at + 5 * day, amount: 99 });
    const again = { STRIPE_FROM: month, STRIPE_TO: next };
    succeeded(await pull(again));
    const once = await holdsAll();
    succeeded(await pull(again));
    expect(await holdsAll()).toEqual(once);
  }, 120_000);

  it("also when days are read again that the same pull has just brought for the first time", async () => {
    sells(60, 40);
    const date = (ago: number) => new Date((now - ago * day) * 1000).toISOString().slice(0, 10);
    succeeded(await pull({ STRIPE_FROM: date(30), STRIPE_TO: date(10) }));
    expect(await holdsAll()).toMatchObject({ charges: 60 });
  }, 60_000);
});

describe("a refund that appears 60 days later", () => {
  it("changes the net revenue of its own day, and nothing else", async () => {
    const sold = now - 70 * day;
    const dayOf = (at: number) => new Date(at * 1000).toISOString().slice(0, 10);
    const instant = (at: number) => new Date(at * 1000).toISOString();
    const charges = Array.from({ length: 13 }, (_, index) =>
      account.charge({ at: sold + index * 5 * day, amount: 5000, order: `O${index}` }),
    );
    await shop.land(
      "orders/orders_2026-03-01.csv",
      `order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at\n${charges
        .map(
          ({ created }, index) =>
            `O${index},C1,P1,1,50.00,50.00,${instant(created)},completed,${instant(created)}\n`,
        )
        .join("")}`,
    );
    await shop.land(
      "payments/payments_2026-03-01.csv",
      `payment_id,order_id,amount,currency,payment_method,payment_status,transaction_id,payment_date,updated_at\n${charges
        .map(
          ({ id, created }, index) =>
            `P${index},O${index},50.00,EUR,card,completed,${id},${instant(created)},${instant(created)}\n`,
        )
        .join("")}`,
    );
    const run = async () =>
      succeeded(await shop.shopmetrics("run --only +gold.fct_daily_revenue", { env: env() }));
    const revenue = async () =>
      new Map(
        (await query(shop, "select * from gold.fct_daily_revenue")).map((row) => [String(row["date"]), row]),
      );
    await run();
    const before = await revenue();
    expect(before.size).toBe(13);

    const at = sold + 60 * day;
    account.refund(charges[0]!, { at, amount: 2000 });
    await run();
    const after = await revenue();
    const changed = [...after].filter(
      ([date, row]) => JSON.stringify(row) !== JSON.stringify(before.get(date)),
    );
    expect(changed.map(([date]) => date)).toEqual([dayOf(at)]);
    const [[, { refund, net }]] = changed as [[string, Record<string, unknown>]];
    expect([refund, Number(net)]).toEqual(["20.00", Number(before.get(dayOf(at))!["net"]) - 20]);
  }, 60_000);
});

describe("requests", () => {
  it("are spread over time as the setting says", async () => {
    sells(100, 60);
    const outcome = await pull({ STRIPE_REQUESTS_PER_SECOND: "20" });
    succeeded(outcome);
    expect(outcome.seconds).toBeGreaterThan((stripe.requests.length - 1) / 20);
  }, 60_000);
});

describe("a pull ends well although", () => {
  const despite = async (faults: Served["faults"]) => {
    sells(350, 60);
    stripe.faults = faults;
    const outcome = await pull();
    succeeded(outcome);
    return outcome;
  };

  it("every third request is answered by 429, later", async () => {
    await despite((number) =>
      number % 3 === 0 ? { kind: "status", status: 429, headers: { "retry-after": "0.05" } } : undefined,
    );
    await holdsAll();
    expect(stripe.requests.length).toBeGreaterThan(60);
  }, 120_000);

  it.each<[string, Fault]>([
    ["answers have status 500", { kind: "status", status: 500 }],
    ["answers are cut off", { kind: "torn" }],
    ["connections are reset", { kind: "reset" }],
    ["a page comes a second time", { kind: "repeat" }],
    ["an answer is no list", { kind: "no list" }],
  ])(
    "%s now and then",
    async (_, fault) => {
      let last = 0;
      await despite((number) => {
        // Never twice in a row, so that a page repeated is one of this list.
        if (number < 60 || number % 7 !== 0 || number === last + 1) return undefined;
        last = number;
        return fault;
      });
      expect(await holdsAll()).toMatchObject({ charges: 350 });
    },
    120_000,
  );

  it("a page was left out: the next pull makes it good", async () => {
    await despite((_, url) =>
      url.pathname.endsWith("charges") && url.searchParams.has("starting_after")
        ? { kind: "pass over" }
        : undefined,
    );
    expect((await held("charges")).newest.length).toBeLessThan(350);
    stripe.faults = () => undefined;
    succeeded(await pull());
    await holdsAll();
  }, 60_000);

  it("an object is none that we know: it is kept with its text, once, and a warning tells", async () => {
    sells(5, 3);
    account.lists.charges.push({ object: "charge", id: 7, created: now - 100, amount: "?" } as never);
    const first = await pull();
    succeeded(first);
    expect(first.stderr).toContain("stripe_charges: 1 of 6 new rows hold what could not be read");
    const second = await pull();
    expect(second.stderr).not.toContain("could not be read");
    const rows = await query(shop, "select * from bronze.stripe_charges_raw where charge_id is null");
    expect(rows).toMatchObject([
      { amount: null, created: null, value: expect.stringContaining('"amount":"?"') as string },
    ]);
  }, 60_000);
});

describe("a pull is refused, and says what to do, when", () => {
  it("the key is wrong", async () => {
    const said = await failure({ STRIPE_API_KEY: "sk_test_somebodyelse" }); // pragma: allowlist secret
    expect(said).toMatch(
      /bronze\.stripe: .*refused STRIPE_API_KEY \(a key of test mode\).*dashboard\.stripe\.com/,
    );
  });

  it("the address is not Stripe's", async () => {
    await stripe.stop();
    const page = createServer((_, response) =>
      response.writeHead(403, { "content-type": "text/html" }).end("<h1>Sign in</h1>"),
    );
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const said = await failure({ STRIPE_API_BASE: base });
    page.close();
    expect(said).toContain(
      `Stripe at ${base} refused with status 403 and no JSON: "<h1>Sign in</h1>". This is not Stripe's API`,
    );
    expect(said).toContain("Check STRIPE_API_BASE");
  });

  it("the key is none of Stripe's", async () => {
    const { code, stderr } = await pull({ STRIPE_API_KEY: "hunter2" }); // pragma: allowlist secret
    expect(stderr).toMatch(/^STRIPE_API_KEY=…: is not a secret or restricted key of Stripe/m);
    expect([code, stderr.includes("hunter2")]).toEqual([2, false]);
  });

  it("bronze holds objects of the other mode", async () => {
    sells(3, 2);
    succeeded(await pull());
    const said = await failure({ STRIPE_API_KEY: "rk_live_shop" }); // pragma: allowlist secret
    expect(said).toMatch(
      /STRIPE_API_KEY is of live mode, and bronze holds objects of test mode: 3 charges, first in stripe_charges\/pull-0+\.csv\. Use a key of test mode, or another warehouse/,
    );
    expect(stripe.requests.some((url) => url.includes("live"))).toBe(false);
  });

  it("Stripe gives objects of the other mode", async () => {
    account.lists.charges.push({ id: "ch_1", object: "charge", created: now - day, livemode: true });
    expect(await failure()).toContain("Stripe gave ch_1 of live mode to a key of test mode");
  });

  it("a page does not say whether more should follow", async () => {
    sells(3, 2);
    await stripe.stop();
    stripe = await serve(() => ({ body: { object: "list", data: account.lists.charges } }));
    expect(await failure()).toMatch(/charges created from .*: page 1 is no list of objects in 4 attempts/);
  });

  it("more pages should follow an empty one", async () => {
    sells(250, 20);
    const answer = account.answer;
    await stripe.stop();
    stripe = await serve((url, request) => {
      const given = answer(url, request);
      return url.searchParams.has("starting_after")
        ? { body: { object: "list", has_more: true, data: [] } }
        : given;
    });
    expect(await failure()).toMatch(
      /charges created from .*: page 2 \(after ch_\d+\) is empty, though more should follow, in 4 attempts/,
    );
  });

  it("Stripe is down; all others go on", async () => {
    await shop.land(
      "orders/orders_2026-03-01.csv",
      "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at\n" +
        "O1,C1,P1,1,9.99,9.99,2026-02-27,completed,2026-02-27T08:00:00Z\n",
    );
    await stripe.stop();
    const { code, stdout, stderr } = await shop.shopmetrics("run", { env: env() });
    expect(stderr).toMatch(
      /failed {2}bronze\.stripe: .*gave no answer to .*in 6 attempts.*ECONNREFUSED.*status\.stripe\.com/,
    );
    expect(code).toBe(1);
    expect(stdout).not.toContain("did not succeed");
    expect(stdout).toMatch(/✓ silver\.orders_clean/);
    expect(stdout).toMatch(/✓ gold\.daily_sales_summary/);
  }, 120_000);
});
