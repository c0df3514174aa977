import { shop } from "#lib/shop/index.js";
import path from "node:path";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { silver, type Table } from "shopmetrics";
import { runGraph } from "../../../build/src/run/run.ts";
import type { Compiled } from "../../../build/src/compile/compile.ts";
import type { Engine } from "#lib/engine/adapter.js";
import { give } from "#lib/unit/fill.js";
import { giveFirst, replace, rowsOfFile } from "../../steps/fill.ts";
import { type Round, recordedCases } from "../../steps/recorded.ts";

/*
 * The step tests in shared tables. One by one they would take hours on Spark, so the rows that they give are put together:
 * in a day of cases are the n-th rounds of all of them, each with ids of its own. That the embedded engine makes of a case
 * what it should is what the step tests say; here the warehouse has to make the same of all.
 */

type Value = Record<string, unknown>;

/** What all cases bring before their n-th run. */
interface CaseDay {
  readonly given: ReadonlyMap<Table, readonly Value[]>;
  readonly taken: ReadonlyMap<Table, readonly Value[]>;
  readonly landed: readonly { readonly file: string; readonly content: string }[];
}

export interface StepCases {
  readonly days: number;
  /** Lets the files of a day's cases land and writes their rows, into all the warehouses. */
  bring(day: number, landing: string, sides: readonly Engine[]): Promise<void>;
  /** The tests whose cases stand in some lines of text. */
  namesIn(lines: readonly string[]): string[];
}

/** Of a test file these lines at most, since the producer's contract is tried with tens of thousands. */
const MOST_MESSAGES = 2000;

/** Whether rows are put straight into gold, or where a check that halts adds up what a step makes of several tables. */
const contradicts = (rounds: readonly Round[]) =>
  rounds.some(({ given }) =>
    given.some(({ table }) => table.startsWith("gold.") || table === silver.refunds.name),
  );

/**
 * @param leftOut test files, by the beginning of their name. Cases that contradict what the steps make of the others always are.
 * @throws when the step tests have not run
 */
export async function stepCases(compiled: Compiled, leftOut: readonly string[]): Promise<StepCases> {
  const recorded = await recordedCases();
  const without = ["data_quality", "optimise", ...leftOut];
  const all = [...recorded].flatMap(([file, cases]) => cases.map((one) => ({ file, ...one })));
  const cases = all.filter(
    ({ file, rounds }) => !without.some((name) => file.startsWith(name)) && !contradicts(rounds),
  );
  const most = Math.max(...cases.map(({ rounds }) => rounds.length));
  const days = Array.from({ length: most }, (_, day) =>
    together(cases.map(({ rounds }, index) => withOwnIds(rounds[day], index))),
  );

  return {
    days: days.length,
    async bring(day, landing, sides) {
      const { given, taken, landed } = days[day]!;
      const scratch = await mkdtemp(path.join(tmpdir(), "shopmetrics-cases-"));
      try {
        const isMessages = ({ file }: { file: string }) => file.startsWith("clickstream/");
        await land(
          landed.filter((one) => !isMessages(one)),
          landing,
        );
        const messages = landed.filter(isMessages);
        await land(messages.map(fewer), path.join(scratch, "landing"));
        for (const side of sides) {
          if (messages.length > 0) await loadMessages(compiled, side, scratch);
          await write(
            side,
            { given, taken },
            path.join(scratch, "rows.ndjson"),
            day === 0 ? giveFirst : give,
          );
        }
      } finally {
        await rm(scratch, { recursive: true });
      }
    },
    namesIn(lines) {
      const found = lines.flatMap((line) => [...line.matchAll(/(?<=[A-Z]\d+|\/)c(\d+)/g)]);
      return [...new Set(found.map(([, index]) => Number(index)))].map(
        (index) => `c${index}: ${cases[index]?.file} > ${cases[index]?.test}`,
      );
    },
  };
}

/** Ids are a capital letter and digits, wherever they stand. They and files get the number of their case. */
function withOwnIds(round: Round | undefined, index: number): Round {
  if (!round) return { given: [], taken: [], landed: [] };
  const own = (text: string) => text.replaceAll(/(?<!\w)([A-Z]\d+)(?!\w)/g, `$1c${index}`);
  const ownFile = (file: string) => file.replace("/", `/c${index}-`);
  const value = ([name, is]: [string, unknown]) =>
    [name, typeof is !== "string" ? is : name === "source_file" ? ownFile(is) : own(is)] as const;
  const row = (is: object) => Object.fromEntries(Object.entries(is).map(value));
  return {
    given: round.given.map(({ table, rows }) => ({ table, rows: rows.map(row) })),
    taken: round.taken.map(({ table, key }) => ({ table, key: row(key) })),
    landed: round.landed.map(({ file, content }) => ({ file: ownFile(file), content: own(content) })),
  };
}

function together(rounds: readonly Round[]): CaseDay {
  const given = new Map<Table, Value[]>();
  const taken = new Map<Table, Value[]>();
  const into = (map: Map<Table, Value[]>, name: string, rows: readonly object[]) => {
    const table = shop.tables.get(name)!;
    map.set(table, [...(map.get(table) ?? []), ...(rows as Value[])]);
  };
  for (const round of rounds) {
    for (const { table, rows } of round.given) into(given, table, rows);
    for (const { table, key } of round.taken) into(taken, table, [key]);
  }
  for (const [table, rows] of given) given.set(table, lastOfEachKey(table, rows));
  return { given, taken, landed: rounds.flatMap(({ landed }) => landed) };
}

function lastOfEachKey(table: Table, rows: readonly Value[]): Value[] {
  const { key } = table.options;
  if (!key) return [...rows];
  return [...new Map(rows.map((row) => [JSON.stringify(key.map((name) => row[name])), row])).values()];
}

async function land(files: CaseDay["landed"], landing: string): Promise<void> {
  for (const { file, content } of files) {
    const target = path.join(landing, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

/**
 * A file with its first lines, without those of which engines keep another text: numbers with an exponent, which each
 * writes in its own way, and half of a surrogate pair, which both refuse, but Spark for other reasons. Both keep a byte order mark,
 * but DuckDB's client takes it off the beginning of what it reads.
 */
const fewer = ({ file, content }: CaseDay["landed"][number]) => ({
  file,
  content: content
    .split("\n")
    .filter((line) => !/\de[+-]?\d|\\ud800|\ufeff|\\ufeff/i.test(line))
    .slice(0, MOST_MESSAGES)
    .join("\n"),
});

/** Messages reach a warehouse through a program, whatever engine it is. */
async function loadMessages(compiled: Compiled, engine: Engine, scratch: string): Promise<void> {
  const report = await runGraph({
    engine,
    graph: compiled,
    steps: new Set(["bronze.clickstream_raw"]),
    landing: path.join(scratch, "landing"),
    snapshots: path.join(scratch, "snapshots"),
    date: "2026-03-01",
    full: false,
  });
  if (report.status !== "succeeded") throw new Error(report.steps[0]?.message ?? "bronze.clickstream_raw");
}

async function write(
  side: Engine,
  { given, taken }: Pick<CaseDay, "given" | "taken">,
  file: string,
  put: typeof give,
): Promise<void> {
  const connection = await side.connect();
  for (const [table, rows] of given)
    await put(side, connection, table, await rowsOfFile(side, table, rows, file));
  for (const [table, keys] of taken) {
    const names = table.columns.map(({ name }) => name).join(", ");
    const present = await connection.query(`select ${names} from ${table.name}`);
    const isNamed = (row: Value) =>
      keys.some((key) => Object.entries(key).every(([name, value]) => row[name] === value));
    const rest = present.rows.filter((row) => !isNamed(row));
    await replace(side, connection, table, await rowsOfFile(side, table, rest, file));
  }
  await connection.close();
}
