import path from "node:path";
import { copyFile, cp, link, mkdir, readdir, rm, stat, symlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readSettings } from "#lib/settings.js";
import { shop } from "#lib/shop/index.js";
import { cacheFolder } from "../../build/src/cache.ts";
import { compile } from "../../build/src/compile/compile.ts";
import { writeClicks } from "./clicks.ts";
import { equalTables } from "./compare.ts";
import { type Dbt, openDbt, runDbt } from "./dbt.ts";
import { type Measured, measure, median } from "./measure.ts";

/** The last day of the history: the next one, a Friday in November, brings 1 % new and changed rows. */
const HISTORY_END = "2025-11-27";

export interface Sides {
  readonly ours: Measured;
  /** Absent where a plain script has nothing to compare. */
  readonly floor?: Measured;
  /** Absent unless dbt runs as well. */
  readonly dbt?: Measured;
  /** Size in bytes of the files after the run. */
  readonly room?: { readonly ours: number; readonly floor: number; readonly dbt?: number };
}

export interface Case {
  readonly name: string;
  /** Source records taken in. */
  readonly rows: number;
  readonly aim: string;
  readonly met: boolean;
  readonly runs: readonly Sides[];
  readonly median: Sides;
}

export interface Bench {
  readonly cases: readonly Case[];
  /** Tables that were found equal after the increment, with their rows. */
  readonly equal: readonly { table: string; rows: number }[];
}

const shopmetrics = fileURLToPath(new URL("../../build/bin/shopmetrics.js", import.meta.url));
const floorScript = fileURLToPath(new URL("floor.mjs", import.meta.url));

/**
 * Measures the pipeline, as a user runs it, against the floor: the same tables by a plain SQL script. Both take turns, in
 * processes of their own, each on a fresh copy of its warehouse. With dbt there are three of them.
 *
 * @param options.folder for landed files and warehouses; removed at the end
 * @throws Error when they made different tables
 */
export async function runBench(options: {
  folder: string;
  scale: number;
  runs: number;
  dbt: Dbt | undefined;
  say: (text: string) => void;
}): Promise<Bench> {
  const { folder, scale, runs, say } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const at = (...names: string[]) => path.join(folder, ...names);
  const usage = at("usage.json");
  const command = (home: string, ...args: string[]) =>
    measure([shopmetrics, ...args], { env: { SHOPMETRICS_HOME: home }, usage });

  const cases: Case[] = [];
  const done = (name: string, rows: number, sides: Sides[], aim: string, met: (median: Sides) => boolean) => {
    const { floor, dbt, room } = sides[0] ?? {};
    const middle = {
      ours: median(sides.map((side) => side.ours)),
      ...(floor && { floor: median(sides.flatMap((side) => side.floor ?? [])) }),
      ...(dbt && { dbt: median(sides.flatMap((side) => side.dbt ?? [])) }),
      ...(room && { room }),
    };
    cases.push({ name, rows, aim, met: met(middle), runs: sides, median: middle });
  };

  /** The folders of landed files. */
  const entitiesOf = async (name: string) =>
    (await readdir(at(name, "landing"), { withFileTypes: true })).flatMap((found) =>
      found.isDirectory() ? [found.name] : [],
    );

  const dbtHome = options.dbt && (await openDbt(options.dbt, at("dbt")));

  /** Runs all sides on the files of `landing`, each on a copy of what it made `before`, and keeps what they made. */
  const sides = async (name: string, landing: string, before: string | undefined): Promise<Sides[]> => {
    const made: Sides[] = [];
    for (let n = 1; n <= runs; n++) {
      say(`${name}, ${n} of ${runs}`);
      await rm(at(name), { recursive: true, force: true });
      await mkdir(at(name));
      await mkdir(at(name, "landing"));
      for (const entity of await entitiesOf(landing))
        await symlink(at(landing, "landing", entity), at(name, "landing", entity));
      const [warehouse, plain] = [at(name, "warehouse.duckdb"), at(name, "floor.duckdb")];
      if (before) {
        await copyFile(at(before, "warehouse.duckdb"), warehouse);
        await copyFile(at(before, "floor.duckdb"), plain);
      }
      const ours = await command(at(name), "run", "--quiet", "--only", tables);
      const floor = await measure([floorScript, at(landing, "landing"), plain], { usage });
      const room = { ours: (await stat(warehouse)).size, floor: (await stat(plain)).size };
      if (dbtHome) {
        const { bytes, ...dbt } = await runDbt(dbtHome, {
          landing: at(landing, "landing"),
          before: before && at(before, "dbt.duckdb"),
          after: at(name, "dbt.duckdb"),
        });
        made.push({ ours, floor, dbt, room: { ...room, dbt: bytes } });
      } else made.push({ ours, floor, room });
    }
    return made;
  };

  /** The tables that all sides made alike. */
  const equalSides = async (name: string) => {
    const ours = at(name, "warehouse.duckdb");
    const equal = await equalTables(ours, { file: at(name, "floor.duckdb"), whose: "the floor" });
    if (!dbtHome) return equal;
    const dbts = await equalTables(ours, { file: at(name, "dbt.duckdb"), whose: "dbt" });
    const missing = equal.filter(({ table }) => !dbts.some((one) => one.table === table));
    if (missing.length > 0)
      throw new Error(`dbt did not make ${missing.map(({ table }) => table).join(", ")}.`);
    return equal;
  };

  say(`generating the shop at scale ${scale}`);
  const { generate } = await import("shopmetrics/sources");
  /** Lands the shop's exports and, instead of the simulator's events, those of the benchmark. */
  const land = async (name: string, options: { to: string } | { days: number }): Promise<number> => {
    const landing = at(name, "landing");
    const { files } = await generate({ landing: at("shop"), scale, ...options });
    for (const { entity, file } of files) {
      if (entity === "clickstream") continue;
      const landed = path.join(landing, path.relative(at("shop"), file));
      await mkdir(path.dirname(landed), { recursive: true });
      await link(file, landed);
    }
    const events = await writeClicks({ landing, scale, last: HISTORY_END, increment: "days" in options });
    return files.reduce((total, { entity, rows }) => total + (entity === "clickstream" ? 0 : rows), events);
  };
  const history = await land("history", { to: HISTORY_END });
  await mkdir(at("day"));
  await cp(at("history", "landing"), at("day", "landing"), { recursive: true, preserveTimestamps: true });
  const day = await land("day", { days: 1 });

  await command(at("full"), "build", "--quiet"); // remembered from here on, as after npm start
  // The floor makes tables and no pages.
  const { plans } = await compile(readSettings().root, shop);
  const tables = plans
    .filter(({ jobs, runtime }) => jobs.includes("daily") && runtime !== "page")
    .map(({ step }) => step)
    .join(",");
  const share = ((100 * day) / history).toFixed(1);
  const full = await sides("full", "history", undefined);
  await equalSides("full");
  const within = ({ ours, floor, room }: Sides) =>
    ours.cpu <= floor!.cpu * 1.5 && ours.wall <= floor!.wall * 1.5 && room!.ours <= room!.floor * 2.5;
  done("full load", history, full, "floor × 1.5, room × 2.5", within);
  const increment = await sides("increment", "day", "full");
  const equal = await equalSides("increment");
  done(
    `a day (${share} %)`,
    day,
    increment,
    scale < 5 ? "" : "below the floor",
    ({ ours, floor }) => scale < 5 || ours.wall < floor!.wall,
  );
  const again = await sides("again", "day", "increment");
  done("nothing new", 0, again, "1 s", ({ ours }) => ours.wall < 1);

  const alone = async (name: string, aim: number, run: () => Promise<Measured>) => {
    say(name);
    const made: Sides[] = [];
    for (let n = 1; n <= runs; n++) made.push({ ours: await run() });
    done(name, 0, made, `${aim} s`, ({ ours }) => ours.wall < aim);
  };
  await alone("--help", 0.2, () => command(at("again"), "--help"));
  await alone("compile, cold cache", 1, async () => {
    for (const cache of ["plans", "translations", "lineage", "programs"])
      await rm(cacheFolder(cache), { recursive: true, force: true });
    return command(at("again"), "build", "--quiet");
  });
  await alone("compile, remembered", 1, () => command(at("again"), "build", "--quiet"));
  await rm(folder, { recursive: true });
  return { cases, equal };
}
