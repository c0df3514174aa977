import { backfillItem, flat, type Plan } from "shopmetrics/plan";

/** The task parameters that name the first and the last business date of a backfill; both are empty in any other run. */
export const dateParameters = ["from_date", "to_date"] as const;

/** Such a parameter as a DATE, null where it is empty. */
export const dateGiven = (name: (typeof dateParameters)[number]) => `cast(nullif({{${name}}}, '') as date)`;

const datesAreGiven = `concat('from_date is "', {{from_date}}, '" and to_date is "', {{to_date}}, '": give two dates such as 2026-03-01, ',
    'the second not before the first`;

/** Says what is wrong with the dates. @param outcome what follows from it, a sentence */
export const datesError = (outcome: string) => `raise_error(${datesAreGiven}. ${outcome}'))`;

/** Where one date is given alone, a run would compute no business date and say nothing. */
const datesAreWhole = "({{from_date}} = '') = ({{to_date}} = '') and {{from_date}} <= {{to_date}}";

/** Not within the select: of what fails while Spark computes a subquery, the message is lost. */
const onlyWithWholeDates = (select: string) => `if(${datesAreWhole}, ${select},
  ${datesError("Or give none. The step has changed nothing.")})`;

/** The variable that each file declares: what the task was given, how far the step has read and what it writes. */
export const at = (name: string) => `this.${name}`;

/** Whether a step deletes what is older than the task parameter `keep_days` says. */
export const deletesOutdated = (plan: Plan) => plan.params.some(({ name }) => name === "keep_from");

const keptFrom = "current_timestamp() - make_dt_interval(cast({{keep_days}} as int))";

/** Whether the step loads files. */
export const isLoad = (plan: Plan) => plan.items.some(({ load }) => load);

/** A condition: there is something new for the step to read. Undefined for a step that reads everything each time. */
export const hasNews = (plan: Plan): string | undefined =>
  plan.changes.length > 0
    ? [
        at("full"),
        ...(backfillItem(plan) ? [`${at("from_date")} is not null`] : []),
        ...plan.changes.map((name) => `${at(`lo_${flat(name)}`)} < ${at(`hi_${flat(name)}`)}`),
      ].join(" or ")
    : undefined;

/** Declares and fills the variable. The watermarks are read once, however many tables the step has. */
export function sqlVariables(plan: Plan): string {
  const published = (name: string) => `coalesce(max(batch) filter (where table_name = '${name}'), 0)`;
  const read = (name: string) => `if(cast({{full}} as boolean), 0,
    coalesce(max(batch) filter (where table_name = '${name}' and step = '${plan.step}'), 0))`;
  const loaded = plan.items.flatMap(({ load }) => load?.table ?? []);
  const takesDates = backfillItem(plan) !== undefined;
  const fields: (readonly [name: string, type: string, value: string])[] = [
    ["run_id", "string", "{{run_id}}"],
    ["run_date", "date", "cast({{date}} as date)"],
    ["now", "timestamp", "current_timestamp()"],
    ["full", "boolean", "cast({{full}} as boolean)"],
    ...(deletesOutdated(plan) ? [["keep_from", "timestamp", keptFrom] as const] : []),
    ...(takesDates ? dateParameters.map((name) => [name, "date", dateGiven(name)] as const) : []),
    ...plan.changes.flatMap((name) => [
      [`lo_${flat(name)}`, "bigint", read(name)] as const,
      [`hi_${flat(name)}`, "bigint", published(name)] as const,
    ]),
    ...plan.writes.map((name) => [`batch_${flat(name)}`, "bigint", `${published(name)} + 1`] as const),
    ...loaded.map(
      (name) =>
        [
          `last_load_${flat(name)}`,
          "bigint",
          `(select coalesce(max(load_number), count(*)) from ops.loaded_files where table_name = '${name}')`,
        ] as const,
    ),
  ];
  const tables = [...new Set([...plan.changes, ...plan.writes])].map((name) => `'${name}'`);
  const watermarks = tables.length
    ? `\n  from ops.watermarks where table_name in (${tables.join(", ")})`
    : "";
  const select = `(select named_struct(
  ${fields.map(([name, , value]) => `'${name}', ${value}`).join(",\n  ")})${watermarks})`;
  return `-- what this run is, which batches it reads and which it writes
declare or replace variable this struct<${fields.map(([name, type]) => `${name} ${type}`).join(", ")}>;
set variable this = ${takesDates ? onlyWithWholeDates(select) : select};`;
}
