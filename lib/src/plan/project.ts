import type { Messages } from "../contracts/messages.js";
import type { Tables } from "../contracts/table.js";
import type { Settings } from "../settings.js";

/** What a project declares in addition to its notebooks. The framework is given it and never imports it. */
export interface Project {
  readonly tables: Tables;
  /** The jobs of the bundle by their keys; a notebook's front matter names those that run it. */
  readonly jobs: Readonly<Record<string, JobDeclaration>>;
  /** Jobs whose notebooks stay off Databricks, each with the reason. */
  readonly localOnlyJobs: Readonly<Record<string, string>>;
  /** How many tasks of a job may run at once. */
  readonly mostTasksAtOnce: number;
  /** Databricks' own dashboards (AI/BI). */
  readonly lakeview: readonly LakeviewDashboard[];
  /** Topics whose messages have a contract, by their names. */
  readonly topics: Readonly<Record<string, Messages>>;
  /** The topics that live mode follows beside the clickstream's, by the settings in force. */
  followed(settings: Settings): readonly FollowedTopic[];
}

/** A topic that live mode follows. */
interface FollowedTopic {
  readonly topic: string;
  /** Where its messages land below the landing folder, and where their reading began. */
  readonly folders: { readonly messages: string; readonly starts: string };
  /** The step that reads it; those that it feeds run after it. */
  readonly step: string;
}

/** A job of the bundle. Its tasks come from the graph of the notebooks that name it. */
export interface JobDeclaration {
  readonly description: string;
  /** Quartz cron expression, in UTC. Without one the job is started by hand or by another. */
  readonly schedule?: string;
  /** Minutes after which a run that still goes on is warned of by mail. */
  readonly warnAfter?: number;
  /** Minutes after which a run is ended; 120 by default. */
  readonly timeout?: number;
  /** Whether the schedule waits until somebody switches it on. */
  readonly paused?: boolean;
  /** Whether its first task makes schemas and tables that are not there yet. Default true. */
  readonly prepares?: boolean;
  /**
   * Whether its steps end before they begin where nothing is new to them: after those that bring data in, one statement asks,
   * and a condition leaves the others out. Default false.
   */
  readonly asksForNews?: boolean;
  /** Another job that owns the steps that both have: this one starts it and waits, so that no step runs twice at a time. */
  readonly asks?: string;
  /** Whether it records what the pipeline is made of, in `ops.steps`; one job does. */
  readonly recordsSteps?: boolean;
  /** Steps that it runs in addition to those of the notebooks that name it. */
  readonly also?: readonly string[];
  /** It has no step of its own: it runs this job with the business dates that it is given, which gold tables then compute anew. */
  readonly backfills?: string;
  /** Its step forgets the persons that it is given: before this job computes all tables anew, and after it, when it proves that. */
  readonly forgets?: string;
}

/** A dashboard in the workspace, made from one query of a page. */
export interface LakeviewDashboard {
  /** Its file in `bundle/dashboards/`, without `.lvdash.json`. */
  readonly name: string;
  /** The page, as a step. */
  readonly page: string;
  /** The page's queries that it shows. */
  readonly datasets: readonly LakeviewDataset[];
  readonly pages: readonly {
    readonly name: string;
    readonly displayName: string;
    readonly widgets: readonly LakeviewWidget[];
  }[];
}

export interface LakeviewDataset {
  readonly name: string;
  readonly displayName: string;
  /** The name of the page's query. */
  readonly query: string;
  /** A condition on the rows of the query, in Databricks SQL. */
  readonly where?: string;
}

/** A figure or a chart, on a grid of six columns. */
export interface LakeviewWidget {
  readonly kind: "counter" | "line" | "bar";
  readonly title: string;
  readonly dataset: string;
  readonly at: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** What it shows by channel: `value` of a counter; `x`, `y` and `color` of a chart. */
  readonly channels: Readonly<Record<string, LakeviewField>>;
}

export interface LakeviewField {
  readonly name: string;
  readonly expression: string;
  /** Default "quantitative". */
  readonly scale?: "temporal" | "categorical";
}
