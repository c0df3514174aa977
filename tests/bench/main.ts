import path from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { InputError, readSettings } from "shopmetrics/settings";
import { runBench, type Case } from "./bench.ts";
import { needDbt } from "./dbt.ts";
import { runYearsBench } from "./years.ts";
import { runChangesBench } from "./changes.ts";
import { runStreamBench } from "./stream.ts";
import type { Figure } from "./topic.ts";
import { count, nearPath } from "../../build/src/text.ts";

/**
 * `npm run bench`: measures the pipeline against one plain SQL script, and with `--vs dbt` against dbt too; or with `--stream` the
 * clickstream on the broker that KAFKA_BROKERS names, with `--changes` a million changes of a database there, or with `--years` what is
 * left of a year of runs. Prints a table, and keeps every run's figures in `bench/<date>.json` of the data folder.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scale: { type: "string", default: "1" },
      runs: { type: "string", default: "3" },
      stream: { type: "boolean", default: false },
      changes: { type: "boolean", default: false },
      years: { type: "boolean", default: false },
      vs: { type: "string" },
    },
  });
  const [scale, runs] = [Number(values.scale), Number(values.runs)];
  if (!(scale > 0) || !(Number.isInteger(runs) && runs > 0))
    throw new Error("--scale takes a number above 0, --runs a whole number from 1.");
  if (values.vs !== undefined && values.vs !== "dbt")
    throw new InputError(`--vs takes dbt, not "${values.vs}".`);
  if (values.vs && (values.stream || values.changes || values.years))
    throw new InputError("--vs dbt does not go with --stream, --changes or --years.");
  const { home } = readSettings();
  const dbt = values.vs ? await needDbt(home) : undefined;
  const folder = path.join(home, "bench");
  const say = (text: string) => console.error(text);
  const date = new Date().toISOString();
  if (values.stream) return benchStream(folder, runs, say);
  if (values.changes) return benchChanges(folder, runs, say);
  if (values.years) return benchYears(folder, runs, say);
  const result = await runBench({
    folder: path.join(folder, "work"),
    scale,
    runs,
    dbt,
    say,
  });
  const machine = {
    cpus: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
  const file = await keep(folder, { date, machine, scale, runs, dbt: dbt?.versions, ...result });
  console.log(tableOf(result.cases));
  if (dbt) console.log(`\n${dbt.versions}:\n${dbtTable(result.cases)}`);
  const all = dbt ? "All three" : "Both";
  const rowsMade = count(result.equal.reduce((sum, { rows }) => sum + rows, 0));
  console.log(
    `Scale ${scale}, medians of ${runs} interleaved runs on ${machine.cpus} cores, ${machine.memoryGiB} GiB, node ${machine.node}.\n` +
      `${all} made the same ${result.equal.length} tables, ${rowsMade} rows. All figures: ${nearPath(file)}`,
  );
}

/** Keeps figures as `bench/<date><kind>.json` of the data folder. @returns the file */
async function keep(folder: string, figures: object, kind = ""): Promise<string> {
  const date = new Date().toISOString().slice(0, 19).replaceAll(":", "");
  const file = path.join(folder, `${date}Z${kind}.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify(figures, undefined, 2));
  return file;
}

/** What a run costs after a year of runs. */
async function benchYears(folder: string, runs: number, say: (text: string) => void): Promise<void> {
  const figures = await runYearsBench({ folder: path.join(folder, "years"), runs, say });
  await keep(folder, figures, "-years");
  const table = new Table({
    head: ["", "job", "wall s", "cpu s", "MiB", "cpu ×"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, job, median, ratio } of figures)
    table.push([
      name,
      job,
      median.wall.toFixed(2),
      median.cpu.toFixed(2),
      median.memory.toFixed(0),
      ratio.toFixed(2),
    ]);
  console.log(table.toString());
  console.log(
    `Medians of ${runs} interleaved runs on ${availableParallelism()} cores, node ${process.version}.`,
  );
}

/** The clickstream's figures, on the broker that KAFKA_BROKERS names. */
async function benchStream(folder: string, runs: number, say: (text: string) => void): Promise<void> {
  const kafka = namedBroker();
  const shop = path.join(folder, "shop");
  const { generate } = await import("shopmetrics/sources");
  await rm(shop, { recursive: true, force: true });
  await generate({ landing: shop });
  const figures = await runStreamBench({
    kafka,
    folder: path.join(folder, "stream"),
    landing: shop,
    runs,
    say,
  });
  await rm(shop, { recursive: true });
  await print(folder, figures, "-stream", runs);
}

/** How fast a run catches up with the changes of a database, on the broker that KAFKA_BROKERS names. */
async function benchChanges(folder: string, runs: number, say: (text: string) => void): Promise<void> {
  const work = path.join(folder, "changes");
  await print(
    folder,
    await runChangesBench({ kafka: namedBroker(), folder: work, runs, say }),
    "-changes",
    runs,
  );
}

function namedBroker() {
  const { kafka } = readSettings();
  if (kafka) return kafka;
  throw new InputError("KAFKA_BROKERS is not set: `npm run kafka` starts a broker and says what to set.");
}

async function print(folder: string, figures: readonly Figure[], kind: string, runs: number): Promise<void> {
  await keep(folder, figures, kind);
  console.log(figureTable(figures));
  console.log(
    `Medians of ${runs} interleaved runs on ${availableParallelism()} cores, node ${process.version}.`,
  );
}

function figureTable(figures: readonly Figure[]): string {
  const table = new Table({ head: ["", "", "aim", ""], style: { head: [], border: [], compact: true } });
  for (const { name, figure, aim, met } of figures)
    table.push([name, figure, aim, met === undefined ? "" : met ? "✓" : "✗"]);
  return table.toString();
}

function tableOf(cases: readonly Case[]): string {
  const table = new Table({
    head: [
      "",
      "wall s",
      "cpu s",
      "MiB",
      "file MB",
      "rows/s",
      "floor: wall s",
      "cpu s",
      "MiB",
      "file MB",
      "wall ×",
      "cpu ×",
      "aim",
      "",
    ],
    colAligns: ["left", ...Array.from({ length: 11 }, () => "right" as const), "left", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, rows, aim, met, median } of cases) {
    const { ours, floor, room } = median;
    table.push([
      name,
      ours.wall.toFixed(2),
      ours.cpu.toFixed(2),
      ours.memory.toFixed(0),
      megabytes(room?.ours),
      rows ? count(Math.round(rows / ours.wall)) : "",
      floor?.wall.toFixed(2) ?? "",
      floor?.cpu.toFixed(2) ?? "",
      floor?.memory.toFixed(0) ?? "",
      megabytes(room?.floor),
      floor ? (ours.wall / floor.wall).toFixed(2) : "",
      floor ? (ours.cpu / floor.cpu).toFixed(2) : "",
      aim && `≤ ${aim}`,
      aim && (met ? "✓" : "✗"),
    ]);
  }
  return table.toString();
}

/** dbt's figures, and what the pipeline takes compared with them. */
function dbtTable(cases: readonly Case[]): string {
  const table = new Table({
    head: ["", "dbt: wall s", "cpu s", "MiB", "file MB", "ours: wall ×", "cpu ×", "MiB ×", "file ×"],
    colAligns: ["left", ...Array.from({ length: 8 }, () => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, median } of cases) {
    const { ours, dbt, room } = median;
    if (!dbt || !room?.dbt) continue;
    table.push([
      name,
      dbt.wall.toFixed(2),
      dbt.cpu.toFixed(2),
      dbt.memory.toFixed(0),
      megabytes(room.dbt),
      (ours.wall / dbt.wall).toFixed(2),
      (ours.cpu / dbt.cpu).toFixed(2),
      (ours.memory / dbt.memory).toFixed(2),
      (room.ours / room.dbt).toFixed(2),
    ]);
  }
  return table.toString();
}

const megabytes = (bytes: number | undefined) => (bytes === undefined ? "" : (bytes / 1e6).toFixed(0));

try {
  await main();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
