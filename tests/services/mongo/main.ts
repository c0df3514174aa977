/**
 * `npm run reviews`: reviews of the shop's products in a server that speaks MongoDB's protocol, for a person, until Ctrl-C. They are in memory
 * and gone after that. See README.md.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { landedCatalog } from "#lib/shop/generator/catalog.js";
import { openReviews } from "./life.ts";
import { start } from "./start.ts";

const usage = `npm run reviews -- [--port <n>] [--count <n>] [--live [--rate <n>]]

Reviews of the shop's products, by its customers, in MongoDB on this machine until Ctrl-C. The shop is the one that has landed.

  --port <n>   where it listens, from 1 to 65535 (default 27018)
  --count <n>  how many reviews there are at the start (default 5000)
  --live       goes on: reviews are written, edited, answered and deleted
  --rate <n>   of these per second (default 5)`;

interface Wanted {
  readonly port: number;
  readonly count: number;
  readonly rate: number | undefined;
}

/** What was asked for. Ends the program for what it does not understand, and after help. */
function wanted(): Wanted {
  try {
    const options = {
      port: { type: "string", default: "27018" },
      count: { type: "string", default: "5000" },
      rate: { type: "string", default: "5" },
      live: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    } as const;
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const number = (name: "port" | "count" | "rate", least: number, most: number) => {
      const value = Number(values[name]);
      if (value >= least && value <= most && (name === "rate" || Number.isInteger(value))) return value;
      console.error(`--${name} ${values[name]}: give a number from ${least} to ${most}.`);
      return process.exit(2);
    };
    return {
      port: number("port", 1, 65_535),
      count: number("count", 0, 1_000_000),
      rate: values.live ? number("rate", 0.1, 1000) : undefined,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return process.exit(2);
  }
}

const { port, count, rate } = wanted();
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
      await pause(rate === undefined ? 3_600_000 : 1000 / rate);
      if (!stop.signal.aborted && rate !== undefined) await reviews.live();
    }
    await reviews.close();
  } finally {
    await server.stop();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
