import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import path from "node:path";
import Table from "cli-table3";
import { readSettings } from "shopmetrics/internal/settings";
import { runBench, type Case } from "../bench/bench.js";
import { count, nearPath } from "../text.js";

/** Measures, prints a table, and keeps every run's figures in `bench/<date>.json`. */
export async function bench({ scale, runs }: { scale: number; runs: number }): Promise<void> {
  const folder = path.join(readSettings().home, "bench");
  const say = (text: string) => console.error(text);
  const date = new Date().toISOString();
  const result = await runBench({ folder: path.join(folder, "work"), scale, runs, say });
  const machine = {
    cpus: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
  const file = path.join(folder, `${date.slice(0, 19).replaceAll(":", "")}Z.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify({ date, machine, scale, runs, ...result }, undefined, 2));
  console.log(tableOf(result.cases));
  console.log(
    `Scale ${scale}, medians of ${runs} interleaved runs on ${machine.cpus} cores, ${machine.memoryGiB} GiB, node ${machine.node}.\n` +
      `Both made the same ${result.equal.length} tables, ${count(result.equal.reduce((sum, { rows }) => sum + rows, 0))} rows. All figures: ${nearPath(file)}`,
  );
}

function tableOf(cases: readonly Case[]): string {
  const table = new Table({
    head: [
      "",
      "wall s",
      "cpu s",
      "MiB",
      "rows/s",
      "floor: wall s",
      "cpu s",
      "MiB",
      "wall ×",
      "cpu ×",
      "aim",
      "",
    ],
    colAligns: ["left", ...Array.from({ length: 9 }, () => "right" as const), "left", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, rows, aim, met, median } of cases) {
    const { ours, floor } = median;
    table.push([
      name,
      ours.wall.toFixed(2),
      ours.cpu.toFixed(2),
      ours.memory.toFixed(0),
      rows ? count(Math.round(rows / ours.wall)) : "",
      floor?.wall.toFixed(2) ?? "",
      floor?.cpu.toFixed(2) ?? "",
      floor?.memory.toFixed(0) ?? "",
      floor ? (ours.wall / floor.wall).toFixed(2) : "",
      floor ? (ours.cpu / floor.cpu).toFixed(2) : "",
      aim && `≤ ${aim}`,
      aim && (met ? "✓" : "✗"),
    ]);
  }
  return table.toString();
}
