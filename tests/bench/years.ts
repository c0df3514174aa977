import { cp, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { leaveFiles, leaveYear } from "../year.ts";
import { measure, median, type Measured } from "./measure.ts";

const shopmetrics = fileURLToPath(new URL("../../build/bin/shopmetrics.js", import.meta.url));

/** As many files of the topic are in the landing folder. */
const filesLeft = 20_010;

/** What a job with nothing new costs, on a warehouse of one day or of a year. */
export interface YearFigure {
  readonly name: string;
  readonly job: "daily" | "streaming";
  readonly median: Measured;
  /** Of the job on the first day. */
  readonly ratio: number;
}

/**
 * Measures a run with nothing new: on the first day; after a year of a run every five minutes, with all its records and landed
 * files; and after the care of the tables, which a run does once a day. In turns, each in a process of its own.
 *
 * @param options.folder for warehouses; removed at the end
 */
export async function runYearsBench(options: {
  folder: string;
  runs: number;
  say: (text: string) => void;
}): Promise<YearFigure[]> {
  const { folder, runs, say } = options;
  const { generate } = await import("shopmetrics/sources");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const home = (name: string) => path.join(folder, name);
  const command = (name: string, env: Record<string, string>, ...args: string[]) =>
    measure([shopmetrics, ...args], {
      env: { SHOPMETRICS_HOME: home(name), ...env },
      usage: path.join(folder, "usage.json"),
    });
  const jobs = ["daily", "streaming"] as const;
  const settle = async (name: string, env: Record<string, string> = {}) => {
    for (const job of jobs) await command(name, env, "run", "-q", "--job", job);
  };

  say("the first day");
  await generate({ landing: path.join(home("first day"), "landing") });
  await settle("first day");
  say("a year of rounds");
  const names = ["first day", "a year, nothing deleted", "a year, cared for"] as const;
  const [first, whole, cared] = names;
  await cp(home(first), home(whole), { recursive: true });
  const engine = await openDuckdb({ file: path.join(home(whole), "warehouse.duckdb") });
  const connection = await engine.connect();
  await leaveYear(connection);
  await leaveFiles(connection, path.join(home(whole), "landing"), filesLeft);
  await connection.close();
  await engine.close();
  await cp(home(whole), home(cared), { recursive: true });
  const keepsAll = { SHOPMETRICS_KEEP_DAYS: "3650" };
  await settle(whole, keepsAll);
  say("the care of the tables");
  await settle(cared);
  await settle(cared);

  const measured = new Map<string, Measured[]>();
  for (let n = 1; n <= runs; n++) {
    say(`nothing new, ${n} of ${runs}`);
    for (const name of names)
      for (const job of jobs) {
        const key = `${name} ${job}`;
        const one = await command(name, name === whole ? keepsAll : {}, "run", "-q", "--job", job);
        measured.set(key, [...(measured.get(key) ?? []), one]);
      }
  }
  const figures = names.flatMap((name) =>
    jobs.map((job): YearFigure => {
      const of = (one: string) => median(measured.get(`${one} ${job}`)!);
      return { name, job, median: of(name), ratio: of(name).cpu / of(first).cpu };
    }),
  );
  for (const name of names) {
    const landed = await readdir(path.join(home(name), "landing", "clickstream"));
    say(`${name}: ${landed.length} landed files`);
  }
  await rm(folder, { recursive: true });
  return figures;
}
