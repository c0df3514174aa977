import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ProduceReport } from "#lib/shop/generator/produce.js";
import type { KafkaSettings } from "#lib/settings.js";
import type { StreamReport } from "../../build/src/run/stream.ts";
import type { RunReport } from "../../build/src/run/run-report.ts";
import { middle, output, perSecond, reader, shopmetrics, withTopic, type Figure } from "./topic.ts";

const shoppers = fileURLToPath(new URL("shoppers.mjs", import.meta.url));

/** Events of the topic that is read. */
const many = 600_000;
/** A rate is held when gold keeps up: this share of what was sent is in it when the time is over, and soon. */
const keepsUp = 0.85;

/**
 * Measures the clickstream on a broker: producing, reading by kafkajs alone, landing, taking in to bronze; then live mode,
 * at 20 events per second and at ever more. Each is a process of its own, on a topic of its own, which is deleted.
 *
 * @param options.folder for warehouses; removed at the end
 * @param options.landing exports of the shop whose customers click
 */
export async function runStreamBench(options: {
  kafka: KafkaSettings;
  folder: string;
  landing: string;
  runs: number;
  say: (text: string) => void;
}): Promise<Figure[]> {
  const { kafka, folder, landing, runs, say } = options;
  const figures: Figure[] = [];
  const note = (name: string, figure: string, aim = "", met?: boolean) =>
    figures.push({ name, figure, aim, met });
  let homes = 0;
  const freshHome = async () => {
    const home = path.join(folder, `stream-${++homes}`);
    await mkdir(path.join(home, "landing"), { recursive: true });
    for (const entity of ["customers", "products"])
      await cp(path.join(landing, entity), path.join(home, "landing", entity), { recursive: true });
    return home;
  };
  const environment = (home: string, topic: string) => ({
    SHOPMETRICS_HOME: home,
    KAFKA_BROKERS: kafka.brokers.join(","),
    KAFKA_TOPIC: topic,
  });
  const ask = async <T>(program: string[], home: string, topic: string): Promise<T> =>
    JSON.parse(await output(program, environment(home, topic))) as T;
  const live = async (topic: string, ...flags: string[]) =>
    ask<StreamReport>([shopmetrics, "stream", "--json", ...flags], await freshHome(), topic);

  await withTopic(kafka, async (topic) => {
    say(`producing ${many} events`);
    const sent = await fill({ ...kafka, topic }, landing);
    note("produce", perSecond(sent.sent / sent.seconds));
    const [raw, land, bronze]: number[][] = [[], [], []];
    for (let n = 1; n <= runs; n++) {
      say(`reading, ${n} of ${runs}`);
      const home = await freshHome();
      for (const [way, times] of [
        ["raw", raw!],
        ["land", land!],
      ] as const) {
        const { events, seconds } = await ask<{ events: number; seconds: number }>(
          [reader, way],
          home,
          topic,
        );
        times.push(events / seconds);
      }
      const run = await ask<RunReport>(
        [shopmetrics, "run", "--only", "bronze.clickstream_raw", "--json"],
        home,
        topic,
      );
      bronze!.push(many / run.seconds);
    }
    const floor = middle(raw!);
    const share = (value: number) =>
      `${perSecond(value)}, ${((100 * value) / floor).toFixed(0)} % of kafkajs`;
    note("kafkajs reading, doing nothing", perSecond(floor));
    note("topic to landed files", share(middle(land!)));
    const rate = middle(bronze!);
    note("topic to bronze", share(rate), "≥ 50 %, ≥ 50,000/s", rate >= floor / 2 && rate >= 50_000);
  });

  await withTopic(kafka, async (topic) => {
    say("live mode, 20 events/s");
    const { latency } = await live(topic, "--rate", "20", "--seconds", "40");
    const { p50 = NaN, p95 = NaN, max = NaN } = latency ?? {};
    const text = `p50 ${p50.toFixed(2)} s, p95 ${p95.toFixed(2)} s, max ${max.toFixed(2)} s`;
    note("event to gold at 20 events/s", text, "p95 < 1 s", p95 < 1);
  });
  let held = "none";
  let met = false;
  for (const rate of [1000, 2000, 4000, 8000, 16_000, 32_000]) {
    say(`live mode, shoppers of ${rate} events/s`);
    const home = await freshHome();
    const { events, latency, produced } = await withTopic(kafka, async (topic) => {
      const shop = await openShop([shoppers, String(rate)], environment(home, topic));
      const report = await ask<StreamReport>(
        [shopmetrics, "stream", "--no-produce", "--json", "--seconds", "30"],
        home,
        topic,
      );
      return { ...report, produced: await shop.close() };
    });
    const sent = produced.sent / produced.seconds;
    say(
      `${perSecond(sent)} sent, ${events} of ${produced.sent} in gold, p95 ${latency?.p95.toFixed(2) ?? "none"} s`,
    );
    if (events < keepsUp * produced.sent || !latency || latency.p95 >= 3) break;
    held = `${perSecond(sent)}, p95 ${latency.p95.toFixed(2)} s`;
    met = sent >= 5000;
  }
  note("highest rate held", held, "≥ 5,000/s, p95 < 3 s", met);
  await rm(folder, { recursive: true, force: true });
  return figures;
}

async function fill(kafka: KafkaSettings, landing: string): Promise<ProduceReport> {
  const [{ produce }, { landedCatalog }] = await Promise.all([
    import("#lib/shop/generator/produce.js"),
    import("#lib/shop/generator/catalog.js"),
  ]);
  const stop = new AbortController();
  // The burst is all that is wanted.
  const onSent = ({ sent }: { sent: number }) => sent >= many && stop.abort();
  return produce(kafka, { catalog: await landedCatalog(landing), burst: many, signal: stop.signal, onSent });
}

/** Shoppers who send until they are closed, in a process of their own; resolves with the first events. */
async function openShop(program: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, program, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`node ${program.join(" ")} ended with ${String((await ended)[0])}`);
    return JSON.parse(value) as ProduceReport;
  };
  await next();
  return {
    async close(): Promise<ProduceReport> {
      child.stdin.end();
      const report = await next();
      await ended;
      return report;
    },
  };
}
