import type { Table } from "../contracts/table.js";
import { flat, marker, windowParams, type Param } from "./param.js";
import { parseQuery } from "./parser.js";
import { SqlError } from "./sql-error.js";
import { isStatement } from "./statement.js";
import { linesWithinTexts, tokensOf, type Token } from "./tokens.js";
import type { Changes, Interpolation, RunValue, SqlValue, Statement, Touched } from "./statement.js";

/** SQL text in Databricks' dialect, in which each parameter stands as the identifier `param__<name>`. */
export interface Rendered {
  readonly text: string;
  readonly params: readonly Param[];
  /** Tables read in any way, by name. */
  readonly reads: readonly string[];
  /** Tables read through changes() or touched(). */
  readonly changes: readonly string[];
  /** Tables read through changes(). */
  readonly takes: readonly string[];
  /** Statements that are read as stages. */
  readonly stages: readonly Statement[];
  /** Tables whose after-image is read. */
  readonly images: readonly string[];
  /** All tables that stand in the text, as contracts. */
  readonly tables: readonly Table[];
}

/** Where a table kept with `tracks` logs its rows' tracked columns before they changed. */
export const beforeTable = (table: Table) => `ops.before_${flat(table.name)}`;

/** Where `merge` with `order` remembers the newest change of each row, of rows that were deleted too. */
export const latestTable = (table: Table) => `ops.latest_${flat(table.name)}`;

/**
 * Renders a statement. A statement within it becomes a common table expression of its own name, unless `stages` says
 * that it has been staged; then its stage is read. A statement that is no select, such as a condition, is put in place.
 *
 * @param afterImages tables in whose place another relation is read, named by `afterImageName`: it holds what they will hold
 * @param literal names the parameter for a value; the same naming must hold for all statements of a step
 */
export function render(
  statement: Statement,
  options: {
    stages?: ReadonlyMap<Statement, string>;
    afterImages?: ReadonlySet<string>;
    literal: (value: SqlValue) => Param;
  },
): Rendered {
  const params = new Map<string, Param>();
  const reads = new Set<string>();
  const changed = new Set<string>();
  const taken = new Set<string>();
  const staged = new Set<Statement>();
  const images = new Set<string>();
  const tables = new Set<Table>();
  const own = ownNames(statement);
  const stageNames = new Set(options.stages?.values());
  const ctes = new Map<string, { source: object; text: string }>();
  const placed = new Map<object, string>();

  const use = (param: Param) => {
    params.set(param.name, param);
    return marker(param.name);
  };

  const cte = (source: object, wanted: string, text: () => string): string => {
    const known = placed.get(source);
    if (known) return known;
    const body = text();
    let name = wanted;
    const isTaken = () => ctes.has(name) || own.has(name) || stageNames.has(name);
    for (let n = 2; isTaken(); n++) name = `${wanted}_${n}`;
    placed.set(source, name);
    ctes.set(name, { source, text: body });
    return name;
  };

  const windowOf = (table: Table, column: string) => {
    const { lo, hi } = windowParams(table.name);
    return `${column} > ${use(lo)} and ${column} <= ${use(hi)}`;
  };

  const changesOf = ({ table }: Changes) => {
    tables.add(table);
    reads.add(table.name);
    changed.add(table.name);
    taken.add(table.name);
    return `select * from ${table.name} where ${windowOf(table, "_batch")}`;
  };

  const touchedOf = ({ table }: Touched) => {
    tables.add(table);
    reads.add(table.name);
    changed.add(table.name);
    const key = (table.options.key ?? []).join(", ");
    const columns = [...new Set([...(table.options.key ?? []), ...(table.options.tracks ?? [])])].join(", ");
    const before = `from ${beforeTable(table)} where ${windowOf(table, "_batch")}`;
    return [
      `select ${columns} from ${table.name} where ${windowOf(table, "_first_batch")}`,
      `select ${columns} from ${table.name} where (${key}) in (select ${key} ${before})`,
      `select ${columns} ${before}`,
    ].join("\n  union all\n  ");
  };

  const place = (value: Interpolation): string => {
    if (value === null || typeof value !== "object") return use(options.literal(value));
    switch (value.kind) {
      case "table":
        reads.add(value.name);
        tables.add(value);
        if (!options.afterImages?.has(value.name)) return value.name;
        images.add(value.name);
        return afterImageName(value.name);
      case "run":
        return use({ name: (value satisfies RunValue).name, kind: "run" });
      case "changes":
        return cte(changesKey(value), `new_${bare(value.table)}`, () => changesOf(value));
      case "touched":
        return cte(touchedKey(value), `touched_${bare(value.table)}`, () => touchedOf(value));
      case "statement": {
        const stage = options.stages?.get(value);
        if (stage) {
          if (own.has(stage))
            throw new SqlError(
              `a common table expression is called ${stage} like the select that it reads: call it otherwise`,
            );
          staged.add(value);
          return stage;
        }
        if (!isQuery(value)) return asExpression(body(value));
        return cte(value, value.name ?? "part", () => body(value));
      }
    }
  };

  // One common table expression for each table's changes, however often they are named.
  const seen = new Map<string, object>();
  const once = (key: string) => {
    const known = seen.get(key) ?? { key };
    seen.set(key, known);
    return known;
  };
  const changesKey = (value: Changes) => once(`changes ${value.table.name}`);
  const touchedKey = (value: Touched) => once(`touched ${value.table.name}`);

  const body = (part: Statement): string =>
    part.strings
      .map((text, index) => text + (index < part.values.length ? place(part.values[index]!) : ""))
      .join("");

  const main = dedent(body(statement));
  return {
    text: withCtes(
      [...ctes].map(([name, { text }]) => ({ name, text: dedent(text) })),
      main,
    ),
    params: [...params.values()],
    reads: [...reads],
    changes: [...changed],
    takes: [...taken],
    stages: [...staged],
    images: [...images],
    tables: [...tables],
  };
}

/** The relation that holds what a table will hold once the step has written it. */
export const afterImageName = (table: string) => `${table.slice(table.indexOf(".") + 1)}_written`;

const bare = (table: Table) => table.name.slice(table.name.indexOf(".") + 1);

/** Whether a statement is a select of its own, not a piece of one. */
export const isQuery = (statement: Statement) =>
  ["select", "with", "values", "from"].includes(firstWord(statement.strings[0] ?? ""));

/** The first word of a text behind comments and opening brackets, in lower case. */
const firstWord = (text: string) => tokensOf(text).find(({ text: sign }) => sign !== "(")!.word;

/** The names of the common table expressions that a statement and those within it write themselves, in lower case. */
function ownNames(statement: Statement): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (part: Statement) => {
    for (const text of part.strings) {
      const tokens = tokensOf(text);
      tokens.forEach(({ word, kind }, index) => {
        const isBody = word === "as" && tokens[index + 1]?.text === "(";
        const before = tokens[index - 1];
        if (isBody && before && (before.kind === "word" || before.kind === "quoted"))
          names.add(before.text.toLowerCase());
        if (word === "with" && kind === "word" && tokens[index + 1])
          names.add(tokens[index + 1]!.text.toLowerCase());
      });
    }
    for (const value of part.values) if (isStatement(value)) visit(value);
  };
  visit(statement);
  return names;
}

/**
 * A piece of a select as one expression: in brackets, unless it is a name, a constant, a call, or in brackets already.
 *
 * @throws SqlError for a piece that is not one expression: pasted in, it would change what stands around it
 */
function asExpression(piece: string): string {
  refuseOther(piece);
  const tokens = tokensOf(piece).slice(0, -1);
  const closed = piece.slice(tokens.at(-1)!.end).includes("--") ? `${piece}\n` : piece;
  return isWhole(tokens) ? closed : `(${closed.trim()}${closed.endsWith("\n") ? "\n" : ""})`;
}

function refuseOther(piece: string): void {
  const { body, ctes, order, limit } = parseQuery(`select ${piece}\n`);
  const isOne =
    body.is === "select" &&
    body.items.length === 1 &&
    !body.items[0]!.alias &&
    body.items[0]!.value.is !== "star" &&
    !(body.from ?? body.where ?? body.group ?? body.having ?? limit) &&
    !body.distinct;
  if (isOne && ctes.length === 0 && order.length === 0) return;
  throw new SqlError(
    `"${piece.trim().slice(0, 60)}" is neither a select nor one expression: only these stand within another select`,
  );
}

/** Whether no operator outside can take a part of it. */
function isWhole(tokens: readonly Token[]): boolean {
  const name = tokens.findIndex((token, index) =>
    index % 2 ? token.text !== "." : !["word", "quoted"].includes(token.kind),
  );
  if (name < 0 || (tokens.length === 1 && ["string", "number"].includes(tokens[0]!.kind))) return true;
  if (tokens[name]!.text !== "(" || tokens.at(-1)!.text !== ")" || (name % 2 === 0 && name > 0)) return false;
  let depth = 0;
  return tokens.slice(name).every(({ kind, text }, index, all) => {
    if (kind === "sign") depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    return depth > 0 || index === all.length - 1;
  });
}

/** Puts common table expressions before a select, which may have some of its own. */
function withCtes(ctes: { name: string; text: string }[], main: string): string {
  if (ctes.length === 0) return main;
  const list = ctes.map(({ name, text }) => `${name} as (\n${indent(text)}\n)`).join(",\n");
  const [first] = tokensOf(main);
  if (first!.word !== "with") return `with ${list}\n${main}`;
  return `${main.slice(0, first!.start)}with ${list},\n${main.slice(first!.end).trimStart()}`;
}

/** Indents a text's lines, but for those that go on with a text of SQL. */
function indent(text: string): string {
  const within = linesWithinTexts(text);
  return text
    .split("\n")
    .map((line, index) => (line === "" || within.has(index + 1) ? line : `  ${line}`))
    .join("\n");
}

/**
 * Takes away the indentation that all lines share (a first line beside the quote has none), and blank lines around. Lines that go
 * on with a text of SQL stay as they are.
 */
export function dedent(given: string): string {
  const text = given.replace(/^\s*\n/, "").trimEnd();
  const hasFirst = text.length !== given.trimEnd().length;
  const lines = text.split("\n");
  const within = linesWithinTexts(text);
  const depth = (line: string) => line.length - line.trimStart().length;
  const moves = (index: number) => !within.has(index + 1) && lines[index]!.trim() !== "";
  const least = Math.min(
    ...lines.flatMap((line, index) => (moves(index) && (hasFirst || index > 0) ? [depth(line)] : [])),
  );
  return lines
    .map((line, index) =>
      within.has(index + 1)
        ? line
        : index === 0
          ? line.trimStart()
          : line.slice(Math.min(depth(line), least)),
    )
    .join("\n");
}
