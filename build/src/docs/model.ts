import { rejected_rows, type Plan, type Tables } from "shopmetrics/plan";
import type { DashboardPage } from "../site/dashboard.js";
import type { TableLineage } from "../compile/lineage/columns.js";
import type { PlacedTest } from "../compile/record.js";
import type { Notebook } from "../notebook/parse.js";
import type { EvidenceMap, Requirement } from "./evidence.js";
import type { WarehouseStats } from "./warehouse-stats.js";
import type { Highlight } from "./highlight.js";

/** All that pages are made from. */
export interface Docs {
  /** In the order of the pipeline. */
  readonly plans: readonly Plan[];
  /** By step. */
  readonly notebooks: ReadonlyMap<string, Notebook>;
  readonly tables: Tables;
  readonly lineage: readonly TableLineage[];
  /** The unit tests that notebooks hold. */
  readonly unitTests: readonly PlacedTest[];
  readonly warehouseStats: WarehouseStats;
  readonly highlight: Highlight;
  /** The deployed SQL file of each step that is compiled to SQL. */
  readonly compiled: ReadonlyMap<string, string>;
  /** The dashboard's pages, by step. */
  readonly dashboard: ReadonlyMap<string, DashboardPage>;
  /** By id. */
  readonly requirements: ReadonlyMap<string, Requirement>;
  readonly evidence: EvidenceMap;
  /** Markdown files that have a page, with their text. */
  readonly guides: ReadonlyMap<string, string>;
}

/** Tables that a step writes, with the quarantine if it rejects rows. */
export const writtenBy = (plan: Plan): string[] => [
  ...plan.writes,
  ...(plan.items.some(({ kind }) => kind === "reject") ? [rejected_rows.name] : []),
];

/** Steps that write a table. If there is none, the runner writes it. */
export const writersOf = (plans: readonly Plan[], table: string): string[] =>
  plans.filter((plan) => writtenBy(plan).includes(table)).map(({ step }) => step);

/** Steps that read a table. */
export const readersOf = (plans: readonly Plan[], table: string): string[] =>
  plans.filter(({ reads }) => reads.includes(table)).map(({ step }) => step);
