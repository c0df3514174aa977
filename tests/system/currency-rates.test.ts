import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serve, type Served } from "../services/stripe/faults.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

/** How many pulls are killed: a few by default, more by `STRIPE_KILLS=50 npx vitest run …`. */
const kills = Number(process.env["STRIPE_KILLS"] ?? 3);

const dateOf = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);

let rates: Map<string, Record<string, unknown>>;
let service: Served;
let shop: Lakehouse;
beforeEach(async () => {
  rates = new Map();
  for (let ago = 400; ago >= 0; ago--)
    if (![0, 6].includes(new Date(dateOf(ago)).getUTCDay()))
      rates.set(dateOf(ago), { USD: 1.1 + ago / 10_000, GBP: 0.85, JPY: 160 + ago });
  // As Frankfurter's v1: `/2026-01-01..2026-01-31`.
  service = await serve((url) => {
    const [, from = "", to = ""] = /^\/v1\/([\d-]+)\.\.([\d-]+)$/.exec(url.pathname) ?? [];
    if (from === "")
      return { status: 404, body: { message: `not found for ${url.searchParams.get("access_key")}` } };
    const found = [...rates].filter(([date]) => date >= from && date <= to);
    return {
      body: { amount: 1, base: "EUR", start_date: from, end_date: to, rates: Object.fromEntries(found) },
    };
  });
  shop = await lakehouse();
});
afterEach(async () => {
  await service.stop();
  await shop.remove();
});

const env = () => ({
  CURRENCY_RATES_URL: `${service.base}/v1/{from}..{to}?base={base}&access_key=hunter2`,
  CURRENCY_RATES_SINCE: dateOf(400),
});
const step = "run --only bronze.currency_rates_raw";
const pull = () => shop.shopmetrics(step, { env: env() });

/** Bronze holds every rate as it is now, and none of its versions twice. */
async function holdsAll(): Promise<number> {
  const rows = await query(
    shop,
    "select date, base, quote, rate from bronze.currency_rates_raw order by source_load, source_row",
  );
  const newest = new Map(rows.map(({ rate, ...key }) => [Object.values(key).join(" "), rate]));
  const expected = [...rates].flatMap(([date, day]) =>
    Object.entries(day).map(([quote, rate]) => [`${date} EUR ${quote}`, String(rate)] as const),
  );
  expect(newest).toEqual(new Map(expected));
  expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length);
  return rows.length;
}

describe("exchange rates", () => {
  it("land once, and again where one was corrected", async () => {
    succeeded(await pull());
    const first = await holdsAll();
    succeeded(await pull());
    expect(await holdsAll()).toBe(first);
    const [date] = [...rates.keys()].slice(-2);
    rates.get(date!)!["USD"] = 1.25;
    succeeded(await pull());
    expect(await holdsAll()).toBe(first + 1);
  }, 60_000);

  it("land once, however often a pull is killed", async () => {
    service.faults = () => ({ kind: "slow", seconds: 0.1 });
    const all = [...rates];
    rates = new Map(all.slice(0, 100));
    let killed = 0;
    for (let index = 0; index < kills; index++) {
      const run = shop.start(step, { env: env() });
      await sleep(300 + 1000 * Math.random());
      run.child.kill("SIGKILL");
      if ((await run.outcome).signal) killed++;
      rates = new Map(all.slice(0, 102 + 2 * index));
    }
    rates = new Map(all);
    succeeded(await pull());
    console.log(`${killed} of ${kills} pulls killed: ${await holdsAll()} rates`);
    expect(killed).toBeGreaterThan(0);
  }, 600_000);

  it("of a pair that is there twice for a day: the last one lands, and not in each run anew", async () => {
    await service.stop();
    const twice = [1.15, 1.16].map((rate) => ({ date: dateOf(1), base: "EUR", quote: "USD", rate }));
    service = await serve(() => ({ body: twice }));
    rates = new Map([[dateOf(1), { USD: 1.16 }]]);
    succeeded(await pull());
    succeeded(await pull());
    expect(await holdsAll()).toBe(1);
  });

  it("that are no number are kept as they came", async () => {
    rates.get([...rates.keys()].at(-1)!)!["GBP"] = "n/a";
    succeeded(await pull());
    expect(await holdsAll()).toBe(3 * rates.size);
  });

  it("stop no run when the service is down: the last known ones stand, and a warning says so", async () => {
    succeeded(await pull());
    await service.stop();
    const { code, stderr } = await pull();
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /currency_rates: The service of exchange rates gave no answer to .*\/v1\/.*in 6 attempts.*goes on with what has landed/,
    );
    expect(stderr).not.toContain("hunter2");
  }, 60_000);

  it("that are none at all, in an answer that is no error, are told of", async () => {
    rates.clear();
    const { code, stderr } = await pull();
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /currency_rates: the service of exchange rates gave no rate in \d answers?\. Check/,
    );
    rates.set(dateOf(1), { USD: 1.16 });
    expect((await pull()).stderr).not.toContain("gave no rate");
    expect(await holdsAll()).toBe(1);
  }, 60_000);

  it("are refused with a message where the address is wrong", async () => {
    const wrong = { ...env(), CURRENCY_RATES_URL: `${service.base}/v9?access_key=hunter2` };
    const { code, stderr } = await shop.shopmetrics(step, { env: wrong });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /refused http:\/\/127\.0\.0\.1:\d+\/v9\?access_key=… with status 404: .*not found for ….*Check CURRENCY_RATES_URL/,
    );
    expect(stderr).not.toContain("hunter2");
    // What reads the rates does not wait for somebody to correct it.
    const both = await shop.shopmetrics("run --only bronze.currency_rates_raw,silver.currency_rates", {
      env: wrong,
    });
    expect(both.code).toBe(1);
    expect(both.stdout).toMatch(/✓ silver\.currency_rates/);
  }, 60_000);
});
