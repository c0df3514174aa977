import { count, counted } from "../run/check-result.js";
import type { UnitTest } from "../plan/unit-test.js";
import type { Outcome, Shown } from "./outcome.js";

/** What a writing verb did, in one line without its table's name; undefined for those that write nothing. */
export function actionText({ kind, figures, holds, failed }: Outcome): string | undefined {
  if (failed || ["show", "rows", "check", "stage"].includes(kind)) return undefined;
  if (kind === "maintain") return "nothing to tidy on the embedded engine";
  if (kind === "reject")
    return figures.rejected ? `${counted(figures.rejected, "row")} refused` : "nothing refused";
  const now = holds === undefined ? "" : `; the table holds ${counted(holds, "row")}`;
  if (kind === "load") {
    const rescued = figures.files.reduce((sum, file) => sum + file.rescued, 0);
    const torn = rescued ? `, ${count(rescued)} of them kept whole in _rescued_data` : "";
    if (figures.files.length === 0) return `no new files${now}`;
    return `${counted(figures.out, "row")} loaded from ${counted(figures.files.length, "new file")}${torn}${now}`;
  }
  if (figures.out + figures.deleted === 0) return `nothing to change${now}`;
  const replaced = figures.deleted ? `, ${count(figures.deleted)} replaced or removed` : "";
  return `${counted(figures.out, "row")} written${replaced}${now}`;
}

/** What a unit test that passed has shown, without its table's name. */
export function passedText({ arrivals, expected }: UnitTest): string {
  const given = arrivals.map((arrival) =>
    arrival.given.map(({ table, rows }) => `${counted(rows.length, "row")} of ${table}`).join(", "),
  );
  return `${counted(expected.rows.length, "row")} as expected, from ${given.join(", and then ")}`;
}

/** How many rows are shown, of how many. */
export function extent({ result, offset = 0, total }: Shown): string {
  const shown = result.rows.length;
  if (offset > 0) {
    const last = offset + shown;
    const range =
      [`none after ${count(offset)}`, `row ${count(last)}`][shown] ??
      `rows ${count(offset + 1)} to ${count(last)}`;
    return total === undefined ? range : `${range} of ${counted(total, "row")}`;
  }
  if (total === shown) return counted(shown, "row");
  return total === undefined
    ? `the first ${counted(shown, "row")}`
    : `${count(shown)} of ${counted(total, "row")}`;
}
