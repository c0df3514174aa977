import type { Connection, Engine } from "shopmetrics/engine";
import { backfillItem, landingFolderOf, type Plan, type Tables } from "shopmetrics/plan";
import {
  readWindows,
  rowsBetween,
  tableChanges,
  waitingFiles,
  type BusinessDates,
  type StepContext,
  type TableChange,
} from "shopmetrics/run";
import { messageFor } from "shopmetrics/settings";
import type { Graph } from "../compile/graph.js";
import { landingFolders } from "../compile/landing-folders.js";
import { bytes, counted, listed } from "../text.js";
import { dueCare, isUpToDate, onlyLoads } from "./decisions.js";
import { changedSteps } from "./run-records.js";

/**
 * What a run will do with a step. `may run`: whether it has anything to do is known only when another step has written, or when it
 * asks somebody outside.
 */
export interface StepForecast {
  readonly step: string;
  readonly notebook: string;
  readonly verdict: "runs" | "may run" | "idle";
  readonly reason: string;
  /** Landed files that it loads. */
  readonly files: number;
  readonly bytes: number;
  /** Rows that it has not read yet, in tables as they are now; null where nobody counts them. */
  readonly rows: number | null;
  /** Its definition is not the one that last ran, and rows that are kept were computed by that one. */
  readonly isChanged: boolean;
}

/** What a run would do by now. */
export interface Forecast {
  readonly date: string;
  readonly full: boolean;
  readonly backfill?: BusinessDates;
  /** Whether there is a warehouse at all. */
  readonly hasWarehouse: boolean;
  /** In the order in which they run. */
  readonly steps: readonly StepForecast[];
  readonly tables: readonly TableChange[];
  /** The pages that are exported, and whether figures on them may move: a step writes what they show, or they changed. */
  readonly pages: readonly { readonly step: string; readonly moves: boolean }[];
}

interface ForecastOptions {
  /** Undefined where there is no warehouse yet. Only read. */
  readonly warehouse:
    { readonly engine: Pick<Engine, "isExclusive">; readonly connection: Connection } | undefined;
  readonly graph: Graph & { readonly tables: Tables };
  /** The steps that the run is to take, by name. */
  readonly steps: ReadonlySet<string>;
  readonly landing: string;
  /** Whether files may have landed where nobody looks before the run: in the volume of a warehouse. */
  readonly hasVolume: boolean;
  /** Whether the settings name whom a topic or a service is asked of. */
  readonly asks: (source: string) => boolean;
  readonly date: string;
  readonly full: boolean;
  readonly backfill?: BusinessDates;
  readonly cares: boolean;
  /** Why a step is to run, where somebody knows it. */
  readonly why?: ReadonlyMap<string, string>;
}

type Verdict = Pick<StepForecast, "verdict" | "reason"> &
  Partial<Pick<StepForecast, "files" | "bytes" | "rows">>;

/** Says what `runGraph` would do, by the same decisions, and changes nothing: neither warehouse nor landing folder. */
export async function forecast(options: ForecastOptions): Promise<Forecast> {
  const { warehouse, graph, date, full, backfill } = options;
  const changes = await tableChanges(warehouse?.connection, graph.tables);
  const isMissing = (table: string) => changes.some((change) => change.isNew && change.table === table);
  // What has no records yet has never run.
  const connection =
    isMissing("ops.watermarks") || isMissing("ops.loaded_files") ? undefined : warehouse?.connection;
  const recorded = connection && !isMissing("ops.steps") ? await stepsOnRecord(connection) : [];
  const changed = new Set(changedSteps(recorded, graph));
  const due =
    options.cares && connection && warehouse && !isMissing("ops.step_runs") && !isMissing("ops.runs")
      ? await dueCare(connection, warehouse.engine, graph, options.steps)
      : [];
  const known = new Map<string, StepForecast>();
  const add = ({ step, notebook }: Plan, { files = 0, bytes: size = 0, rows = null, ...verdict }: Verdict) =>
    known.set(step, { step, notebook, ...verdict, files, bytes: size, rows, isChanged: changed.has(step) });
  for (const plan of graph.plans.filter(({ step, runtime }) => options.steps.has(step) && runtime !== "page"))
    add(plan, await verdictOf(plan, { ...options, connection, known, isMissing }));
  for (const plan of due) add(plan, { verdict: "runs", reason: "takes care of the tables, once a day" });
  const pages = graph.plans.filter(({ step, runtime }) => options.steps.has(step) && runtime === "page");
  const written = new Set(
    graph.plans
      .filter(({ step }) => (known.get(step)?.verdict ?? "idle") !== "idle")
      .flatMap(({ writes }) => writes),
  );
  for (const page of pages) add(page, { verdict: "runs", reason: "exports its queries in each run" });
  return {
    date,
    full,
    ...(backfill && { backfill }),
    hasWarehouse: connection !== undefined,
    steps: graph.plans.flatMap(({ step }) => known.get(step) ?? []),
    tables: changes,
    pages: pages.map(({ step, reads, fingerprint }) => ({
      step,
      moves:
        // It tells of this very run.
        reads.includes("ops.runs") ||
        reads.some((table) => written.has(table)) ||
        recorded.some((row) => row["step"] === step && row["fingerprint"] !== fingerprint),
    })),
  };
}

const stepsOnRecord = async (connection: Connection) =>
  (await connection.query("select step, fingerprint from ops.steps")).rows;

interface Known extends Omit<ForecastOptions, "warehouse"> {
  readonly connection: Connection | undefined;
  /** What has been said of the steps before. */
  readonly known: ReadonlyMap<string, StepForecast>;
  readonly isMissing: (table: string) => boolean;
}

async function verdictOf(plan: Plan, options: Known): Promise<Verdict> {
  const { full, backfill, why } = options;
  if (plan.runtime === "node" || onlyLoads(plan)) return verdictOnFiles(plan, options);
  const { windows, batches } = await windowsOf(plan, options);
  const rows = await newRows(windows, plan, options);
  if (why?.has(plan.step)) return { verdict: "runs", reason: why.get(plan.step)!, rows };
  if (full) return { verdict: "runs", reason: "--full: computes all rows", rows };
  if (backfill && backfillItem(plan))
    return { verdict: "runs", reason: `computes ${backfill.from} to ${backfill.to} anew`, rows };
  if (plan.changes.length === 0) return { verdict: "runs", reason: "reads whole tables in each run" };
  if (!isUpToDate(plan, { full, windows, batches, ...(backfill && { backfill }) }))
    return {
      verdict: "runs",
      reason: rows || !plan.hasSeed ? rowsWords(rows, windows) : "writes what is listed with its notebook",
      rows,
    };
  const sure = upstreamOf(plan, options, "runs");
  // A load that takes a file publishes a batch, whatever is in it. Other steps do so only where they write rows.
  const loaded = sure.filter((table) => isLoaded(table, options));
  if (loaded.length > 0) return { verdict: "runs", reason: `reads what ${listed(loaded)} loads`, rows };
  const perhaps = [...sure, ...upstreamOf(plan, options, "may run")];
  if (perhaps.length > 0)
    return {
      verdict: "may run",
      reason: `if ${listed(perhaps)} ${perhaps.length === 1 ? "changes" : "change"}`,
      rows,
    };
  return { verdict: "idle", reason: "nothing new", rows: 0 };
}

/** A step that takes files in: by `load`, or as a program that may also ask somebody outside. */
async function verdictOnFiles(plan: Plan, options: Known): Promise<Verdict> {
  const loads = plan.items.flatMap(({ load }) => load ?? []);
  let [files, size] = [0, 0];
  try {
    for (const load of loads.length > 0 ? loads : loadsOfProgram(plan, options.graph)) {
      const waiting = await waitingFiles(options.connection, load, options.landing);
      files += waiting.files;
      size += waiting.bytes;
    }
  } catch (error) {
    return { verdict: "runs", reason: `fails: ${messageFor(error)}` };
  }
  if (files > 0)
    return { verdict: "runs", reason: `${counted(files, "new file")}, ${bytes(size)}`, files, bytes: size };
  if (options.hasVolume && loads.length > 0)
    return { verdict: "may run", reason: "if the landing volume holds new files" };
  if (plan.runtime !== "node") return { verdict: "idle", reason: "no new file", files };
  if (plan.writes.length === 0) return { verdict: "runs", reason: "is a program that runs each time" };
  const asked = plan.sources.find((source) => options.asks(source));
  if (asked?.startsWith("kafka/"))
    return { verdict: "may run", reason: "if the topic holds messages: the step asks Kafka" };
  if (asked !== undefined)
    return {
      verdict: "may run",
      reason: `if there is something new: the step asks the service ${asked.slice("service/".length)}`,
    };
  if (plan.sources.length === 0)
    return { verdict: "may run", reason: "if it finds something: it is a program" };
  return { verdict: "idle", reason: "no new file", files };
}

/** What a program loads from the folders that its front matter names: each bronze table is called after its folder. */
const loadsOfProgram = ({ writes, sources }: Plan, graph: ForecastOptions["graph"]) =>
  writes.flatMap((table) => {
    const folder = landingFolderOf(table);
    const format = landingFolders(graph).get(folder)?.format;
    return format && sources.includes(`landing/${folder}`) ? [{ table, folder, format }] : [];
  });

/** How far a step has read each table; nothing where it is full, or has never run. */
async function windowsOf(
  plan: Plan,
  { connection, full, isMissing }: Known,
): Promise<Pick<StepContext, "windows" | "batches">> {
  if (!connection)
    return {
      windows: new Map(plan.changes.map((table) => [table, { lo: 0, hi: 0 }])),
      batches: new Map(plan.writes.map((table) => [table, 1])),
    };
  const { windows, batches } = await readWindows(connection, plan.step, { ...plan, full });
  return {
    windows: new Map(
      [...windows].map(([table, window]) => [table, isMissing(table) ? { lo: 0, hi: 0 } : window]),
    ),
    batches,
  };
}

/** The rows that it has not read yet, of the tables that count as its rows in. */
async function newRows(
  windows: StepContext["windows"],
  { takes, changes }: Plan,
  { connection, isMissing }: Known,
): Promise<number | null> {
  if (changes.length === 0 || !connection) return null;
  let sum = 0;
  for (const table of takes) {
    const window = windows.get(table);
    if (window && window.hi > window.lo && !isMissing(table))
      sum += await rowsBetween(connection, table, window);
  }
  return sum;
}

function rowsWords(rows: number | null, windows: StepContext["windows"]): string {
  const tables = [...windows].filter(([, { lo, hi }]) => hi > lo).map(([table]) => table);
  return `${rows ? counted(rows, "new row") : "changes"} of ${listed(tables)}`;
}

/** The tables that it reads what is new of and that a step with this verdict writes. */
const upstreamOf = (plan: Plan, { graph, known }: Known, verdict: StepForecast["verdict"]): string[] =>
  plan.changes.filter((table) =>
    graph.plans.some(({ step, writes }) => writes.includes(table) && known.get(step)?.verdict === verdict),
  );

const isLoaded = (table: string, { graph, known }: Known) =>
  graph.plans.some(({ step, writes }) => writes.includes(table) && (known.get(step)?.files ?? 0) > 0);
