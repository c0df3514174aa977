import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LandingFolder } from "../contracts/table.js";
import { landingVolume } from "../engine/databricks/copy-into.js";
import { openWarehouse } from "../engine/databricks/adapter.js";
import { engineNamed } from "../engine/index.js";
import { InputError } from "../errors.js";
import { noFigures, StatementFailed, type StepContext } from "../run/step.js";
import { failedStates, upstreamStates } from "../run/task-states.js";
import { countChecks } from "../run/latest-results.js";
import { recordPassedOver } from "../run/passed-over.js";
import { recordStepRun } from "../run/warehouse.js";
import { readRun, readSettings } from "../settings.js";
import { exportPage, pageOf, removeOld, type PagePlan } from "./export.js";

/** The volume of the snapshots. */
const snapshotVolume = (catalog: string) => `/Volumes/${catalog}/gold/snapshots`;

/** A page, with the tasks of the job that write what it reads. */
export type ExportedPage = PagePlan & { readonly tasks: readonly string[] };

/**
 * The last task of the daily job: exports the pages into a volume. A page of which a table is not up to date, because a task
 * before has failed, is left as it is: the volume still holds its last good figures. Sets the exit code: 1 for a failure, 2
 * for wrong settings.
 *
 * It also names the files of the landing volume that no task loads, where the volume is mounted, as it is on a cluster.
 *
 * @param pages as they were compiled
 * @param folders the folders of the landing volume from which steps load
 */
export async function exportDashboard(
  pages: readonly ExportedPage[],
  folders: readonly (readonly [name: string, folder: LandingFolder])[],
): Promise<void> {
  try {
    await exportAll(pages, new Map(folders));
  } catch (error) {
    const isTold = error instanceof InputError || error instanceof StatementFailed;
    console.error(isTold ? error.message : error);
    process.exitCode = error instanceof InputError ? 2 : 1;
  }
}

async function exportAll(
  pages: readonly ExportedPage[],
  folders: ReadonlyMap<string, LandingFolder>,
): Promise<void> {
  const settings = readSettings();
  const { catalog } = settings;
  const { runId, date, states } = readRun();
  const engine = await openWarehouse(settings, { onWait: (line) => console.error(line) });
  const folder = await mkdtemp(path.join(tmpdir(), "snapshots-"));
  try {
    const connection = await engine.connect();
    const landing = landingVolume(catalog);
    if (existsSync(landing))
      await recordPassedOver(connection, folders, {
        landing,
        runId,
        now: new Date().toISOString(),
        byTasks: true,
        onNote: (message) => console.error(`warning: ${message}`),
      });
    const checks = await countChecks(connection, runId);
    const records: PageRecord[] = [];
    for (const page of pages) {
      const started = new Date();
      const now = started.toISOString();
      const failed = page.tasks.find((task) => unsuccessful.has(states.get(task) ?? ""));
      const none = { windows: new Map(), batches: new Map() };
      const context: StepContext = { runId, date, now, full: false, landing: "", ...none };
      const rows = failed ? 0 : await exportPage(connection, engine.name, page, context, folder, { checks });
      const message = failed ? `${failed} did not succeed` : null;
      records.push({
        ...noFigures(),
        in: rows,
        out: rows,
        step: page.step,
        status: failed ? "skipped" : "succeeded",
        startedAt: now,
        seconds: (Date.now() - started.getTime()) / 1000,
        merged: null,
        batch: null,
        message,
      });
      console.log(`${page.step}: ${message ? `left as it was, since ${message}` : `${rows} rows`}`);
    }
    // Manifests last: a reader of a manifest then finds the files that it names.
    const names = (await readdir(folder)).toSorted(
      (a, b) => Number(a.endsWith(".json")) - Number(b.endsWith(".json")),
    );
    for (const name of names)
      await connection.put(path.join(folder, name), `${snapshotVolume(catalog)}/${name}`);
    // Where the volume is mounted, what earlier exports have left goes.
    if (existsSync(snapshotVolume(catalog)))
      for (const { step, status } of records)
        if (status === "succeeded") await removeOld(snapshotVolume(catalog), pageOf(step), new Set(names));
    for (const record of records) await recordStepRun(connection, engineNamed(engine.name), runId, record);
    console.log(`${names.length} files in ${snapshotVolume(catalog)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await engine.close();
  }
}

const unsuccessful = new Set([...failedStates, ...upstreamStates]);

type PageRecord = Parameters<typeof recordStepRun>[3];
