/**
 * `npm run reviews`: reviews of the shop's products in a server that speaks MongoDB's protocol, for a person, until Ctrl-C. They are in memory
 * and gone after that. See README.md.
 */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { landedCatalog } from "#lib/shop/generator/catalog.js";
import { portOf, wanted } from "../command.ts";
import { openReviews } from "./life.ts";
import { start } from "./start.ts";

const usage = `npm run reviews -- [--port <n>] [--count <n>] [--live [--rate <n>]]

Reviews of the shop's products, by its customers, in MongoDB on this machine until Ctrl-C. The shop is the one that has landed.

  --port <n>   where it listens, from 1 to 65535 (default 27018)
  --count <n>  how many reviews there are at the start (default 5000)
  --live       goes on: reviews are written, edited, answered and deleted
  --rate <n>   of these per second (default 5)`;

const { port, count, live, rate } = wanted(
  usage,
  {
    port: portOf(27_018),
    count: { default: 5000, from: 0, to: 1_000_000 },
    rate: { default: 5, from: 0.1, to: 1000, fraction: true },
  },
  ["live"],
);
const home = path.resolve(process.env["SHOPMETRICS_HOME"] ?? ".shopmetrics");
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
const pause = (milliseconds: number) =>
  sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined);

try {
  const { customers, products } = await landedCatalog(path.join(home, "landing"));
  const server = await start({ port, say: console.error });
  try {
    const shop = { customers, products: products.map(({ product_id: id }) => id) };
    const reviews = await openReviews(server.url, shop);
    await reviews.write(count);
    console.log(`export MONGODB_URL=${server.url}`);
    console.error(
      `There are ${count} reviews until Ctrl-C. In another terminal, with this set: npx shopmetrics run --from bronze.reviews`,
    );
    while (!stop.signal.aborted) {
      await pause(live ? 1000 / rate : 3_600_000);
      if (!stop.signal.aborted && live) await reviews.live();
    }
    await reviews.close();
  } finally {
    await server.stop();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
