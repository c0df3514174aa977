import type { DBSQLParameter, thrift } from "@databricks/sql";
import type { Result, ResultRow, ResultValue } from "../../plan/plan.js";
import type { Bound } from "../connection.js";
import { quoted } from "./literals.js";

/** The parts of a result column's description that are used here. */
export interface ResultColumn {
  readonly columnName: string;
  readonly typeDesc: {
    readonly types: readonly {
      readonly primitiveEntry?: {
        readonly type: number;
        readonly typeQualifiers?: {
          readonly qualifiers: Readonly<Record<string, { readonly i32Value?: number }>>;
        };
      };
    }[];
  };
}

/** Thrift's type numbers and the types' names in SQL. */
const typeNames: readonly string[] = [
  "BOOLEAN",
  "TINYINT",
  "SMALLINT",
  "INT",
  "BIGINT",
  "FLOAT",
  "DOUBLE",
  "STRING",
  "TIMESTAMP",
  "BINARY",
  "ARRAY<STRING>",
  "MAP",
  "STRUCT",
  "STRING",
  "STRING",
  "DECIMAL",
  "VOID",
  "DATE",
  "STRING",
  "STRING",
  "INTERVAL YEAR TO MONTH",
  "INTERVAL DAY TO SECOND",
];

const primitive = ({ typeDesc }: ResultColumn) => typeDesc.types[0]?.primitiveEntry;

const baseType = (column: ResultColumn): string => typeNames[primitive(column)?.type ?? 7] ?? "STRING";

function columnType(column: ResultColumn): string {
  const type = baseType(column);
  const { precision, scale } = primitive(column)?.typeQualifiers?.qualifiers ?? {};
  return type === "DECIMAL" && precision ? `DECIMAL(${precision.i32Value},${scale?.i32Value ?? 0})` : type;
}

export const describeColumns = (columns: readonly ResultColumn[]): Result["columns"] =>
  columns.map((column) => ({ name: column.columnName, type: columnType(column) }));

/** Whether the client, without Arrow, turns values of this column into JavaScript numbers before we get them. */
export const isLossyWithoutArrow = (column: ResultColumn): boolean =>
  ["DECIMAL", "BIGINT"].includes(baseType(column));

/** A row as all engines return it: decimals, dates and instants as text, whole numbers as numbers. */
export function resultRow(
  columns: readonly ResultColumn[],
  row: Readonly<Record<string, unknown>>,
): ResultRow {
  const named: ResultRow = {};
  for (const column of columns) named[column.columnName] = value(row[column.columnName], baseType(column));
  return named;
}

function value(given: unknown, type: string): ResultValue {
  if (given === null || given === undefined) return null;
  switch (type) {
    case "BIGINT":
      return whole(given as bigint | number | string);
    case "DATE":
      return given instanceof Date ? given.toISOString().slice(0, 10) : (given as string);
    case "TIMESTAMP":
      return instant(given);
    case "DECIMAL":
      return String(given);
    case "BINARY":
      return Buffer.from(given as Buffer).toString("hex");
    default:
      return typeof given === "bigint" ? whole(given) : (given as ResultValue);
  }
}

/** A number where it is exact, otherwise text. */
function whole(given: bigint | number | string): ResultValue {
  const number = Number(given);
  return Number.isSafeInteger(number) ? number : String(given);
}

/** `2026-03-01 12:34:56.123456` of a session in UTC as `2026-03-01T12:34:56.123456Z`. */
const instant = (given: unknown): string =>
  given instanceof Date ? given.toISOString() : `${String(given).replace(" ", "T").replace(/Z$/, "")}Z`;

/** Writes a statement's parameters as `:name`: the plan's markers and `$name`, outside quoted text and comments. */
export const withMarkers = (sql: string): string =>
  sql.replace(
    /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|\bparam__(\w+)\b|\$([A-Za-z_]\w*)/g,
    (match, ours?: string, dollar?: string) => (ours || dollar ? `:${ours ?? dollar}` : match),
  );

/**
 * A statement with its `:name` parameters written as literals. Used for CREATE statements: before runtime 18, a view
 * definition may not have parameters.
 */
export const withLiterals = (sql: string, params: Readonly<Record<string, Bound>>): string =>
  sql.replace(
    /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|(?<!:):([A-Za-z_]\w*)/g,
    (match, name?: string) => (name !== undefined && name in params ? literal(params[name]!) : match),
  );

function literal(value: Bound): string {
  if (value === null) return "null";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "object") return `${value.type}${quoted(value.value)}`;
  return typeof value === "number" && !Number.isSafeInteger(value) ? `${value}D` : String(value);
}

type Client = { DBSQLParameter: typeof DBSQLParameter; thrift: typeof thrift };

/** Binds parameters with their types: text is STRING, whole numbers are BIGINT. */
export function bind(
  { DBSQLParameter: Parameter }: Pick<Client, "DBSQLParameter">,
  params: Readonly<Record<string, Bound>> | undefined,
): Record<string, DBSQLParameter> {
  const typed = (type: string, value: string | number | bigint | boolean | null) =>
    new Parameter({ type: type as never, value });
  return Object.fromEntries(
    Object.entries(params ?? {}).map(([name, value]) => {
      if (value === null) return [name, new Parameter({ value: null })];
      if (typeof value === "object") return [name, typed(value.type.toUpperCase(), value.value)];
      if (typeof value === "string") return [name, typed("STRING", value)];
      if (typeof value === "boolean") return [name, typed("BOOLEAN", value)];
      const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
      return [name, typed(isWhole ? "BIGINT" : "DOUBLE", value)];
    }),
  );
}
