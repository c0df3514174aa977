const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
  /** What only this field may say, such as the last day of the month. */
  readonly special?: RegExp;
}

const fields: readonly Field[] = [
  { name: "seconds", from: 0, to: 59 },
  { name: "minutes", from: 0, to: 59 },
  { name: "hours", from: 0, to: 23 },
  { name: "day of month", from: 1, to: 31, special: /^(\?|L(-\d+)?|LW|([1-9]|[12]\d|3[01])W)$/ },
  { name: "month", from: 1, to: 12, names: months },
  { name: "day of week", from: 1, to: 7, names: weekdays, special: /^(\?|L|[1-7]L|[1-7]#[1-5])$/ },
  { name: "year", from: 1970, to: 2099 },
];

/**
 * What is wrong with a Quartz cron expression, which is what Databricks schedules by: six or seven fields from seconds
 * to year, and a `?` for just one of the two days. Undefined when nothing is.
 *
 * @example quartzProblem("0 0 2 * * ?") // undefined
 * @example quartzProblem("0 2 * * *") // "has 5 fields; Quartz wants 6 or 7, seconds first"
 */
export function quartzProblem(expression: string): string | undefined {
  const parts = expression.trim().split(/\s+/);
  if (parts.length < 6 || parts.length > 7)
    return `has ${parts.length} fields; Quartz wants 6 or 7, seconds first`;
  if ((parts[3] === "?") === (parts[5] === "?")) return "needs a ? for day of month or for day of week";
  for (const [index, part] of parts.entries()) {
    const field = fields[index]!;
    const bad = part.split(",").find((item) => !isItem(item.toUpperCase(), field));
    if (bad !== undefined) return `"${bad}" does not fit ${field.name}`;
  }
  return undefined;
}

function isItem(item: string, field: Field): boolean {
  if (field.special?.test(item)) return true;
  const [, range = "", step] = /^([^/]*)(?:\/(\d+))?$/.exec(item) ?? [];
  if (step !== undefined && Number(step) < 1) return false;
  if (range === "*") return true;
  const ends = range.split("-");
  return ends.length <= 2 && ends.every((end) => isValue(end, field));
}

function isValue(text: string, { from, to, names }: Field): boolean {
  if (names?.includes(text)) return true;
  return /^\d+$/.test(text) && Number(text) >= from && Number(text) <= to;
}
