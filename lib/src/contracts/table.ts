import * as z from "zod";
import { columnMeta, type Range } from "./columns.js";

/** `csv`: exports with a header. `envelopes`: an NDJSON line for each message of a Kafka topic. */
export type FileFormat = "csv" | "envelopes";

/** A folder of the landing folder from which a step loads. */
export interface LandingFolder {
  readonly format: FileFormat;
  /** Whether a step puts the files there itself, so that no hint names the folder. */
  readonly landsItself?: boolean;
}

type Layer = "bronze" | "silver" | "gold" | "ops";

/** One column of a contract, read from its zod field. */
export interface Column {
  readonly name: string;
  /** SQL type in Databricks' dialect. */
  readonly type: string;
  readonly comment: string;
  readonly nullable: boolean;
  readonly accepts?: readonly string[];
  /** What is plausible. */
  readonly range?: Range;
}

/** What must hold between the columns of a row. */
interface Relation {
  /** A sentence that names it, as a check does. */
  readonly name: string;
  /** A condition over the columns, in Databricks' dialect. A row for which it is null holds. */
  readonly holds: string;
}

type ColumnName<Shape> = Extract<keyof Shape, string>;

interface TableOptions<Shape, Order extends string = string> {
  /** The columns that name a row. `merge` keeps one row per key; the contract's check proves there is one. */
  readonly key?: readonly ColumnName<Shape>[];
  /** Which of two rows with one key is the newer: compared in this order, the greater wins. */
  readonly newest?: readonly ColumnName<Shape>[];
  /** Instead of `newest`: which of two rows with one key came first. The smaller is kept, so that a copy changes nothing. */
  readonly oldest?: readonly ColumnName<Shape>[];
  /**
   * What says which of two changes of a row is the newer where no clock does, such as a position in a database's log: columns of the
   * select, which may be the table's own, compared in this order. `merge` with `order` keeps them beside the table.
   */
  readonly order?: Readonly<Record<Order, z.ZodType>>;
  /**
   * Columns whose change matters downstream. `touched(table)` gives these columns' values, as they were and as they
   * are, for the rows in which one of them changed.
   */
  readonly tracks?: readonly ColumnName<Shape>[];
  /** Columns that hold another table's key, as `schema.table.column`. A missing one is a warning. */
  readonly references?: { readonly [C in ColumnName<Shape>]?: string };
  /** Columns of `references` in which nothing may stand: a null there is no warning. */
  readonly optionalReferences?: readonly ColumnName<Shape>[];
  /**
   * For a column that joined the contract later: the column whose value it takes over in the rows that are there already, or
   * whether that column has one. Any other new column is null in them until a run with `--full`, which a key cannot be. Not for
   * a table of envelopes, whose fields are those of its messages.
   */
  readonly formerly?: {
    readonly [C in ColumnName<Shape>]?: ColumnName<Shape> | `${ColumnName<Shape>} is not null`;
  };
  /** What must hold between a row's columns. A row that breaks one is kept, and a check warns of it. */
  readonly relations?: readonly Relation[];
  /** Liquid clustering on engines that have it. */
  readonly clusterBy?: readonly ColumnName<Shape>[];
  /** On an engine with files: a partition for each value, which several steps can write at the same time. */
  readonly partitionBy?: readonly ColumnName<Shape>[];
  /** Columns that say when a row was written: left out when rows are compared. */
  readonly auditColumns?: readonly ColumnName<Shape>[];
  /** What the files are that `load` appends to it. Default `csv`. */
  readonly files?: FileFormat;
  /** The table of exports in whose place changes of a database can come: rows of it that a unit test gives come as changes then. */
  readonly standsFor?: Table;
  /** Whether a step lands these files itself. Nobody else puts one there, so no hint names the folder. */
  readonly landsItself?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  /** Columns by which a person can be known: tagged so in the catalog, and emptied when the row's person is forgotten. */
  readonly personal?: readonly ColumnName<Shape>[];
  /** The column that names whose row it is, such as a customer's number: a pseudonym stands there once the person is forgotten. */
  readonly person?: ColumnName<Shape>;
  /** Where no column names the person: one that holds another table's key, as `schema.table.column`; the row is of whom that one is. */
  readonly personBy?: { readonly column: ColumnName<Shape>; readonly is: string };
}

/**
 * A table's contract: the one place that says what its columns are. From it come the row type, the DDL with its
 * comments, the contract's checks, the data dictionary and the catalog's tags.
 */
export interface Table<Shape extends z.ZodRawShape = z.ZodRawShape, Order extends string = string> {
  readonly kind: "table";
  /** `layer.table`, without the catalog. */
  readonly name: string;
  readonly layer: Layer;
  readonly comment: string;
  /** Validates a row: `silver.orders_clean.row.parse({...})`. */
  readonly row: z.ZodObject<Shape>;
  readonly columns: readonly Column[];
  /** What orders the changes of a row, in addition to the columns; mostly nothing. */
  readonly order: readonly (Column & { readonly name: Order })[];
  readonly options: TableOptions<z.ZodRawShape>;
}

/** The TypeScript type of a table's rows: `Row<typeof silver.orders_clean>`. */
export type Row<T extends { row: z.ZodType }> = z.output<T["row"]>;

/** The names of a table's columns, so that a misspelt one does not compile. */
export type ColumnOf<T extends { row: z.ZodType }> = Extract<keyof z.output<T["row"]>, string>;

/** The names of the columns that order the changes of a table's rows. */
export type OrderOf<T extends { order: readonly { readonly name: string }[] }> = T["order"][number]["name"];

export const commonTags = { owner: "data-eng", domain: "ecommerce" } as const;

/** Reads a contract's columns from its zod object. Throws when a field was not made by a column function. */
function columnsOf(name: string, shape: Readonly<Record<string, unknown>>): Column[] {
  return Object.entries(shape).map(([column, field]) => {
    let schema = field as z.ZodType;
    let nullable = false;
    while (schema.def.type === "nullable") {
      nullable = true;
      schema = (schema as z.ZodNullable<z.ZodType>).unwrap();
    }
    const meta = columnMeta.get(schema);
    if (!meta) throw new Error(`${name}.${column}: declare the column with text(), money(), timestamp() …`);
    return { name: column, nullable, ...meta };
  });
}

/**
 * Declares a table.
 *
 * @example
 * const products = table("silver.dim_products", "One row per product.", {
 *   product_id: text("The shop's product number."),
 *   price: money("List price.").nullable(),
 * }, { key: ["product_id"] });
 */
export function table<Shape extends z.ZodRawShape, Order extends string = never>(
  name: `${Layer}.${string}`,
  comment: string,
  shape: Shape,
  { order, ...options }: TableOptions<Shape, Order> = {},
): Table<Shape, Order> {
  if (options.files === "envelopes" && options.formerly)
    throw new Error(
      `${name}: a table of envelopes has no \`formerly\`: the fields of a message keep their names.`,
    );
  const twice = Object.keys(order ?? {}).find((column) =>
    (options.key as readonly string[] | undefined)?.includes(column),
  );
  if (twice !== undefined)
    throw new Error(
      `${name}: ${twice} is of the key, which is the same in all changes of a row; \`order\` names other columns.`,
    );
  const row = z.strictObject(shape);
  return {
    kind: "table",
    name,
    layer: name.slice(0, name.indexOf(".")) as Layer,
    comment,
    row,
    columns: columnsOf(name, row.shape),
    order: columnsOf(name, order ?? {}).map((column) => ({ ...column, name: column.name as Order })),
    options: { ...options, tags: { ...commonTags, ...options.tags } },
  };
}

/** `bronze.orders_raw` is loaded from orders/. */
export const landingFolderOf = (table: string) => table.replace(/^bronze\./, "").replace(/_raw$/, "");

/** A project's tables by their `layer.table` names, in the order of layers and names. */
export type Tables = ReadonlyMap<string, Table>;

/** The tables among what modules of contracts export. */
export const tablesOf = (...modules: readonly Readonly<Record<string, unknown>>[]): Tables =>
  new Map(
    modules
      .flatMap((exports) => Object.values(exports).filter(isTable))
      .map((declared) => [declared.name, declared]),
  );

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "table";

/** The schemas that tables stand in, in the order of the layers. */
export const schemasOf = (tables: Tables): Layer[] => [
  ...new Set([...tables.values()].map(({ layer }) => layer)),
];
