import type { LakeviewDashboard, LakeviewField } from "../plan/project.js";

const revenue: LakeviewField = { name: "sum(revenue)", expression: "SUM(`revenue`)" };
const orders: LakeviewField = { name: "sum(orders)", expression: "SUM(`orders`)" };
const average: LakeviewField = { name: "average", expression: "SUM(`revenue`) / SUM(`orders`)" };
const day: LakeviewField = { name: "date", expression: "`date`", scale: "temporal" };
const month: LakeviewField = {
  name: "monthly(date)",
  expression: 'DATE_TRUNC("MONTH", `date`)',
  scale: "temporal",
};
const category: LakeviewField = { name: "category", expression: "`category`", scale: "categorical" };

/** Daily sales for people who work in the workspace: the sales page's query with the most important charts. */
const dailySales: LakeviewDashboard = {
  name: "daily_sales",
  page: "dashboard.sales",
  datasets: [
    { name: "daily_sales", displayName: "Daily sales", query: "daily_sales" },
    {
      name: "last_90_days",
      displayName: "The last 90 days",
      query: "daily_sales",
      where: "date > (select date_sub(max(date), 90) from gold.daily_sales_summary)",
    },
    {
      name: "orders_of_90_days",
      displayName: "Orders of the last 90 days",
      query: "daily_orders",
      where: "date > (select date_sub(max(date), 90) from gold.daily_sales_summary)",
    },
  ],
  pages: [
    {
      name: "sales",
      displayName: "Sales",
      widgets: [
        {
          kind: "counter",
          title: "Revenue, last 90 days",
          dataset: "last_90_days",
          at: { x: 0, y: 0, width: 2, height: 3 },
          channels: { value: revenue },
        },
        {
          kind: "counter",
          title: "Orders, last 90 days",
          dataset: "orders_of_90_days",
          at: { x: 2, y: 0, width: 2, height: 3 },
          channels: { value: orders },
        },
        {
          kind: "counter",
          title: "Average order value, last 90 days",
          dataset: "orders_of_90_days",
          at: { x: 4, y: 0, width: 2, height: 3 },
          channels: { value: average },
        },
        {
          kind: "line",
          title: "How much do we sell per day?",
          dataset: "last_90_days",
          at: { x: 0, y: 3, width: 6, height: 6 },
          channels: { x: day, y: revenue },
        },
        {
          kind: "bar",
          title: "What do we sell?",
          dataset: "last_90_days",
          at: { x: 0, y: 9, width: 3, height: 6 },
          channels: { x: revenue, y: category },
        },
        {
          kind: "line",
          title: "Which categories grow?",
          dataset: "daily_sales",
          at: { x: 3, y: 9, width: 3, height: 6 },
          channels: { x: month, y: revenue, color: category },
        },
      ],
    },
  ],
};

/** The shop's dashboards in Databricks. */
export const lakeview: readonly LakeviewDashboard[] = [dailySales];
