import type { Place } from "../plan/plan.js";
import { suchAs } from "../verbs/row-text.js";

/** One check's outcome. */
export interface CheckResult {
  readonly table: string;
  readonly name: string;
  readonly severity: "warn" | "halt";
  readonly status: "pass" | "warn" | "fail";
  readonly figure: number | null;
  readonly threshold: number;
  readonly failedRows: number | null;
  readonly totalRows: number | null;
  /** Up to three of the rows that broke the rule, where the check says what names a row. */
  readonly sample: string | null;
  /** The figure with its unit, these rows, and the limit, as `checkMessage` has the engine write them. */
  readonly message: string;
  readonly place: Place | undefined;
}

/** A check's outcome as one sentence with its place and its figures. */
export const describeCheck = ({ place, name, table, message }: CheckResult): string =>
  `${whereItIs(place)}check "${name}" of ${table}: ${message}`;

/** The same sentence as SQL, over a row of ops.check_results. */
export const describedCheck = `concat(notebook, ' cell ', cell, ':', line, ': check "', check_name, '" of ', table_name, ': ', message)`;

/** A check's message without rows, for pages that the public reads: a key may be a customer's. */
export const publicMessage = ({ message, sample }: Pick<CheckResult, "message" | "sample">): string =>
  sample === null ? message : message.replace(`${suchAs}${sample}`, "");

export const statusWord = { pass: "passed", warn: "warning", fail: "failed" } as const;
export const statusSign = { pass: "✓", warn: "!", fail: "✗" } as const;

/** A whole number with thousands separators: `1,234`. */
export const count = (value: number) => value.toLocaleString("en-US");

/** `1 row`, `2 rows`, `no rows`. */
export const counted = (value: number, noun: string, nouns = `${noun}s`) =>
  `${value === 0 ? "no" : count(value)} ${value === 1 ? noun : nouns}`;

/** The beginning of a message about a place in a notebook: `notebooks/silver/x.ipynb cell 4:2: `. */
export const whereItIs = (place: Place | undefined) =>
  place ? `${place.path} cell ${place.cell}:${place.line}: ` : "";
