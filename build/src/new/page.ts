import { code, frontMatter, inWords, notebookFile, prose, type Draft } from "./draft.js";

/** A page of the dashboard with a choice, a figure and a chart, which works as it is. */
export function newPage(name: string): Draft {
  const path = `notebooks/dashboard/${name}.ipynb`;
  return {
    files: [notebookFile(path, cells(name))],
    next: [`npx shopmetrics run --only dashboard.${name}`, "npx shopmetrics site", "npx shopmetrics serve"],
  };
}

const cells = (name: string) => [
  frontMatter({ title: inWords(name), runtime: "page", position: "9" }),
  prose(`# ${inWords(name)}: which question does this page answer?

Say in two sentences what the figures count and what they leave out, in the words of the people who read them.`),
  code(`import { gold, silver, sql } from "shopmetrics";
import { cards, chart, color, computed, display, Inputs, Plot, query, short, sum, view, written } from "shopmetrics/page";`),
  code(`const days = await query("days", { date: "date", category: "string", orders: "integer", revenue: "decimal" }, sql\`
  select date, category, order_count as orders, revenue
  from \${gold.daily_sales_summary}
  where datediff((select max(date) from \${gold.daily_sales_summary}), date) < 90
  order by date, category\`);

await query("newest", { newest: "instant?" }, sql\`select max(updated_at) as newest from \${silver.orders_clean}\`);`),
  code(`const everything = "All categories";
const category = view(Inputs.select(
  () => [everything, ...[...new Set(days.rows.map((row) => row.category))].sort()],
  { key: "category", label: "Category", value: everything },
));
const chosen = computed(() => days.rows.filter((row) => category.value === everything || row.category === category.value));

display(() => cards([
  { label: "Revenue", format: "money", value: sum(chosen.value, (row) => row.revenue), note: "in the newest 90 days" },
  { label: "Orders", format: "integer", value: sum(chosen.value, (row) => row.orders), note: "in the newest 90 days" },
]));`),
  code(`display(() => {
  const rows = chosen.value;
  return chart({
    title: "How much is sold each day?",
    note: "Revenue of completed orders per day (UTC), the newest 90 days.",
    height: { wide: 300, narrow: 240 },
    empty: "No completed orders yet.",
    table: { rows, columns: {
      date: { label: "Day", format: "date" }, category: "Category", orders: { label: "Orders", format: "integer" },
      revenue: { label: "Revenue", format: "money", bar: true },
    } },
  }, ({ narrow }) => ({
    marginLeft: 56,
    x: { type: "utc", label: null, ticks: narrow ? 4 : 8, tickFormat: (time) => short.day(time) },
    y: { label: "Revenue per day", grid: true, ticks: 4, tickFormat: short.money, zero: true },
    marks: [
      Plot.rectY(rows, Plot.binX({ y: "sum" }, { x: "date", interval: "day", y: "revenue", fill: color.accent,
        title: (row) => \`\${written(row.date, "date")}: \${row.category}, \${written(row.revenue, "money")}\` })),
      Plot.ruleY([0], { stroke: color.line }),
    ],
  }));
});`),
];
