/**
 * `npm run shop`: a shop in PostgreSQL for a person, until Ctrl-C. Its data stay in `.shopmetrics/shop`, of root in `/var/tmp`, so the next
 * start goes on with the day after. See README.md.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { portOf, wanted } from "../command.ts";
import { openLiveShop, type LiveShop } from "./life.ts";
import { start } from "./start.ts";

const usage = `npm run shop -- [--port <n>] [--scale <n>] [--days <n>] [--live [--rate <n>]]

A shop in PostgreSQL on this machine until Ctrl-C: customers, products, orders, their lines and payments of the simulated shop.

  --port <n>   where it listens, from 1 to 65535 (default 54329)
  --scale <n>  how large a new shop is: 1 is 10,000 customers and 100,000 orders (default 0.02)
  --days <n>   lives so many days at once, with orders, corrections, deletions and customers who ask to be forgotten (default 0)
  --live       goes on living, day after day
  --rate <n>   transactions per second of --live (default 10)`;

const { port, scale, days, live, rate } = wanted(
  usage,
  {
    port: portOf(54_329),
    scale: { default: 0.02, from: 0.001, to: 10, fraction: true },
    days: { default: 0, from: 0, to: 3650 },
    rate: { default: 10, from: 0.1, to: 10_000, fraction: true },
  },
  ["live"],
);
const home = path.resolve(process.env["SHOPMETRICS_HOME"] ?? ".shopmetrics");
// PostgreSQL does not run as root, and the user in its place may not enter root's folders.
const isRoot = process.getuid?.() === 0;
const name = createHash("md5").update(home).digest("hex").slice(0, 8);
const folder = isRoot ? path.join("/var/tmp", `shopmetrics-shop-${name}`) : path.join(home, "shop");
console.error(`The shop's data are in ${folder}.`);
const ended = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
});
const ending = new AbortController();
void ended.then(() => ending.abort());

try {
  const server = await start({ folder, port });
  try {
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const shop = await openLiveShop(server.owner, {
      folder,
      scale,
      from: "2026-01-01",
      // At the usual rate a day takes seconds, so that --live has days for hours.
      to: days > 0 || live ? daysBefore(yesterday, Math.max(days, live ? 180 : 30)) : yesterday,
      say: console.error,
    });
    for (let day = 0; day < days && !ending.signal.aborted && (await shop.hasDay()); day++)
      tell(await shop.day());
    console.log(`export POSTGRES_URL=${server.reader}`);
    console.error(
      "The shop is open until Ctrl-C. In another terminal, with this set: POSTGRES_ROUTE=full npx shopmetrics run",
    );
    if (live) await goOn(shop);
    else await ended;
    await shop.close();
  } finally {
    await server.stop();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function goOn(shop: LiveShop): Promise<void> {
  while (!ending.signal.aborted) {
    if (!(await shop.hasDay())) {
      console.error("The shop has lived to today. It goes on when the day is over (UTC).");
      while (!ending.signal.aborted && !(await shop.hasDay()))
        await sleep(60_000, undefined, { signal: ending.signal }).catch(() => undefined);
      continue;
    }
    const lived = shop.day(async () => {
      if (!ending.signal.aborted) await sleep(1000 / rate);
    });
    tell(await lived);
  }
}

function tell({ date, transactions, changes }: Awaited<ReturnType<LiveShop["day"]>>): void {
  console.error(`${date}: ${transactions} transactions changed ${changes} rows`);
}

function daysBefore(date: string, count: number): string {
  return new Date(Date.parse(date) - count * 86_400_000).toISOString().slice(0, 10);
}
