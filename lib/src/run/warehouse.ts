import { schemasOf, type Table, type Tables } from "../contracts/table.js";
import type { Dialect, EngineAdapter } from "../engine/adapter.js";
import { batchColumns, latestColumns, loggedColumns } from "../plan/kept-columns.js";
import type { Bound, Connection } from "../engine/connection.js";
import { beforeTable, latestTable } from "../sql/render.js";
import { keysInWords } from "./changed-rows.js";
import type { CheckResult } from "./check-result.js";
import type { StepContext, StepFigures } from "./step.js";

/**
 * Makes the schemas and every table that the contracts declare and the warehouse lacks, and adds columns that a contract
 * has gained. Their rows hold null there until a run with --full, unless the contract names a column whose value they take.
 * Where an engine reads columns from stored ones, the older rows have them too.
 *
 * @param onNote told once of a table whose columns are no longer all stored
 */
export async function prepareWarehouse(
  connection: Connection,
  dialect: Dialect,
  tables: Tables,
  onNote?: (message: string) => void,
): Promise<void> {
  const schemas = schemasOf(tables);
  const present = await presentColumns(connection, schemas);
  const statements: string[] = [];
  const takenApart: string[] = [];
  for (const table of tables.values()) {
    const rows = dialect.stored(table);
    const whole = present.get(table.name);
    if (whole && !present.has(rows.name)) {
      statements.push(...(dialect.takeApart?.(table, whole) ?? []));
      takenApart.push(table.name);
      present.set(rows.name, whole).delete(table.name);
    }
    const isMissing = wanted(rows).some(({ name }) => !present.has(name));
    if (isMissing) statements.push(...dialect.createTable(table));
    for (const { name, columns: gained } of gainedColumns(rows, present)) {
      statements.push(...gained.map((column) => dialect.addColumn(name, column)));
      if (name === rows.name && gained.length > 0) statements.push(...takeOver(rows));
    }
    if (!isMissing && rows.name !== table.name && !isReadAs(table, present.get(table.name)))
      statements.push(...dialect.createTable(table));
  }
  if (statements.length === 0) return;
  // Who may not create a schema gets an error from `if not exists` also where it exists.
  const { rows } = await connection.query("select schema_name from information_schema.schemata");
  const existing = new Set(rows.map((row) => row["schema_name"]));
  await connection.transaction(async () => {
    for (const schema of schemas)
      if (!existing.has(schema)) await connection.execute(`create schema if not exists ${schema}`);
    for (const statement of statements) await connection.execute(statement);
  });
  for (const name of takenApart)
    onNote?.(
      `${name} no longer stores the fields of its messages: they are read from value. The room they took is free for new rows; ` +
        "an earlier version can read this warehouse, and can load no messages into it.",
    );
}

/** Whether a view has the columns that the contract wants, and no others. */
function isReadAs(table: Table, present: ReadonlySet<string> = new Set()): boolean {
  const columns = [...table.columns.map(({ name }) => name), ...batchColumns(table)];
  return columns.length === present.size && columns.every((name) => present.has(name));
}

/** The columns that tables have gained in their contracts and lack in the warehouse, of tables that are there. */
export const gainedColumns = (table: Table, present: ReadonlyMap<string, ReadonlySet<string>>) =>
  wanted(table).flatMap(({ name, columns }) => {
    const known = present.get(name);
    return known ? [{ name, columns: columns.filter((column) => !known.has(column.name)) }] : [];
  });

/** The columns that a contract wants of its table, and of what is kept beside it, with their types in Databricks' dialect. */
export function wanted(table: Table): { name: string; columns: { name: string; type: string }[] }[] {
  const batches = batchColumns(table).map((name) => ({ name, type: "BIGINT" }));
  const log = () => ({
    name: beforeTable(table),
    columns: [...loggedColumns(table), { name: "_batch", type: "BIGINT" }],
  });
  return [
    { name: table.name, columns: [...table.columns, ...batches] },
    ...(table.options.tracks ? [log()] : []),
    ...(table.order.length > 0 ? [{ name: latestTable(table), columns: latestColumns(table) }] : []),
  ];
}

/** Gives columns that a contract has gained the values that their rows held in another one; changes nothing the second time. */
export function takeOver({ name, options }: Table): string[] {
  const taken = Object.entries(options.formerly ?? {});
  if (taken.length === 0) return [];
  const values = taken.map(([column, former]) => `${column} = coalesce(${column}, ${former})`);
  const missing = taken.map(([column]) => `${column} is null`);
  return [`update ${name} set ${values.join(", ")} where ${missing.join(" or ")}`];
}

/** The tables of the warehouse with the names of their columns. */
export async function presentColumns(
  connection: Connection,
  schemas: readonly string[],
): Promise<Map<string, Set<string>>> {
  const { rows } = await connection.query(
    `select concat_ws('.', table_schema, table_name) as table_name, column_name from information_schema.columns
where table_schema in (${schemas.map((schema) => `'${schema}'`).join(", ")})`,
  );
  const present = new Map<string, Set<string>>();
  for (const row of rows) {
    const table = String(row["table_name"]);
    present.set(table, (present.get(table) ?? new Set()).add(String(row["column_name"])));
  }
  return present;
}

/** How far a step has read and what has been published, as one run of the step sees it from begin to end. */
export async function readWindows(
  connection: Connection,
  step: string,
  tables: { readonly changes: readonly string[]; readonly writes: readonly string[]; readonly full: boolean },
): Promise<Pick<StepContext, "windows" | "batches">> {
  const names = [...new Set([...tables.changes, ...tables.writes])];
  if (names.length === 0) return { windows: new Map(), batches: new Map() };
  const { rows } = await connection.query(
    `select step, table_name, max(batch) as batch from ops.watermarks
where table_name in (${names.map((name) => `'${name}'`).join(", ")}) group by step, table_name`,
  );
  const published = new Map<string, number>();
  const seen = new Map<string, number>();
  for (const row of rows) {
    const [table, batch] = [String(row["table_name"]), Number(row["batch"])];
    // Nobody reads further than what is published, so the furthest that any step has come is just that.
    published.set(table, Math.max(batch, published.get(table) ?? 0));
    if (row["step"] === step) seen.set(table, batch);
  }
  return {
    windows: new Map(
      tables.changes.map((name) => [
        name,
        { lo: tables.full ? 0 : (seen.get(name) ?? 0), hi: published.get(name) ?? 0 },
      ]),
    ),
    batches: new Map(tables.writes.map((name) => [name, (published.get(name) ?? 0) + 1])),
  };
}

/**
 * Publishes what a step wrote and moves its watermarks: part of the step's own transaction. Where there is one, the rows that no
 * longer count go at once; elsewhere a delete could meet other writers, and the care of the tables removes them.
 */
export async function publish(
  connection: Connection,
  { hasTransactions }: Pick<EngineAdapter, "hasTransactions">,
  step: string,
  context: StepContext,
  figures: StepFigures,
): Promise<void> {
  // Rows in the quarantine carry the batch too: one that only refused rows is published as well, so that no later one
  // takes its number.
  const wrote = figures.out + figures.deleted + figures.rejected > 0 || figures.files.length > 0;
  const written = wrote ? [...context.batches] : [];
  const read = [...context.windows].map(([name, { hi }]) => [name, hi] as const);
  const files = figures.files.map((file) => ({
    table_name: file.table,
    source_file: file.name,
    size: file.size,
    modified_at: { type: "timestamp", value: file.modifiedAt.toISOString() } as const,
    sha256: file.sha256,
    load_number: file.loadNumber,
    rows_loaded: file.rows + file.rescued,
    rows_rescued: file.rescued,
    batch: context.batches.get(file.table) ?? 1,
    run_id: context.runId,
    loaded_at: { type: "timestamp", value: context.now } as const,
  }));
  // The ledger first: where there is no transaction and the run is killed between the two, the batch keeps its number.
  await insert(connection, "ops.loaded_files", files);
  const marks = [...written, ...read].map(([table_name, batch]) => ({ step, table_name, batch }));
  if (hasTransactions && marks.length > 0)
    await connection.execute(
      `delete from ops.watermarks where step = $step and (${marks
        .map(({ table_name, batch }) => `table_name = '${table_name}' and batch <= ${batch}`)
        .join(" or ")})`,
      { step },
    );
  await insert(connection, "ops.watermarks", marks);
}

/** What one step did in a run, as `ops.step_runs` keeps it. */
interface StepRun extends Pick<StepFigures, "in" | "out" | "rejected" | "changed"> {
  readonly step: string;
  readonly status: "succeeded" | "failed" | "skipped";
  /** ISO instant. */
  readonly startedAt: string;
  readonly seconds: number;
  readonly merged: number | null;
  /** The batch it wrote. */
  readonly batch: number | null;
  readonly message: string | null;
}

/**
 * Records a step's run. A task that is repeated in the same run replaces its record; where that would need a look into a
 * table that others write to, it adds a row, and the latest one counts.
 */
export async function recordStepRun(
  connection: Connection,
  { dialect, hasTransactions }: EngineAdapter,
  runId: string,
  run: StepRun,
): Promise<void> {
  if (hasTransactions)
    await connection.execute("delete from ops.step_runs where run_id = $run and step = $step", {
      run: runId,
      step: run.step,
    });
  const row = {
    run_id: runId,
    step: run.step,
    status: run.status,
    started_at: { type: "timestamp", value: run.startedAt } as const,
    seconds: run.seconds,
    rows_in: run.in,
    rows_out: run.out,
    rows_merged: run.merged,
    rows_rejected: run.rejected,
    batch: run.batch,
    statement_ids: connection.statementIds ?? [],
    message: run.message,
    rows_added: run.changed?.added ?? null,
    rows_changed: run.changed?.changed ?? null,
    rows_removed: run.changed?.removed ?? null,
    changed_keys: run.changed ? keysInWords(run.changed) : null,
  };
  await insert(connection, "ops.step_runs", [row], dialect);
}

/** Keeps check results. Outside the step's transaction when the step failed, so that the failure is recorded. */
export async function recordCheckResults(
  connection: Connection,
  step: string,
  context: Pick<StepContext, "runId" | "now">,
  checks: readonly CheckResult[],
): Promise<void> {
  const rows = checks.map((check) => ({
    run_id: context.runId,
    step,
    table_name: check.table,
    check_name: check.name,
    severity: check.severity,
    status: check.status,
    figure: check.figure,
    threshold: check.threshold,
    failed_rows: check.failedRows,
    total_rows: check.totalRows,
    notebook: check.place?.path ?? "",
    cell: check.place?.cell ?? 0,
    checked_at: { type: "timestamp", value: context.now } as const,
    sample: check.sample,
    message: check.message,
    line: check.place?.line ?? 0,
  }));
  await insert(connection, "ops.check_results", rows);
}

/**
 * Inserts rows of the same columns, by one statement for each hundred: a statement costs more than a row.
 *
 * @param dialect writes arrays of texts, where the rows have such
 */
export async function insert(
  connection: Connection,
  table: string,
  rows: readonly Readonly<Record<string, Bound | readonly string[]>>[],
  dialect?: Dialect,
): Promise<void> {
  for (let start = 0; start < rows.length; start += 100) {
    const some = rows.slice(start, start + 100);
    const columns = Object.keys(some[0]!);
    const params: Record<string, Bound> = {};
    // Many rows have the same values: each is bound once in its column.
    const names = new Map<string, string>();
    const written = (value: Bound | readonly string[], column: string): string => {
      if (isList(value)) return dialect!.texts(value.map((item) => written(item, column)));
      const key = `${column} ${typeof value} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`;
      const name = names.get(key) ?? `${column}_${names.size}`;
      names.set(key, name);
      params[name] = value;
      return `$${name}`;
    };
    const values = some.map(
      (row) => `(${columns.map((column) => written(row[column]!, column)).join(", ")})`,
    );
    await connection.execute(
      `insert into ${table} (${columns.join(", ")}) values ${values.join(", ")}`,
      params,
    );
  }
}

const isList = (value: Bound | readonly string[]): value is readonly string[] => Array.isArray(value);
