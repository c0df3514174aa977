import { createHash } from "node:crypto";
import type { Plan, Tables } from "shopmetrics/plan";
import type { TableLineage } from "../../compile/lineage/columns.js";
import { nothingNew, type RunReport, type StepReport } from "../run-report.js";
import { assertionsOf, datasetOf, type Dataset, type Naming } from "./datasets.js";
import { eventSchema, facet, producer, type Facet } from "./facet.js";

type EventType = "START" | "COMPLETE" | "FAIL" | "ABORT";

/** An event of OpenLineage: a run, or a step in it, has begun or ended. */
export interface RunEvent {
  readonly eventType: EventType;
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Readonly<Record<string, Facet>> };
  readonly job: {
    readonly namespace: string;
    readonly name: string;
    readonly facets: Readonly<Record<string, Facet>>;
  };
  readonly inputs: readonly (Dataset & { readonly inputFacets?: Readonly<Record<string, Facet>> })[];
  readonly outputs: readonly (Dataset & { readonly outputFacets?: Readonly<Record<string, Facet>> })[];
}

/** What all events of a run share. */
export interface RunOfEvents {
  readonly runId: string;
  readonly job: string;
  readonly engine: { readonly name: string; readonly version: string };
  readonly naming: Naming;
  /** Whether a topic or a service is asked: without its setting a run reads landed files only. */
  readonly asks: (source: string) => boolean;
  readonly tables: Tables;
  readonly lineage: readonly TableLineage[];
}

const namespace = "shopmetrics";

/** A run has begun, or has ended as its report says. */
export function runEvent(run: RunOfEvents, report?: Pick<RunReport, "status" | "steps">): RunEvent {
  const message = report?.steps.find(({ status }) => status === "failed")?.message;
  return {
    ...head(!report ? "START" : report.status === "failed" ? "FAIL" : "COMPLETE"),
    run: { runId: uuid(run.runId), facets: { ...engineOf(run), ...errorOf(message) } },
    job: { namespace, name: run.job, facets: { jobType: jobType("JOB") } },
    inputs: [],
    outputs: [],
  };
}

/** A step has begun, or has ended as its report says: what it read and wrote, and what its checks found. */
export function stepEvent(run: RunOfEvents, plan: Plan, report?: StepReport): RunEvent {
  const sources = plan.sources.filter((source) => source.startsWith("landing/") || run.asks(source));
  // A table's description does not change during a step, nor by one that had nothing to do: it is sent once.
  const described = (table: string, made?: TableLineage) =>
    report && report.status !== "skipped"
      ? datasetOf(table, run.naming, run.tables.get(table), made)
      : { ...run.naming(table), facets: {} };
  const checks = (table: string) => report?.checks.filter((check) => check.table === table) ?? [];
  const [written] = plan.writes;
  return {
    ...head(report ? endOf(report) : "START"),
    run: {
      runId: uuid(`${run.runId}/${plan.step}`),
      facets: {
        parent: facet("ParentRunFacet", {
          run: { runId: uuid(run.runId) },
          job: { namespace, name: run.job },
        }),
        ...engineOf(run),
        ...errorOf(report?.message === nothingNew ? undefined : report?.message),
      },
    },
    job: {
      namespace,
      name: `${run.job}.${plan.step}`,
      facets: {
        jobType: jobType("TASK"),
        documentation: facet("DocumentationJobFacet", { description: plan.title }),
      },
    },
    inputs: [...sources, ...plan.reads].map((table) => {
      const found = checks(table);
      return {
        ...described(table),
        ...(found.length > 0 && { inputFacets: { dataQualityAssertions: assertionsOf(found) } }),
      };
    }),
    outputs: plan.writes.map((table) => {
      const made = run.lineage.find((entry) => entry.table === table);
      const { facets, ...dataset } = described(table, made);
      const found = checks(table);
      return {
        ...dataset,
        facets: { ...facets, ...(found.length > 0 && { dataQualityAssertions: assertionsOf(found) }) },
        ...(report?.status === "succeeded" &&
          table === written && {
            outputFacets: {
              outputStatistics: facet("OutputStatisticsOutputDatasetFacet", { rowCount: report.out }),
            },
          }),
      };
    }),
  };
}

/** A step with nothing to do is complete; one behind a failure is aborted. */
const endOf = ({ status, message }: StepReport): EventType =>
  status === "failed" ? "FAIL" : status === "skipped" && message !== nothingNew ? "ABORT" : "COMPLETE";

const head = (eventType: EventType) => ({
  eventType,
  eventTime: new Date().toISOString(),
  producer,
  schemaURL: eventSchema,
});

const engineOf = ({ engine }: RunOfEvents) => ({
  processing_engine: facet("ProcessingEngineRunFacet", engine),
});

const errorOf = (message: string | null | undefined) =>
  message ? { errorMessage: facet("ErrorMessageRunFacet", { message, programmingLanguage: "SQL" }) } : {};

const jobType = (type: string) =>
  facet("JobTypeJobFacet", { processingType: "BATCH", integration: "SHOPMETRICS", jobType: type });

/** A UUID (version 8) that is the same for the same name. */
function uuid(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}
