import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { dialectOf, engineNamed, openEngine, type Engine } from "shopmetrics/engine";
import {
  beginForgetting,
  endForgetting,
  prepareWarehouse,
  proveForgotten,
  searchCopy,
  type Proof,
} from "shopmetrics/run";
import { InputError, readSettings, useSettings, type Settings } from "shopmetrics/settings";
import type { Compiled } from "../compile/compile.js";
import { saysWhenInterrupted } from "../run/interrupt.js";
import { progress, summary } from "../run/print.js";
import { runGraph } from "../run/run.js";
import { count, counted, nearPath } from "../text.js";
import { compileProject } from "./compile-project.js";
import { printJson, reserveStdoutForJson } from "./fail.js";

interface ForgetCommand {
  again?: boolean;
  quiet?: boolean;
  json?: boolean;
}

/**
 * Forgets persons: takes them out of the landed files and of bronze, computes silver and gold anew, writes the warehouse's file anew, and
 * searches everything. Ends with code 1 where somebody is left.
 */
export async function forget(numbers: string[], options: ForgetCommand): Promise<void> {
  if (numbers.length === 0 && !options.again)
    throw new InputError("Name the customers, such as C000123, or give --again for those who arrived again.");
  if (options.json) reserveStdoutForJson();
  const settings = readSettings();
  if (engineNamed(settings.engine).isEmbedded && !existsSync(settings.warehouse))
    throw new InputError(`There is no warehouse at ${nearPath(settings.warehouse)}: nothing was loaded yet.`);
  const compiled = await compileProject(settings.root);
  const stopListening = saysWhenInterrupted();
  const restoreSettings = useSettings(settings);
  const onWait = (message: string) => console.error(message);
  try {
    const engine = await openEngine(settings, { onWait });
    const done = await inWarehouse(engine, settings, compiled, numbers, options);
    const fresh = await openEngine(settings, { onWait });
    const proof = await proved(fresh, settings, compiled, done);
    report(done, proof, options);
  } finally {
    restoreSettings();
    stopListening();
  }
}

type Done = Awaited<ReturnType<typeof inWarehouse>>;

const whereOf = (settings: Settings, { tables }: Compiled) => ({
  dialect: dialectOf(settings.engine),
  tables,
  landing: [settings.landing],
});

async function inWarehouse(
  engine: Engine,
  settings: Settings,
  compiled: Compiled,
  numbers: readonly string[],
  options: ForgetCommand,
) {
  const where = whereOf(settings, compiled);
  try {
    const connection = await engine.connect();
    await prepareWarehouse(connection, where.dialect, compiled.tables, (message) => console.error(message));
    const begun = await beginForgetting({ ...where, connection }, numbers);
    if (begun.isStale) await recompute(engine, settings, compiled, options);
    const records = new Map(begun.records);
    for (const [table, rows] of await endForgetting({ ...where, connection }, begun))
      records.set(table, (records.get(table) ?? 0) + rows);
    await connection.close();
    const isChanged = begun.isStale || begun.rows.size + records.size > 0;
    await (isChanged && engine.closeCompacted ? engine.closeCompacted() : engine.close());
    return { begun, records };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Computes all rows of silver and gold again from bronze, as a run with --full does; nothing is loaded. */
async function recompute(
  engine: Engine,
  settings: Settings,
  compiled: Compiled,
  { quiet, json }: ForgetCommand,
): Promise<void> {
  const steps = new Set(
    compiled.plans
      .filter(
        ({ jobs, writes }) => jobs.includes("daily") && !writes.some((table) => table.startsWith("bronze.")),
      )
      .map(({ step }) => step),
  );
  const say = json ? undefined : progress({ steps, quiet: Boolean(quiet) });
  const run = await runGraph({
    engine,
    graph: compiled,
    steps,
    landing: settings.landing,
    snapshots: settings.snapshots,
    date: new Date().toISOString().slice(0, 10),
    full: true,
    onStep: (event) => say?.step(event),
  });
  say?.stop();
  if (!json) summary(run, { quiet: Boolean(quiet) });
  if (run.status === "failed")
    throw new InputError(
      "The landed files and bronze have forgotten the person; silver and gold have not, since the run failed. Correct what it names, " +
        "and give the same command again.",
    );
}

async function proved(
  engine: Engine,
  settings: Settings,
  compiled: Compiled,
  { begun }: Done,
): Promise<Proof> {
  const connection = await engine.connect();
  try {
    const left = await leftInCopies(settings, compiled, begun);
    const where = { ...whereOf(settings, compiled), connection };
    return await proveForgotten(where, begun, { home: settings.home, left });
  } finally {
    await connection.close();
    await engine.close();
  }
}

/** Copies of the warehouse that notebooks in Jupyter work on, and others beside it. One that cannot be read proves nothing. */
async function leftInCopies(
  settings: Settings,
  compiled: Compiled,
  begun: Done["begun"],
): Promise<Proof["left"]> {
  const left: { place: string; rows?: number }[] = [];
  if (!engineNamed(settings.engine).isEmbedded) return left;
  for (const name of await readdir(settings.home)) {
    const warehouse = path.join(settings.home, name);
    if (!name.endsWith(".duckdb") || warehouse === settings.warehouse) continue;
    const options = { onWait: () => {}, patience: 5000 };
    const copy = await engineNamed(settings.engine)
      .openReadOnly({ ...settings, warehouse }, options)
      .catch(() => name);
    if (typeof copy === "string") {
      left.push({ place: warehouse });
      continue;
    }
    const connection = await copy.connect();
    const rows = await searchCopy({ ...whereOf(settings, compiled), connection }, begun).catch(
      () => undefined,
    );
    if (rows !== 0) left.push({ place: warehouse, ...(rows !== undefined && { rows }) });
    await connection.close();
    await copy.close();
  }
  return left;
}

function report({ begun, records }: Done, proof: Proof, { quiet, json }: ForgetCommand): void {
  const persons = begun.finder.persons.map(({ pseudonym }) => pseudonym);
  const left = proof.left.map(({ place, rows }) => ({
    place: path.isAbsolute(place) ? nearPath(place) : place,
    rows,
  }));
  if (left.length > 0) process.exitCode = 1;
  if (json)
    return printJson({
      pseudonyms: persons,
      files: begun.files.map(({ name, rows }) => ({ file: name, rows })),
      tables: Object.fromEntries([...begun.rows, ...records]),
      searched: { tables: proof.tables, files: proof.files },
      left,
    });
  if (!quiet) {
    for (const { name, rows } of begun.files) console.log(`Rewrote ${counted(rows, "record")} of ${name}`);
    for (const [table, rows] of [...begun.rows, ...records])
      console.log(`Changed ${counted(rows, "row")} of ${table}`);
    console.log(`Forgotten: ${persons.length === 0 ? "nobody" : persons.join(", ")}`);
    const found = left.length === 0 ? "nothing is left" : `something is left in ${count(left.length)}`;
    console.log(`Searched ${counted(proof.tables, "table")} and ${counted(proof.files, "file")}: ${found}`);
  }
  for (const { place, rows } of left)
    console.error(`! ${place}${rows === undefined ? "" : `: ${counted(rows, "row")}`}${nextFor(place)}`);
}

const nextFor = (place: string) =>
  /\bdev_\w+\.duckdb/.test(place)
    ? ": a notebook's copy of the warehouse; remove it: npx shopmetrics clean --dev"
    : "";
