/** What the notebooks of the sources import in addition to "shopmetrics": the simulated shop, and the way to its topic. */
import type { KafkaSettings } from "./settings.js";
import type { ProduceOptions, ProduceReport } from "./shop/generator/produce.js";

export { checkKafka, landTopic } from "./kafka/api.js";
export { readHeader } from "./landing/header.js";
export { stopSignal } from "./plan/session.js";
export { generate } from "./shop/generator/generate.js";
export type { GenerateOptions, GenerateReport } from "./shop/generator/options.js";
export type { ProduceReport } from "./shop/generator/produce.js";

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
