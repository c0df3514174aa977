import { InputError } from "../errors.js";
import { rejected_rows } from "../contracts/quarantine.js";
import type { Table, Tables } from "../contracts/table.js";
import type { Engine } from "../engine/adapter.js";
import type { Connection } from "../engine/connection.js";
import { engineNamed, scratchEngine } from "../engine/index.js";
import type { Plan } from "../plan/plan.js";
import type { Arrival, NamedRows, UnitTest } from "../plan/unit-test.js";
import { executeItems, noFigures, type StepContext } from "../run/step.js";
import { prepareWarehouse, publish, readWindows } from "../run/warehouse.js";
import { nearestOf } from "../sql/nearest.js";
import { verbNamed } from "../verbs/registry.js";
import { asChanges } from "./as-changes.js";
import { differenceOf } from "./difference.js";
import { boundRows, completeRows, give } from "./fill.js";

/** What a unit test needs of a step's plan. */
export type TestedStep = Pick<Plan, "step" | "reads" | "writes" | "changes" | "takes" | "params" | "items">;

/** A table is not what a unit test expects. The message is the difference. */
class UnitTestFailed extends Error {
  override readonly name = "UnitTestFailed";
}

/**
 * Runs a step over the rows of a unit test in an empty warehouse, and compares. The step's own checks are left out: they judge
 * whole exports, and a test has a handful of rows; the contract's are part of each write.
 *
 * @param options.open opens the empty warehouse; by default one in memory
 * @throws UnitTestFailed with the difference, InputError for a test that does not fit the step
 */
export async function runUnitTest(
  step: TestedStep,
  test: UnitTest,
  {
    tables,
    open = scratchEngine().openScratch!,
  }: { readonly tables: Tables; readonly open?: () => Promise<Engine> },
): Promise<void> {
  const misfit = misfitOf(step, test, tables);
  if (misfit) throw new InputError(misfit);
  const { arrivals } = asChanges(step, test, tables);
  const engine = await open();
  try {
    const connection = await engine.connect();
    await prepareWarehouse(connection, engineNamed(engine.name).dialect, tables);
    for (const [index, arrival] of arrivals.entries()) {
      await arrive(connection, engine, arrival, { tables, batch: index + 1 });
      await runOnce(connection, engine, step, arrival.now);
    }
    await compare(connection, tableNamed(tables, test.expected.table), test.expected);
    await connection.close();
  } finally {
    await engine.close();
  }
}

/** Why a test does not fit the step whose notebook it stands in; undefined where it does. */
export function misfitOf(
  { step, reads, writes, items }: Pick<TestedStep, "step" | "reads" | "writes" | "items">,
  test: UnitTest,
  tables: Tables,
): string | undefined {
  const { arrivals, expected } = asChanges({ reads, writes }, test, tables);
  const written = writtenBy({ writes, items });
  const loaded = items.find(({ load }) => load)?.table;
  if (loaded !== undefined)
    return `${step} loads ${loaded} from files, and a unit test has rows: test the step that reads ${loaded}.`;
  const hint = (name: string, names: readonly string[]) => {
    const near = nearestOf(name, names);
    return `${near ? `Did you mean ${near}? ` : ""}${names.length > 0 ? `It knows ${names.join(", ")}.` : "No verb has run yet."}`;
  };
  if (!written.includes(expected.table))
    return `expect(${expected.table}): ${step} does not write it. ${hint(expected.table, written)}`;
  const known = [...new Set([...reads, ...written])];
  const unread = arrivals.flatMap(({ given }) => given).find(({ table }) => !known.includes(table));
  return unread && `given(${unread.table}): ${step} does not read it. ${hint(unread.table, known)}`;
}

/** The tables that a step writes, with the quarantine where it refuses rows. */
const writtenBy = ({ writes, items }: Pick<TestedStep, "writes" | "items">): string[] => [
  ...writes,
  ...(items.some(({ kind }) => verbNamed(kind)?.role === "reject") ? [rejected_rows.name] : []),
];

async function arrive(
  connection: Connection,
  engine: Engine,
  { given }: Arrival,
  { tables, batch }: { tables: Tables; batch: number },
): Promise<void> {
  for (const named of given) {
    const table = tableNamed(tables, named.table);
    const rows = completeRows(table, named, batch);
    refuseSameKeys(table, rows);
    await give(engine, connection, table, boundRows(table, rows));
  }
}

/** Two rows with one key would be merged into one, which nobody means who writes down two. */
function refuseSameKeys({ name, options }: Table, rows: readonly Readonly<Record<string, unknown>>[]): void {
  const key = options.key ?? [];
  const texts = rows.map((row) => JSON.stringify(key.map((column) => row[column])));
  const second = texts.findIndex((text, index) => key.length > 0 && texts.indexOf(text) < index);
  if (second < 0) return;
  throw new InputError(
    `given(${name}): row ${texts.indexOf(texts[second]!) + 1} and row ${second + 1} have the same key. Name ${key.join(", ")} in each.`,
  );
}

async function runOnce(connection: Connection, engine: Engine, step: TestedStep, now: string): Promise<void> {
  const adapter = engineNamed(engine.name);
  const kept = step.items.filter(
    ({ kind }) => verbNamed(kind)?.role !== "check" && !verbNamed(kind)?.isShown,
  );
  const items = adapter.ordered?.(kept) ?? kept;
  const windows = await readWindows(connection, step.step, { ...step, full: false });
  const context: StepContext = {
    runId: "unit-test",
    now,
    date: now.slice(0, 10),
    full: false,
    landing: "",
    ...windows,
  };
  await connection.transaction(async () => {
    const figures = noFigures();
    await executeItems(connection, engine.name, { ...step, items }, context, figures);
    await publish(connection, adapter, step.step, context, figures);
  });
}

async function compare(connection: Connection, table: Table, expected: NamedRows): Promise<void> {
  const [first] = expected.rows;
  const columns = first ? Object.keys(first) : (table.options.key ?? table.columns.map(({ name }) => name));
  const { rows } = await connection.query(`select ${columns.join(", ")} from ${table.name}`);
  const difference = differenceOf(table, columns, expected.rows, rows);
  if (difference) throw new UnitTestFailed(`${table.name} is not as expected. ${difference}`);
}

function tableNamed(tables: Tables, name: string): Table {
  const table = tables.get(name);
  if (!table) throw new InputError(`No contract declares ${name}.`);
  return table;
}
