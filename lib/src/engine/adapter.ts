import type { FileFormat, Table } from "../contracts/table.js";
import type { Item } from "../plan/plan.js";
import type { Settings } from "../settings.js";
import type { SqlValue, Statement } from "../sql/statement.js";
import type { Requests, VerbName } from "../verbs/registry.js";
import type { Connection } from "./connection.js";
import type { Draft } from "./operation.js";

/** What an engine is: one object, registered in `engine/index.ts`. What it can do is said here, so that no code compares its name. */
export interface EngineAdapter {
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  readonly dialect: Dialect;
  /** Makes a select of Databricks' dialect one of its own. @throws SqlError for what it is not known to do alike */
  translate(text: string, surroundings: Surroundings): Promise<Translation>;
  /** Whether `translate` changes anything, which is then shown to people. */
  readonly translates: boolean;
  /** Writes a bound parameter as its client wants it. */
  mark(param: string): string;
  /** Opens the warehouse that the settings name. Only then its client is loaded. @throws InputError for wrong settings */
  open(settings: Settings, options: OpenOptions): Promise<Engine>;
  /**
   * Opens it for reading, and keeps nobody from writing where that is possible.
   *
   * @param options.patience milliseconds for which a warehouse held by another process is waited for
   * @returns a sentence that says why not, where there is nothing to read yet
   */
  openReadOnly(settings: Settings, options: OpenOptions & { patience?: number }): Promise<Engine | string>;
  /** Opens an empty warehouse that is gone when it is closed, where that costs next to nothing: unit tests run there. */
  openScratch?(): Promise<Engine>;
  /**
   * The settings of a notebook in Jupyter, which works on tables of the developer's own.
   *
   * @param onNote told whose tables these are
   */
  developerSettings(
    settings: Settings,
    developer: string,
    onNote: (message: string) => void,
  ): Promise<Settings>;
  /** How OpenLineage names a table of it. */
  dataset(settings: Settings, table: string): { readonly namespace: string; readonly name: string };
  /** Its version, where it is known without a connection. */
  version?(): Promise<string>;
  /** Whether a step's statements can be one transaction. Where they can't, their order must make a repeat harmless. */
  readonly hasTransactions: boolean;
  /** A step's items in the order in which an engine without transactions takes their statements. */
  ordered?(items: readonly Item[]): Item[];
  /** Whether the warehouse is one file on this machine, which commands can look into by themselves. */
  readonly isEmbedded: boolean;
}

/** What a select may read, with types in Databricks' dialect. */
export interface Surroundings {
  /** Columns of tables and stages with their types, by the relation's name. */
  readonly relations: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Types of the parameters that stand in the text as identifiers. */
  readonly params: Readonly<Record<string, string>>;
  /** Names of all tables of the project, for the words of an error. */
  readonly tables?: readonly string[];
}

/** A select in an engine's dialect, and where they are known the columns that it gives, with types in Databricks' dialect. */
export interface Translation {
  readonly sql: string;
  readonly columns?: Readonly<Record<string, string>>;
}

export interface OpenOptions {
  /** Told when the warehouse is held by another process, starts up, or meets another writer. */
  readonly onWait: (message: string) => void;
  /** Cancels what runs on a warehouse. */
  readonly signal?: AbortSignal;
}

/** A warehouse that is open. */
export interface Engine {
  /** The adapter's. */
  readonly name: string;
  /** One process at a time holds the warehouse. */
  readonly isExclusive: boolean;
  connect(): Promise<Connection>;
  close(): Promise<void>;
  /**
   * Writes the warehouse's file anew, so that nothing is left in it of what was deleted, and closes it: all or nothing. No connection
   * may be open. Where a warehouse is no file, `Dialect.purge` does it table by table.
   */
  closeCompacted?(): Promise<void>;
}

/** A stage as a table: the beginning of the statement that makes it, the select that reads it, and what takes it away. */
export interface StoredStage {
  readonly head: string;
  readonly select: string;
  readonly drop: string;
}

/** How an engine writes tables, and each verb by its part: pure functions from a request to statements. */
export interface Dialect {
  /** DDL for a table and, if it tracks columns, for the log of what they were. */
  createTable(table: Table): string[];
  /** Where a table's rows are, and which columns are stored: the table itself, or what stands behind a view of its name. */
  stored(table: Table): Table;
  /**
   * Makes of a table whose columns were all stored what `stored` says, all but the view.
   *
   * @param present the columns that it has
   */
  readonly takeApart?: (table: Table, present: ReadonlySet<string>) => string[];
  /** @param type in Databricks' dialect */
  addColumn(table: string, column: { readonly name: string; readonly type: string }): string;
  /** An array of texts made of the given expressions. */
  texts(items: readonly string[]): string;
  /** Makes a stage: the rows of a select under a name, for the rest of the step. */
  stage(name: string, select: string, statement: Statement): Draft;
  /** Whether a stage is written into the statements that read it, as a common table expression. */
  readonly inlinesStages: boolean;
  /**
   * Where a stage is kept that is too much to be written into the statements that read it; undefined if no table can have
   * its columns.
   */
  storedStage?(table: string, stage: string, columns: readonly string[]): StoredStage | undefined;
  /** A select of what a table will hold once a request of a `keep` verb has been done; where checks come before writes. */
  readonly afterImage?: (table: Table, kind: VerbName) => string;
  /** What a step's `refresh` has removed from its table: a relation that has the columns of the key. */
  gone(table: string): string;
  readonly verbs: VerbParts;
  readonly unload: Unloading;
  /** Statements after which a table's current files hold nothing that was deleted, where each table has its own. */
  readonly purge?: (table: string) => string[];
}

/** How a landed file is taken back, as if it had never landed. */
export interface Unloading {
  /** Whether a corrected file may land under the name of the one that was taken back. */
  readonly freesNames: boolean;
  /** A select of the files that can be taken back: table_name, source_file, and the batch of those that were loaded to the end. */
  files(tables: readonly Table[]): string;
  /**
   * Deletes the rows of the parameter `file` from its table first, then what else is known of it. After each of the statements
   * it is still among `files` or wholly gone, and nothing loads it again, so a repeat does the rest.
   */
  statements(table: string, format?: FileFormat): string[];
}

/** A dialect's part of each verb. */
export type VerbParts = {
  readonly [Name in VerbName]: (request: Requests[Name], writing: Writing) => Draft[];
};

/** What a verb's part is given in addition to its request. */
export interface Writing {
  /** A select of the request in the engine's dialect, parameters still as identifiers. */
  sqlOf(select: Statement): string;
  /** Binds a value of the request, and gives the parameter's identifier. */
  bind(value: SqlValue): string;
}
