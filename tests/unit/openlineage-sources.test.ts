import { asksOutside, readSettings } from "#lib/settings.js";
import { shop } from "#lib/shop/index.js";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compile, type Compiled } from "../../build/src/compile/compile.ts";
import { namingOf } from "../../build/src/run/openlineage/datasets.ts";
import { stepEvent } from "../../build/src/run/openlineage/events.ts";

const root = path.resolve(import.meta.dirname, "../..");

describe("what bronze steps read, as OpenLineage events", () => {
  let compiled: Compiled;
  beforeAll(async () => {
    compiled = await compile(root, shop);
  });

  const inputs = (step: string, env: NodeJS.ProcessEnv) => {
    const settings = readSettings({ SHOPMETRICS_HOME: "/shop", ...env });
    const run = {
      runId: "run",
      job: "daily",
      engine: { name: "duckdb", version: "1" },
      naming: namingOf(settings),
      asks: (source: string) => asksOutside(settings, source),
      tables: compiled.tables,
      lineage: compiled.lineage,
    };
    const plan = compiled.plans.find((other) => other.step === step)!;
    return stepEvent(run, plan).inputs.map(({ namespace, name }) => `${namespace} ${name}`);
  };

  it("an export's step reads its folder", () => {
    expect(inputs("bronze.orders_raw", {})).toEqual(["file /shop/landing/orders"]);
  });

  it("the clickstream's step reads its folders and, with a broker, the topic of the settings", () => {
    const folders = ["file /shop/landing/clickstream", "file /shop/landing/topic_starts"];
    expect(inputs("bronze.clickstream_raw", {})).toEqual(folders);
    const broker = { KAFKA_BROKERS: "kafka.test:9092" };
    expect(inputs("bronze.clickstream_raw", broker)).toEqual([
      ...folders,
      "kafka://kafka.test:9092 clickstream-events",
    ]);
    expect(inputs("bronze.clickstream_raw", { ...broker, KAFKA_TOPIC: "clicks" })).toContain(
      "kafka://kafka.test:9092 clicks",
    );
  });

  it("the reviews' step reads its folder and, with an address, the collection, without a login", () => {
    const folder = "file /shop/landing/product_reviews_changes";
    expect(inputs("bronze.reviews", {})).toEqual([folder]);
    const address = "mongodb://me:hunter2@db.test:27017/shop"; // pragma: allowlist secret
    expect(inputs("bronze.reviews", { MONGODB_URL: address })).toEqual([
      folder,
      "mongodb://db.test:27017 shop.reviews",
    ]);
  });

  it("a service's step reads its folder and, with a setting, the service, without a key", () => {
    const folder = "file /shop/landing/currency_rates";
    expect(inputs("bronze.currency_rates_raw", {})).toEqual([folder]);
    const service = { CURRENCY_RATES_URL: "https://rates.test/v1/{from}..{to}?access_key=hunter2" };
    expect(inputs("bronze.currency_rates_raw", service)).toEqual([
      folder,
      "https://rates.test currency_rates",
    ]);
    const stripe = { STRIPE_API_KEY: "rk_test_1234567890" }; // pragma: allowlist secret
    expect(inputs("bronze.stripe", stripe)).toContain("https://api.stripe.com stripe");
  });
});
