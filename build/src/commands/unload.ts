import { existsSync } from "node:fs";
import { dialectOf, engineNamed, isJoined, openEngine, type Dialect, type Engine } from "shopmetrics/engine";
import { prepareWarehouse } from "shopmetrics/run";
import { InputError, readSettings } from "shopmetrics/settings";
import { tables } from "shopmetrics/shop";
import { counted, nearest, nearPath } from "../text.js";

/** A file that was taken back. */
interface Unloaded {
  readonly file: string;
  readonly table: string;
  readonly rows: number;
  /** The steps that had read its rows, whose tables hold what they made of them. */
  readonly readBy: readonly string[];
}

/** Removes files from bronze and from the ledger, as if they had never landed, and says what comes next. */
export async function unload(files: string[], options: { quiet?: boolean; json?: boolean }): Promise<void> {
  const settings = readSettings();
  if (engineNamed(settings.engine).isEmbedded && !existsSync(settings.warehouse))
    throw new InputError(`There is no warehouse at ${nearPath(settings.warehouse)}: nothing was loaded yet.`);
  const dialect = dialectOf(settings.engine);
  const engine = await openEngine(settings, { onWait: (message) => console.error(message) });
  try {
    if (dialect.takeApart) await prepare(engine, dialect);
    const unloaded = await unloadFiles(engine, dialect, files);
    if (options.json) return console.log(JSON.stringify({ unloaded }));
    if (options.quiet) return;
    for (const { file, table, rows } of unloaded)
      console.log(`Removed the ${counted(rows, "row")} of ${file} from ${table}`);
    console.log(nextStep(unloaded, dialect));
  } finally {
    await engine.close();
  }
}

/** A warehouse of an earlier version keeps its rows elsewhere. */
async function prepare(engine: Engine, dialect: Dialect): Promise<void> {
  const connection = await engine.connect();
  try {
    await prepareWarehouse(connection, dialect, tables, (message) => console.error(message));
  } finally {
    await connection.close();
  }
}

/** Removes files, in one transaction where there are such. Silver and gold hold what they read from them until a full run. */
export async function unloadFiles(
  engine: Engine,
  { unload: unloading }: Dialect,
  files: readonly string[],
): Promise<Unloaded[]> {
  const connection = await engine.connect();
  try {
    const ledger = await connection.query(unloading.files([...tables.values()]));
    const found = new Map<string, { table: string; batch: number }>();
    for (const row of ledger.rows) {
      const [file, table] = [String(row["source_file"]), String(row["table_name"])];
      const batch = Number(row["batch"] ?? Number.POSITIVE_INFINITY);
      found.set(file, { table, batch: Math.min(batch, found.get(file)?.batch ?? batch) });
    }
    const chosen = [...new Set(files)].map((file) => {
      const known = found.get(file);
      if (!known) throw notLoaded(file, [...found.keys()]);
      // Its messages would be read from the topic again, into a file of the same name.
      if (!unloading.freesNames && tables.get(known.table)?.options.files === "envelopes")
        throw new InputError(
          `${file} holds messages of Kafka: they would land again under this name, and a warehouse never loads the same path ` +
            `twice. Nothing was unloaded.`,
        );
      if (isJoined(file))
        throw new InputError(
          `${file} holds the messages of several files that had landed, and bronze names those: it cannot be taken back. ` +
            `Nothing was unloaded.`,
        );
      return { file, ...known };
    });
    const read = await connection.query(
      "select step, table_name, max(batch) as batch from ops.watermarks where step <> table_name group by step, table_name",
    );
    const readersOf = (table: string, batch: number) =>
      read.rows
        .filter((row) => row["table_name"] === table && Number(row["batch"]) >= batch)
        .map((row) => String(row["step"]))
        .toSorted();
    return await connection.transaction(async () => {
      const done: Unloaded[] = [];
      for (const { file, table, batch } of chosen) {
        const counts: number[] = [];
        for (const sql of unloading.statements(table, tables.get(table)?.options.files))
          counts.push(await connection.execute(sql, { file }));
        done.push({ file, table, rows: counts[0] ?? 0, readBy: readersOf(table, batch) });
      }
      return done;
    });
  } finally {
    await connection.close();
  }
}

/** A step that halted has read nothing, so the next run reads what is in bronze then. */
function nextStep(unloaded: readonly Unloaded[], { unload: { freesNames } }: Dialect): string {
  const readers = [...new Set(unloaded.flatMap(({ readBy }) => readBy))];
  const land = freesNames
    ? "Correct the file in the landing folder, or remove it from there."
    : "Land the corrected file under another name: a warehouse never loads the same path twice.";
  if (readers.length === 0)
    return `No step has read them. ${land} Then run again: npx shopmetrics run${freesNames ? "" : ", or the daily job"}`;
  return (
    `${readers.join(", ")} ${readers.length > 1 ? "have" : "has"} read them. ${land} ` +
    `Then compute all tables again: npx shopmetrics run --full${freesNames ? "" : ", or the daily job with full=true"}`
  );
}

function notLoaded(file: string, known: string[]): InputError {
  const near = known.find((name) => name.endsWith(`/${file}`)) ?? nearest(file, known);
  const hint = near ? `Did you mean ${near}?` : "`npx shopmetrics show ops.loaded_files` lists what was.";
  return new InputError(`No file "${file}" was loaded. ${hint} Nothing was unloaded.`);
}
