import type { Table } from "../contracts/table.js";
import type { Item } from "../plan/plan.js";
import type { Request } from "../plan/session.js";
import type { Statement } from "../sql/statement.js";

/**
 * What a verb is, for all who handle requests. They ask here, so there is no list of verbs anywhere else.
 *
 * - `load`: adds landed files to its table
 * - `keep`: makes its table hold what the select gives; what changes is worked out first, and checks can see it
 * - `reject`: adds to the quarantine, which all tables share
 * - `check`: measures and writes nothing
 * - `care`: looks after a table's files and metadata, not its rows
 * - `read`: gives rows to people or to the program
 */
export interface Verb<R extends Request> {
  readonly role: "load" | "keep" | "reject" | "check" | "care" | "read";
  /**
   * The selects of a request with who reads them, in the order in which they are read. A select that has two readers is
   * computed once, as a stage.
   */
  readonly readers: (request: R) => readonly (readonly [select: Statement, reader: object])[];
  /** The request with other selects in place of its own. */
  readonly withSelects: (request: R, replace: (select: Statement) => Statement) => R;
  /** The select that lineage is read from, and whose columns must be those of `columns`. */
  readonly select?: (request: R) => Statement;
  /** The columns that the select must give, where the verb wants certain ones. */
  readonly columns?: (request: R) => readonly string[] | undefined;
  /** Types in Databricks' dialect that columns of its select must have. */
  readonly types?: (request: R) => Readonly<Record<string, string>>;
  /** Tables that are read in addition to those that the selects name. */
  readonly alsoReads?: (request: R) => readonly string[];
  /** What people call it, where that is not its table's name. */
  readonly title?: (request: R) => string;
  /** What the plan's item holds of it in addition. */
  readonly item?: (request: R) => Partial<Item>;
  /** Whether its rows are only looked at: a stage is not made for them, and a step without news has none. */
  readonly isShown?: true;
  /** Whether rows read may be merged into fewer, which a run then counts. */
  readonly merges?: true;
}

/** A request about a table. */
export interface TableRequest<Kind extends string> extends Request {
  readonly kind: Kind;
  readonly table: Table;
}
