import { createHash } from "node:crypto";
import type { Plan } from "shopmetrics/internal/plan";
import { InputError } from "shopmetrics/internal/errors";

/** Where the build writes it, relative to the root; `bundle/resources/dashboards.yml` deploys it. */
export const dashboardFile = "bundle/dashboards/daily_sales.lvdash.json";

/**
 * Databricks' own dashboard of daily sales (AI/BI), for those who are in the workspace anyhow: the sales page's query, with
 * the figures and charts that matter most.
 *
 * @throws InputError when the sales page has lost the query
 */
export function salesDashboard(plans: readonly Plan[]): string {
  const page = plans.find(({ step }) => step === "dashboard.sales");
  const item = page?.items.find(({ snapshot }) => snapshot?.name === "daily_sales");
  const select = item?.scripts.databricks[0]?.sql;
  if (select === undefined)
    throw new InputError('notebooks/dashboard/sales.ipynb has no query "daily_sales".');
  const last90 = `select * from (\n${select}\n) as daily\nwhere date > (select date_sub(max(date), 90) from gold.daily_sales_summary)`;
  const dashboard = {
    datasets: [
      { name: "daily_sales", displayName: "Daily sales", queryLines: lines(select) },
      { name: "last_90_days", displayName: "The last 90 days", queryLines: lines(last90) },
    ],
    pages: [{ name: "sales", displayName: "Sales", layout: widgets }],
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

const lines = (text: string) => text.split(/(?<=\n)/);

interface Field {
  readonly name: string;
  readonly expression: string;
}

const revenue: Field = { name: "sum(revenue)", expression: "SUM(`revenue`)" };
const orders: Field = { name: "sum(orders)", expression: "SUM(`orders`)" };
const average: Field = { name: "average", expression: "SUM(`revenue`) / SUM(`orders`)" };
const day: Field = { name: "date", expression: "`date`" };
const month: Field = { name: "monthly(date)", expression: 'DATE_TRUNC("MONTH", `date`)' };
const category: Field = { name: "category", expression: "`category`" };

const scale = {
  [day.name]: "temporal",
  [month.name]: "temporal",
  [category.name]: "categorical",
} as Readonly<Record<string, string>>;

/** A grid of six columns. */
const widgets = [
  place(0, 0, 2, 3, counter("Revenue, last 90 days", revenue)),
  place(2, 0, 2, 3, counter("Orders, last 90 days", orders)),
  place(4, 0, 2, 3, counter("Average order value, last 90 days", average)),
  place(0, 3, 6, 6, plot("line", "How much do we sell per day?", "last_90_days", { x: day, y: revenue })),
  place(0, 9, 3, 6, plot("bar", "What do we sell?", "last_90_days", { x: revenue, y: category })),
  place(
    3,
    9,
    3,
    6,
    plot("line", "Which categories grow?", "daily_sales", { x: month, y: revenue, color: category }),
  ),
];

function place(x: number, y: number, width: number, height: number, widget: object) {
  return { widget, position: { x, y, width, height } };
}

function counter(title: string, value: Field) {
  const encodings = { value: { fieldName: value.name, displayName: title } };
  return widget(title, "last_90_days", [value], { version: 2, widgetType: "counter", encodings });
}

function plot(
  widgetType: "line" | "bar",
  title: string,
  dataset: string,
  channels: { readonly x: Field; readonly y: Field; readonly color?: Field },
) {
  const encodings = Object.fromEntries(
    Object.entries(channels).map(([channel, { name }]) => [
      channel,
      { fieldName: name, displayName: name, scale: { type: scale[name] ?? "quantitative" } },
    ]),
  );
  return widget(title, dataset, Object.values(channels), { version: 3, widgetType, encodings });
}

function widget(title: string, datasetName: string, fields: readonly Field[], spec: object) {
  return {
    name: createHash("sha256").update(title).digest("hex").slice(0, 8),
    queries: [{ name: "main_query", query: { datasetName, fields, disaggregated: false } }],
    spec: { ...spec, frame: { showTitle: true, title } },
  };
}
