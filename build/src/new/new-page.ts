import type { Table } from "shopmetrics/plan";
import { InputError } from "shopmetrics/settings";
import { code, frontMatter, inWords, notebookFile, prose, type Draft } from "./draft.js";

/**
 * A page of the dashboard with a choice, a figure and a chart of a table's days, which works as it is.
 *
 * @param table has a date and a figure
 * @throws InputError naming what the table lacks
 */
export function newPage(name: string, table: Table): Draft {
  const path = `notebooks/dashboard/${name}.ipynb`;
  const [schema] = table.name.split(".");
  if (schema !== "gold" && schema !== "silver")
    throw new InputError(`${table.name}: a page shows a table of gold or silver.`);
  return {
    files: [notebookFile(path, cells(name, table, shownOf(table)))],
    next: [`npx shopmetrics run --only dashboard.${name}`, "npx shopmetrics site", "npx shopmetrics serve"],
  };
}

interface Shown {
  readonly date: string;
  readonly figure: string;
  readonly isMoney: boolean;
}

function shownOf({ name, columns, options }: Table): Shown {
  const date = columns.find(({ type }) => type === "DATE");
  const isKey = (column: string) => (options.key ?? []).includes(column);
  const figure = columns.find(({ name: own, type }) => /^(BIGINT|INT|DECIMAL)/.test(type) && !isKey(own));
  const lacks = [...(date ? [] : ["a date"]), ...(figure ? [] : ["a figure"])];
  if (!date || !figure)
    throw new InputError(
      `${name} has no column with ${lacks.join(" and none with ")}: choose another table by --table.`,
    );
  return { date: date.name, figure: figure.name, isMoney: figure.type === "DECIMAL(18,2)" };
}

const cells = (name: string, { name: table }: Table, { date, figure, isMoney }: Shown) => {
  const [schema] = table.split(".");
  const [format, label] = [isMoney ? "money" : "integer", inWords(figure)];
  return [
    frontMatter({ title: inWords(name), runtime: "page", position: "9" }),
    prose(`# ${inWords(name)}: which question does this page answer?

Say in two sentences what the figures count and what they leave out, in the words of the people who read them.`),
    code(`import { ${schema}, sql } from "shopmetrics";
import { cards, chart, color, computed, display, Inputs, Plot, query, short, sum, view, written } from "shopmetrics/page";`),
    code(`const days = await query("days", { date: "date", figure: "${isMoney ? "decimal" : "integer"}" }, sql\`
  select ${date} as date, sum(${figure}) as figure
  from \${${table}}
  group by ${date}
  order by date\`);`),
    code(`const [month, year, always] = ["30 days", "365 days", "All days"];
const period = view(Inputs.radio(() => [month, year, always], { key: "period", label: "Newest", value: year }));
const chosen = computed(() => {
  const last = days.rows.at(-1)?.date.getTime() ?? 0;
  const from = period.value === always ? -Infinity : last - parseInt(period.value) * 86_400_000;
  return days.rows.filter((row) => row.date.getTime() > from);
});`),
    code(`display(() => cards([
  {
    label: "${label}", format: "${format}", note: \`newest \${period.value.toLowerCase()}\`,
    value: sum(chosen.value, (row) => row.figure),
  },
]));`),
    code(`display(() => {
  const rows = chosen.value;
  return chart({
    title: "How does it change from day to day?",
    note: "${label} per day (UTC).",
    height: { wide: 300, narrow: 240 },
    empty: "No days yet.",
    table: { rows, columns: { date: { label: "Day", format: "date" }, figure: { label: "${label}", format: "${format}", bar: true } } },
  }, ({ narrow }) => ({
    marginLeft: 60,
    x: { type: "utc", label: null, ticks: narrow ? 4 : 8, tickFormat: (time) => short.day(time) },
    y: { label: "${label}", grid: true, ticks: 4, tickFormat: short.${isMoney ? "money" : "number"}, zero: true },
    marks: [
      Plot.rectY(rows, { x: "date", interval: "day", y: "figure", fill: color.accent, insetLeft: 0.5, insetRight: 0.5,
        title: (row) => \`\${written(row.date, "date")}: \${written(row.figure, "${format}")}\`, tip: { pointer: "x" } }),
      Plot.ruleY([0], { stroke: color.line }),
    ],
  }));
});`),
  ];
};
