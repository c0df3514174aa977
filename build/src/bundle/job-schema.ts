/** A job as a bundle's resource file says it. Only the keys that ours use; Databricks' names, so in snake case. */
export interface Job {
  readonly name: string;
  readonly description: string;
  readonly schedule?: {
    readonly quartz_cron_expression: string;
    readonly timezone_id: string;
    readonly pause_status?: "PAUSED";
  };
  readonly max_concurrent_runs: number;
  readonly queue: { readonly enabled: boolean };
  readonly timeout_seconds: number;
  readonly email_notifications: {
    readonly on_failure: readonly string[];
    readonly on_duration_warning_threshold_exceeded?: readonly string[];
  };
  readonly notification_settings: Readonly<Record<string, boolean>>;
  readonly health?: {
    readonly rules: readonly { readonly metric: string; readonly op: string; readonly value: number }[];
  };
  readonly tags: Readonly<Record<string, string>>;
  readonly parameters: readonly { readonly name: string; readonly default: string }[];
  readonly environments?: readonly Environment[];
  readonly tasks: readonly Task[];
}

export interface Environment {
  readonly environment_key: string;
  readonly spec: { readonly environment_version: string; readonly dependencies: readonly string[] };
}

export interface Task {
  readonly task_key: string;
  /** A dependency on a condition says which outcome it wants. */
  readonly depends_on?: readonly { readonly task_key: string; readonly outcome?: "true" }[];
  /** Without it, a task runs only if all it depends on have succeeded. */
  readonly run_if?: "ALL_DONE";
  readonly max_retries?: number;
  readonly min_retry_interval_millis?: number;
  readonly environment_key?: string;
  readonly disable_auto_optimization?: boolean;
  readonly sql_task?: {
    readonly warehouse_id: string;
    readonly file: { readonly path: string };
    readonly parameters?: Readonly<Record<string, string>>;
  };
  readonly spark_python_task?: { readonly python_file: string; readonly parameters: readonly string[] };
  readonly run_job_task?: {
    readonly job_id: string;
    readonly job_parameters: Readonly<Record<string, string>>;
  };
  readonly condition_task?: {
    readonly left: string;
    readonly op: "EQUAL_TO" | "NOT_EQUAL";
    readonly right: string;
  };
}
