/** What the notebooks of the sources import in addition to "shopmetrics": the simulated shop, and the way to its topic. */
import type { KafkaSettings } from "./settings.js";
import type { GenerateOptions, GenerateReport } from "./shop/generator/options.js";
import type { ProduceOptions, ProduceReport } from "./shop/generator/produce.js";

export { checkKafka, landTopic } from "./kafka/api.js";
export { readHeader } from "./landing/header.js";
export { stopSignal } from "./plan/session.js";
export { land, type Landable, type Slice } from "./pull/land.js";
export { patientFetch } from "./pull/patient-fetch.js";
export { readPages } from "./pull/read-pages.js";
export { forgetOnWarehouse } from "./session/forget-task.js";
export { landCurrencyRates } from "./shop/currency-source.js";
export { landDatabase } from "./shop/database.js";
export { landReviews } from "./shop/reviews.js";
export type { GenerateOptions, GenerateReport } from "./shop/generator/options.js";
export type { ProduceReport } from "./shop/generator/produce.js";
export { landStripe } from "./shop/stripe/pull.js";

/**
 * Fills a landing folder with the exports of a simulated shop and the events of its pages: first the history, then daily
 * increments. A call that was killed is finished by the next call; existing files are never changed.
 *
 * @example
 * await generate({ landing: ".shopmetrics/landing", scale: 0.1 }); // the history up to yesterday
 * await generate({ landing: ".shopmetrics/landing", days: 7 }); // the seven days after it
 *
 * @throws InputError naming the wrong option, or the folder if somebody else filled it
 */
export async function generate(options: GenerateOptions): Promise<GenerateReport> {
  // Loaded when it is called: a notebook that only lands a topic has nothing of it, and no DuckDB.
  const { generate } = await import("./shop/generator/generate.js");
  return generate(options);
}

/**
 * Sends what shoppers do to the topic, as they do it: customers and products are those that have landed.
 *
 * @param options.rate events per second, on average; 1 by default
 * @param options.burst the number of events sent at once before that
 * @param options.seconds after how many seconds it ends; without it, when the signal fires
 * @returns what was sent, what was sent again, and what was refused and why
 * @throws InputError when Kafka can't be reached, or no shop has landed
 * @example
 * const report = await produce(kafka, { landing, rate: 20, seconds: 60 });
 */
export async function produce(
  kafka: KafkaSettings,
  options: Omit<ProduceOptions, "catalog"> & { readonly landing: string },
): Promise<ProduceReport> {
  const [{ produce }, { landedCatalog }] = await Promise.all([
    import("./shop/generator/produce.js"),
    import("./shop/generator/catalog.js"),
  ]);
  return produce(kafka, { ...options, catalog: await landedCatalog(options.landing) });
}
