import path from "node:path";
import { landedCatalog } from "#lib/shop/generator/catalog.js";
import { produce } from "#lib/shop/generator/produce.js";
import { readSettings } from "#lib/settings.js";

/**
 * Sends what shoppers do until its standard input ends: `node shoppers.mjs RATE`, Kafka and the shop from the environment. Prints
 * `{"ready":true}` with the first events, and what it sent at the end.
 */
const rate = Number(process.argv[2]);
const { kafka, landing } = readSettings();
if (!kafka) throw new Error("KAFKA_BROKERS is not set");
const stop = new AbortController();
process.stdin.on("end", () => stop.abort()).resume();
let began;
const report = await produce(kafka, {
  catalog: await landedCatalog(path.resolve(landing)),
  rate,
  // Visits go on for an hour, so at first there are fewer events than the rate; what is sent is counted.
  warmUp: 300,
  signal: stop.signal,
  onSent() {
    if (began === undefined) console.log('{"ready":true}');
    began ??= performance.now();
  },
});
console.log(JSON.stringify({ sent: report.sent, seconds: (performance.now() - began) / 1000 }));
