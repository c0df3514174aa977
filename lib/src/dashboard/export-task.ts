import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openDatabricks } from "../engine/databricks/engine.js";
import { engineNamed } from "../engine/index.js";
import { InputError } from "../errors.js";
import { noFigures, StatementFailed, type StepContext } from "../run/step.js";
import { recordStepRun } from "../run/warehouse.js";
import { readRun, readSettings, workspaceOf } from "../settings.js";
import { exportPage, type PagePlan } from "./export.js";

/** The volume of the snapshots. */
const snapshotVolume = (catalog: string) => `/Volumes/${catalog}/gold/snapshots`;

/**
 * The last task of the daily job: exports all pages into a volume. If an earlier task fails, this one does not start, so
 * the volume still holds the last good figures. Sets the exit code: 1 for a failure, 2 for wrong settings.
 *
 * @param plans of the pages, as they were compiled
 */
export async function exportDashboard(plans: readonly PagePlan[]): Promise<void> {
  try {
    await exportAll(plans);
  } catch (error) {
    const isTold = error instanceof InputError || error instanceof StatementFailed;
    console.error(isTold ? error.message : error);
    process.exitCode = error instanceof InputError ? 2 : 1;
  }
}

async function exportAll(plans: readonly PagePlan[]): Promise<void> {
  const settings = readSettings();
  const { catalog } = settings;
  const { runId, date } = readRun();
  const engine = await openDatabricks({
    ...workspaceOf(settings),
    catalog,
    onWait: (line) => console.error(line),
  });
  const folder = await mkdtemp(path.join(tmpdir(), "snapshots-"));
  try {
    const connection = await engine.connect();
    const exported: Parameters<typeof recordStepRun>[3][] = [];
    for (const plan of plans) {
      const started = new Date();
      const now = started.toISOString();
      const none = { windows: new Map(), batches: new Map() };
      const context: StepContext = { runId, date, now, full: false, landing: "", ...none };
      const rows = await exportPage(connection, engine.name, plan, context, folder);
      exported.push({
        ...noFigures(),
        in: rows,
        out: rows,
        step: plan.step,
        status: "succeeded",
        startedAt: now,
        seconds: (Date.now() - started.getTime()) / 1000,
        merged: null,
        batch: null,
        message: null,
      });
      console.log(`${plan.step}: ${rows} rows`);
    }
    // Manifests last: a reader of a manifest then finds the files that it names.
    const names = (await readdir(folder)).toSorted(
      (a, b) => Number(a.endsWith(".json")) - Number(b.endsWith(".json")),
    );
    for (const name of names)
      await connection.put(path.join(folder, name), `${snapshotVolume(catalog)}/${name}`);
    for (const page of exported) await recordStepRun(connection, engineNamed(engine.name), runId, page);
    console.log(`${names.length} files in ${snapshotVolume(catalog)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await engine.close();
  }
}
