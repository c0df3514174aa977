import { bigint, boolean, date, double, int, oneOf, text, texts, timestamp } from "./columns.js";
import { table } from "./table.js";

const stepName = text("The step, named by the table it writes or by its notebook.");

export const steps = table(
  "ops.steps",
  "What the pipeline is made of: one row per step of the compiled graph.",
  {
    step: stepName,
    position: int("Order in the pipeline, from 1."),
    job: text("The jobs the step belongs to, with commas between them."),
    notebook: text("The notebook the step is compiled from."),
    runtime: oneOf(["sql", "node", "page"], "How it runs on Databricks."),
    reads: texts("Tables it reads."),
    writes: texts("Tables it writes."),
    watermark: texts("The last batch it has read of each upstream table, as table=batch."),
    fingerprint: text("sha256 of the step's plan: changes when the notebook's meaning changes."),
  },
  { key: ["step"] },
);

export const watermarks = table(
  "ops.watermarks",
  "How far each step has read its upstream tables, and what it has published. The greatest batch counts.",
  {
    step: stepName,
    table_name: text("The table read or written."),
    batch: bigint(
      "The last batch that the step has read, or has published and so made visible to changes().",
    ),
  },
  { key: ["step", "table_name", "batch"] },
);

export const runStatus = ["running", "succeeded", "failed"] as const;

export const runs = table(
  "ops.runs",
  "Every run of the pipeline. A job of a warehouse that is repaired adds a row: the latest counts.",
  {
    run_id: text("Names the run: its start, then a random suffix."),
    started_at: timestamp("Start of the run."),
    finished_at: timestamp("End of the run. Null while it runs, or when it was killed.").nullable(),
    status: oneOf(runStatus, "How it ended."),
    run_date: text("The as-of date given by --date, or the day of the start."),
    is_full: boolean("Whether everything was recomputed."),
    engine: text("duckdb or databricks."),
    steps_run: int("Steps that had work."),
    steps_skipped: int("Steps that had nothing new to read, or came after a failed step."),
    message: text("What went wrong, when something did.").nullable(),
    run_number: bigint(
      "Counts the runs of this warehouse: which of two runs came later. No clock does, since a clock may be set.",
    ).nullable(),
    from_date: date("Of a backfill: the first business date that it computed anew.").nullable(),
    to_date: date("Of a backfill: the last business date that it computed anew.").nullable(),
  },
  { key: ["run_id"], personal: ["message"] },
);

/**
 * The order of a run: its number. Runs of before there were numbers come first; one without a row in `ops.runs` is at work in a
 * warehouse's job, which records it at its end, and comes last. For a select that joins `ops.runs` as `runs`.
 */
export const orderOfRun =
  "coalesce(runs.run_number, case when runs.run_id is null then 1000000000 else 0 end)";

export const step_runs = table(
  "ops.step_runs",
  "What each step did in each run. On a warehouse a task that is repeated adds a row: the latest counts.",
  {
    run_id: text("The run."),
    step: stepName,
    status: oneOf(["succeeded", "failed", "skipped"], "How it ended."),
    started_at: timestamp("Start of the step."),
    seconds: double("Wall time."),
    rows_in: bigint("New upstream rows that the step read.").nullable(),
    rows_out: bigint("Rows inserted or updated in the table it writes.").nullable(),
    rows_merged: bigint("Rows read that were duplicates, older versions or unchanged.").nullable(),
    rows_rejected: bigint("Rows refused into silver.rejected_rows.").nullable(),
    batch: bigint("The batch it wrote.").nullable(),
    statement_ids: texts("Ids of the warehouse's statements, in their order."),
    message: text("Why it failed or was skipped.").nullable(),
    rows_added: bigint("Of a backfill: rows that the table lacked.").nullable(),
    rows_changed: bigint("Of a backfill: rows that held other values.").nullable(),
    rows_removed: bigint("Of a backfill: rows that the table should not have had.").nullable(),
    changed_keys: text("Of a backfill: up to three of the rows of each kind, by their keys.").nullable(),
  },
  { key: ["run_id", "step"], personal: ["message", "changed_keys"] },
);

export const checkStatus = ["pass", "warn", "fail"] as const;

export const check_results = table(
  "ops.check_results",
  "Every check of every run, passed or not (FR-005).",
  {
    run_id: text("The run."),
    step: stepName,
    table_name: text("The table the check protects."),
    check_name: text("What is checked."),
    severity: oneOf(["warn", "halt"], "What a failure does."),
    status: oneOf(checkStatus, "The result."),
    figure: double("What was measured: a rate, a count, hours or a difference.").nullable(),
    threshold: double("The greatest figure allowed."),
    failed_rows: bigint("Rows that broke the rule.").nullable(),
    total_rows: bigint("Rows checked.").nullable(),
    notebook: text("The notebook that makes the check."),
    cell: int("Code cell of the notebook, from 1; 0 where the check stands in none."),
    checked_at: timestamp("When it was measured."),
    sample: text("Up to three of the rows that broke the rule: their keys and what was judged.").nullable(),
    message: text(
      "The result as people read it, the same wherever it is told: the figure with its unit, up to three of the rows, and the limit, " +
        "such as 358 of 2,942 rows, such as O-17: order_date 2062-11-27; at most 0. Null in results of older versions.",
    ).nullable(),
    line: int(
      "Line of the cell, from 1; 0 where the check stands in none. Null in results of older versions.",
    ).nullable(),
  },
  { key: ["run_id", "step", "table_name", "check_name"], personal: ["sample", "message"] },
);

export const forgotten_persons = table(
  "ops.forgotten_persons",
  "Persons who asked to be forgotten, so that a row of theirs that arrives again is known: no number, name or address, only pseudonyms.",
  {
    pseudonym: text(
      "What stands in the place of the person's number: forgotten- and the first 20 digits of md5(salt || number).",
    ),
    salt: text("Drawn once for this warehouse: without it no pseudonym can be computed."),
    asked_at: timestamp("When it was begun."),
    finished_at: timestamp(
      "When it was proven last that nothing is left. Null while it is under way, or was killed.",
    ).nullable(),
  },
  { key: ["pseudonym"], tags: { sensitivity: "personal" }, personal: ["pseudonym", "salt"] },
);

export const loaded_files = table(
  "ops.loaded_files",
  "The ledger of landed files: each is loaded exactly once (NFR-007), or named here with the reason why it is not.",
  {
    table_name: text("The bronze table; none for a file that was not loaded."),
    source_file: text("The file, relative to the landing folder."),
    size: bigint("Size in bytes.").nullable(),
    modified_at: timestamp("Last change of the file.").nullable(),
    sha256: text("Checksum of its content.").nullable(),
    rows_loaded: bigint("Records kept, rescued ones included."),
    rows_rescued: bigint("Records that could not be split and were kept whole in _rescued_data."),
    batch: bigint("The batch it was loaded in."),
    run_id: text("The run that loaded it."),
    loaded_at: timestamp("When the file was loaded."),
    load_number: bigint(
      "Counts the files loaded into the table: of two files, the greater number was loaded later.",
    ).nullable(),
    reason: text(
      "Why a file in the landing folder was not loaded, and what to do. Null for a loaded one.",
    ).nullable(),
  },
  { key: ["table_name", "source_file"] },
);
