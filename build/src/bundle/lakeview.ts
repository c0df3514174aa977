import { createHash } from "node:crypto";
import { databricks } from "shopmetrics/engine";
import { InputError } from "shopmetrics/settings";
import type { LakeviewDashboard, LakeviewDataset, LakeviewWidget, Plan } from "shopmetrics/plan";

/** Where the build writes a dashboard, relative to the root; `bundle/resources/dashboards.yml` deploys it. */
export const dashboardFile = ({ name }: LakeviewDashboard) => `bundle/dashboards/${name}.lvdash.json`;

/**
 * One of Databricks' own dashboards (AI/BI) as the text of its file.
 *
 * @throws InputError when its page no longer has a query
 */
export function dashboardText(dashboard: LakeviewDashboard, plans: readonly Plan[]): string {
  const page = plans.find(({ step }) => step === dashboard.page);
  const made = {
    datasets: dashboard.datasets.map((dataset) => ({
      name: dataset.name,
      displayName: dataset.displayName,
      queryLines: selectOf(dataset, page, dashboard).split(/(?<=\n)/),
    })),
    pages: dashboard.pages.map(({ name, displayName, widgets }) => ({
      name,
      displayName,
      layout: widgets.map((widget) => ({ widget: widgetOf(widget), position: widget.at })),
    })),
  };
  return `${JSON.stringify(made, undefined, 2)}\n`;
}

function selectOf(
  { query, where }: LakeviewDataset,
  page: Plan | undefined,
  dashboard: LakeviewDashboard,
): string {
  const item = page?.items.find(({ snapshot }) => snapshot?.name === query);
  const select = item?.scripts[databricks.name]?.[0]?.sql;
  if (select === undefined)
    throw new InputError(`notebooks/${dashboard.page.replace(".", "/")}.ipynb has no query "${query}".`);
  return where === undefined ? select : `select * from (\n${select}\n) as ${query}\nwhere ${where}`;
}

function widgetOf({ kind, title, dataset, channels }: LakeviewWidget) {
  const encodings = Object.fromEntries(
    Object.entries(channels).map(([channel, { name, scale = "quantitative" }]) => [
      channel,
      kind === "counter"
        ? { fieldName: name, displayName: title }
        : { fieldName: name, displayName: name, scale: { type: scale } },
    ]),
  );
  const fields = Object.values(channels).map(({ name, expression }) => ({ name, expression }));
  return {
    name: createHash("sha256").update(title).digest("hex").slice(0, 8),
    queries: [{ name: "main_query", query: { datasetName: dataset, fields, disaggregated: false } }],
    spec: {
      version: kind === "counter" ? 2 : 3,
      widgetType: kind,
      encodings,
      frame: { showTitle: true, title },
    },
  };
}
