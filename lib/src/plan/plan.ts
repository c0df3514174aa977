import type { Column, FileFormat } from "../contracts/table.js";
import type { Param } from "../sql/param.js";

/** Where in a notebook something stands: the code cell counted from 1, as Jupyter numbers cells after Run All. */
export interface Place {
  readonly path: string;
  readonly cell: number;
  readonly line: number;
}

export type Severity = "warn" | "halt";

/** One statement in an engine's dialect, with what is known of it. */
export interface Operation {
  readonly sql: string;
  /** Names of the parameters bound when it runs. */
  readonly params: readonly string[];
  /**
   * `prepare`: makes rows that later statements read, and changes nothing that others see; `check`: its rows are check
   * results; `write`: changes a table; `show`: its rows are for people.
   */
  readonly role: "prepare" | "check" | "write" | "show";
  /** Of a check: whether any of its rules halts the run. */
  readonly severity?: Severity;
  /** Of a check: the same, with up to three of the rows that break it. It runs in its place where a check does not pass. */
  readonly samples?: { readonly sql: string; readonly params: readonly string[] };
  /** Of rows for people: at most this many, after this many. */
  readonly limit?: number;
  readonly offset?: number;
  /** Which of the step's figures the number of rows it changed adds to; "surplus" rows of "out" were taken back. */
  readonly counts?: "out" | "deleted" | "rejected" | "surplus";
  /** Run it only if the written table is empty, or only if it is not. */
  readonly when?: "empty" | "filled";
}

/** Files to be loaded into a bronze table. */
export interface LoadFiles {
  readonly table: string;
  readonly folder: string;
  readonly format: FileFormat;
  readonly columns: readonly string[];
}

/**
 * What a column of a snapshot holds. A `?` after it allows null. Decimals have two places and become numbers in a page,
 * where they are drawn and rounded; sums that must be exact are SQL's business.
 */
export type ColumnKind = "string" | "integer" | "decimal" | "number" | "boolean" | "date" | "instant";

/** A snapshot's columns by name, in their order. */
export type Columns = Readonly<Record<string, ColumnKind | `${ColumnKind}?`>>;

/** What a page's query is exported as. */
export interface SnapshotOf {
  readonly name: string;
  readonly columns: Columns;
}

/** One thing a step does, in the order in which the notebook says it. */
export interface Item {
  /** The verb, or `stage`. */
  readonly kind: string;
  /** The table written or checked. */
  readonly table?: string;
  /** What a person calls it: a check's name, a stage's name. */
  readonly name: string;
  readonly place: Place | undefined;
  readonly load?: LoadFiles;
  readonly snapshot?: SnapshotOf;
  /** The notebook's own select in Databricks' dialect, parameters as identifiers `param__<name>`: lineage is read from it. */
  readonly select?: string;
  /** Of a history: the column that names what has one. */
  readonly by?: string;
  /** Of a history: the column that says whether a change is a deletion. */
  readonly deleted?: string;
  /** Of a table that is refreshed: its key. */
  readonly key?: readonly string[];
  /** Of rejects: the bronze table that the refused rows come from. */
  readonly raw?: string;
  /** Of a table that is kept and tracks columns: the table that logs what they were. */
  readonly before?: string;
  /** The statements of each engine, by its name. */
  readonly scripts: Readonly<Record<string, readonly Operation[]>>;
}

/** Everything a step will do, known before it runs. Static: the same notebook gives the same plan. */
export interface Plan {
  readonly step: string;
  readonly notebook: string;
  readonly title: string;
  /** The jobs that run the step; the first is its home. */
  readonly jobs: readonly string[];
  readonly runtime: "sql" | "node" | "page";
  /** Tables read, without those the step itself writes. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** What it reads that is no table: folders as `landing/orders`, Kafka topics as `kafka/clickstream-events`. */
  readonly sources: readonly string[];
  /** Upstream tables read incrementally, by changes() or touched(). */
  readonly changes: readonly string[];
  /** Of these, the ones whose new rows are the step's rows in. */
  readonly takes: readonly string[];
  /** Whether the steps that read its tables go on with what these hold when it fails. */
  readonly failsAlone?: true;
  /** Whether it reads rows that are written down with the notebooks: the step has something to do before anything arrives. */
  readonly hasSeed?: true;
  /** Where each table is first read or written. */
  readonly places: Readonly<Record<string, Place>>;
  readonly params: readonly Param[];
  readonly items: readonly Item[];
  /** sha256 of what the step means. */
  readonly fingerprint: string;
}

/** A row as engines give it: decimals, dates and instants as text, whole numbers as numbers. */
export type ResultValue = string | number | boolean | null | ResultValue[] | { [key: string]: ResultValue };
export type ResultRow = Record<string, ResultValue>;

/** A result's columns with their SQL types, and its rows. */
export interface Result {
  readonly columns: readonly Pick<Column, "name" | "type">[];
  readonly rows: readonly ResultRow[];
}
