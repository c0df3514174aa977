import type { Place } from "../plan/plan.js";

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
  /** Up to three of the rows that broke the rule, where they are known. */
  readonly sample?: string | null;
  readonly place: Place | undefined;
}

/** A check's figure or threshold as people read it. */
const checkFigure = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 4 });

/** A check's outcome as one sentence with its figures. */
export function describeCheck(result: CheckResult): string {
  const { figure, threshold, failedRows, totalRows } = result;
  const isRate =
    figure !== null && failedRows !== null && totalRows !== null && figure === failedRows / totalRows;
  const isCount = figure !== null && figure === failedRows;
  const measured =
    figure === null
      ? "nothing measured"
      : isCount
        ? `${checkFigure(figure)}${totalRows === null ? "" : ` of ${checkFigure(totalRows)}`} rows`
        : isRate
          ? `${checkFigure(figure * 100)} % (${checkFigure(failedRows)} of ${checkFigure(totalRows)} rows)`
          : checkFigure(figure);
  const limit = isRate && !isCount ? `${checkFigure(threshold * 100)} %` : checkFigure(threshold);
  const sample = result.sample ? `, such as ${result.sample}` : "";
  return `${whereItIs(result.place)}check "${result.name}" of ${result.table}: ${measured}${sample}; at most ${limit}`;
}

/** A check's figure, what is allowed, and the rows that broke the rule. */
export function measures({ figure, threshold, failedRows, totalRows }: CheckResult) {
  const total = totalRows === null ? "" : `of ${counted(totalRows, "row")}`;
  return {
    figure: figure === null ? "nothing to measure" : checkFigure(figure),
    allowed: checkFigure(threshold),
    rows: failedRows === null ? total : total ? `${count(failedRows)} ${total}` : counted(failedRows, "row"),
  };
}

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
