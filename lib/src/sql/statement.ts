import type { Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { openAtEnd } from "./tokens.js";

/** A value that SQL binds as a parameter. It never becomes part of the text. */
export type SqlValue = string | number | bigint | boolean | null;

/** The rows of an upstream table that this step has not read yet. Made by `changes`. */
export interface Changes {
  readonly kind: "changes";
  readonly table: Table;
}

/** The tracked columns of the rows that were changed, before and after. Made by `touched`. */
export interface Touched {
  readonly kind: "touched";
  readonly table: Table;
}

/** A value that each run sets again. Made by `run`. */
export interface RunValue {
  readonly kind: "run";
  readonly name: "run_id" | "run_date" | "now" | "full" | "from_date" | "to_date" | "keep_from";
}

export type Interpolation = Table | Statement | Changes | Touched | RunValue | SqlValue;

/** A piece of SQL in Databricks' dialect. Immutable; made by the `sql` tag. */
export interface Statement {
  readonly kind: "statement";
  readonly strings: readonly string[];
  readonly values: readonly Interpolation[];
  /** The notebook's name for it, where it is known: `const judged = sql…` is `judged`. */
  readonly name: string | undefined;
  /** Whether its rows are written down in a file that is kept with the notebooks. Made by `seed`. */
  readonly isSeed?: true;
}

const isInterpolation = (value: unknown): value is Interpolation =>
  value === null ||
  ["string", "number", "bigint", "boolean"].includes(typeof value) ||
  (typeof value === "object" &&
    ["table", "statement", "changes", "touched", "run"].includes((value as { kind?: string }).kind ?? ""));

/**
 * Writes SQL in Databricks' dialect. `${table}` is an identifier and records the dependency, `${statement}` is that
 * select by its name, and any other value is a bound parameter. A list of statements, of which each is an expression, stands as
 * these with commas between them.
 *
 * @example
 * const big = sql`select order_id from ${silver.orders_clean} where total_amount > ${500}`;
 * await show(sql`select count(*) as orders from ${big}`);
 *
 * @throws InputError when a value is none of these, such as an object, an array or undefined.
 */
export function sql(
  strings: TemplateStringsArray,
  ...values: (Interpolation | readonly Statement[])[]
): Statement {
  if (values.some(isList)) return sql(...withoutLists(strings, values));
  values.forEach((value, index) => {
    if (isInterpolation(value)) return;
    const before = strings[index]?.trimEnd().slice(-40) ?? "";
    throw new InputError(
      `sql: the value after "${before}" is ${describe(value)}. Give a table, a statement, changes(…), a string, ` +
        `a number, a boolean or null.`,
    );
  });
  refuseBroken(strings);
  return observe({
    kind: "statement",
    strings: [...strings],
    values: values.filter(isInterpolation),
    name: undefined,
  });
}

/** A statement of texts that are no template: what a program puts together, such as a select of a contract's columns. */
export const sqlOf = (texts: readonly string[], ...values: Interpolation[]): Statement =>
  sql(Object.assign([...texts], { raw: texts }), ...values);

const isList = (value: unknown): value is readonly Statement[] =>
  Array.isArray(value) && value.length > 0 && value.every(isStatement);

/** The same text with the items of lists as values of their own. */
function withoutLists(
  strings: TemplateStringsArray,
  values: readonly (Interpolation | readonly Statement[])[],
): [TemplateStringsArray, ...Interpolation[]] {
  const texts: string[] = [];
  const raw: string[] = [];
  const items = values.flatMap((value, index): readonly Interpolation[] => {
    const list = isList(value) ? value : [value as Interpolation];
    texts.push(strings[index]!, ...list.slice(1).map(() => ", "));
    raw.push(strings.raw[index]!, ...list.slice(1).map(() => ", "));
    return list;
  });
  texts.push(strings.at(-1)!);
  raw.push(strings.raw.at(-1)!);
  return [Object.assign(texts, { raw }), ...items];
}

/** A value is a part of SQL: within a text or a comment it would be no value, and its lines would become SQL. */
function refuseBroken(strings: TemplateStringsArray): void {
  strings.forEach((text: string | undefined, index) => {
    if (text === undefined)
      throw new InputError(
        `sql: "${strings.raw[index]!.trim().slice(0, 60)}" holds an escape that JavaScript does not know: write two backslashes ` +
          `for one of SQL's.`,
      );
    const reserved = /\bparam__\w*/.exec(text)?.[0];
    if (reserved)
      throw new InputError(`sql: "${reserved}" is how a bound value is named: write another name.`);
    const open = index < strings.length - 1 ? openAtEnd(text) : undefined;
    if (open)
      throw new InputError(
        `sql: the value after "${text.trimEnd().slice(-40)}" stands within ${open}. ` +
          (open === "a comment" ? "Take the comment away." : "Join it to the text by ||: 'a' || ${value}."),
      );
  });
}

let observe = (statement: Statement): Statement => statement;

/** From now on each statement that is made is what `observer` gives for it: a recorder learns of it so. */
export function observeStatements(observer: (statement: Statement) => Statement): void {
  observe = observer;
}

/** Whether a value is a statement. */
export const isStatement = (value: unknown): value is Statement =>
  typeof value === "object" && value !== null && (value as { kind?: string }).kind === "statement";

const describe = (value: unknown) =>
  value === undefined ? "undefined" : Array.isArray(value) ? "an array" : `a ${typeof value}`;

/**
 * The rows of `table` that this step has not read yet; all of them with `--full`, and always all of them in
 * Jupyter, so that what you see there does not depend on what has run before.
 *
 * @example
 * const typed = sql`select trim(order_id) as order_id from ${changes(bronze.orders_raw)}`;
 */
export const changes = (table: Table): Changes => ({ kind: "changes", table });

/**
 * The key and the tracked columns of the rows of `table` that are new to this step, as they are, and of the rows whose
 * tracked columns changed, as they were and as they are. It names what an aggregate has to recompute: a row that moved
 * from one day to another touches both. May hold a row more than once.
 *
 * @example
 * const days = sql`select distinct cast(order_date as date) as date from ${touched(silver.orders_clean)}`;
 */
export function touched(table: Table): Touched {
  if (!table.options.tracks) {
    throw new InputError(
      `touched(${table.name}): its contract tracks no columns; add \`tracks\` or use changes().`,
    );
  }
  return { kind: "touched", table };
}

/** Values that each run sets again, to be interpolated into `sql`. */
export const run = {
  /** The run's id, a string. */
  id: { kind: "run", name: "run_id" },
  /** The as-of date of the run, a DATE. */
  date: { kind: "run", name: "run_date" },
  /** When the step started, a TIMESTAMP in UTC. Use it instead of current_timestamp(). */
  now: { kind: "run", name: "now" },
  /** Whether everything is recomputed, a BOOLEAN. */
  full: { kind: "run", name: "full" },
  /**
   * The business dates that a backfill computes anew, a select of `date`; no row in any other run. A step that reads it takes
   * part in backfills.
   *
   * @example
   * const days = sql`select … from ${touched(silver.orders_clean)} union select date from ${run.days}`;
   */
  days: backfillDays(),
} as const satisfies Record<string, RunValue | Statement>;

function backfillDays(): Statement {
  const [from, to] = (["from_date", "to_date"] as const).map((name): RunValue => ({ kind: "run", name }));
  const days = sql`select explode(sequence(cast(${from!} as date), cast(${to!} as date))) as date`;
  return { ...days, name: "backfill_days" };
}
