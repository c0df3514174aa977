import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Connection } from "../engine/engine.js";
import type { DialectName, Item, Plan, Result } from "../plan.js";
import { executeItems, noFigures, type StepContext } from "../run/step.js";
import type { CheckCounts, Manifest, SnapshotEntry } from "./manifest.js";
import { writeSnapshot } from "./write-snapshot.js";

/** As much of a page's plan as its export needs. */
export type PagePlan = Pick<Plan, "step" | "items" | "params" | "takes">;

/**
 * Runs a page's queries and writes their rows as Parquet files, then the manifest that names them. Files are named by
 * their content and never change; the manifest is replaced in one stroke. So a reader finds either the old state or the
 * new one, and an export that fails leaves the old one.
 *
 * @param folder where the snapshots are kept
 * @returns the number of rows exported
 * @throws StatementFailed, or InputError when rows are not as declared
 */
export async function exportPage(
  connection: Connection,
  engine: DialectName,
  plan: PagePlan,
  context: StepContext,
  folder: string,
): Promise<number> {
  const page = pageOf(plan.step);
  const results: { item: Item; result: Result }[] = [];
  await executeItems(connection, engine, plan, context, noFigures(), (item, result) =>
    results.push({ item, result }),
  );
  const checks = await latestChecks(connection);
  await mkdir(folder, { recursive: true });
  const snapshots: Record<string, SnapshotEntry> = {};
  for (const { item, result } of results) {
    if (!item.snapshot) continue;
    const { name, columns } = item.snapshot;
    const bytes = writeSnapshot(name, columns, result);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const file = `${page}.${name}-${sha256.slice(0, 16)}.parquet`;
    if (!existsSync(path.join(folder, file))) await writeWhole(path.join(folder, file), bytes);
    snapshots[name] = { file, rows: result.rows.length, bytes: bytes.length, sha256, columns };
  }
  const manifest: Manifest = { version: 1, page, asOf: context.now, run: context.runId, checks, snapshots };
  await writeWhole(path.join(folder, `${page}.json`), `${JSON.stringify(manifest, undefined, 1)}\n`);
  await removeOld(folder, page, new Set(Object.values(snapshots).map(({ file }) => file)));
  return results.reduce((sum, { result }) => sum + result.rows.length, 0);
}

/** `dashboard.sales` is the page `sales`. */
export const pageOf = (step: string) => step.slice(step.indexOf(".") + 1);

/** Every check's latest result, counted by how it came out. */
async function latestChecks(connection: Connection): Promise<CheckCounts> {
  const { rows } = await connection.query(`select status, count(*) as checks from (
  select status, row_number() over (partition by step, table_name, check_name order by checked_at desc, run_id desc) as place
  from ops.check_results) as results
where place = 1 group by status`);
  const counts = new Map(rows.map((row) => [String(row["status"]), Number(row["checks"])]));
  return { pass: counts.get("pass") ?? 0, warn: counts.get("warn") ?? 0, fail: counts.get("fail") ?? 0 };
}

/** Writes a file that appears whole or not at all. */
async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  await writeFile(draft, content);
  await rename(draft, file);
}

/** A page that was opened before this export may still ask for what its manifest names. */
const graceMinutes = 15;

async function removeOld(folder: string, page: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${page}.`) || !name.endsWith(".parquet") || kept.has(name)) continue;
    const file = path.join(folder, name);
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > graceMinutes * 60_000) await rm(file, { force: true });
  }
}
