import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Connection } from "../engine/connection.js";
import { removeDrafts, writeWhole } from "../landing/write-whole.js";
import type { Item, Plan, Result } from "../plan/plan.js";
import { executeItems, noFigures, type StepContext } from "../run/step.js";
import type { CheckCounts, Manifest, SnapshotEntry } from "./manifest.js";
import { toValue } from "./snapshot-columns.js";
import { writeSnapshot } from "./write-snapshot.js";

/** The parts of a page's plan that its export needs. */
export type PagePlan = Pick<Plan, "step" | "items" | "params" | "takes" | "reads" | "fingerprint">;

/** What holds for all pages of a run, read once. */
export interface KnownBefore {
  /** The number of checks by their latest result. */
  readonly checks: CheckCounts;
  /**
   * The run that last wrote each table. A page keeps its files if neither its queries nor its tables have changed since its last
   * export, and its manifest says that they hold now; without it the queries always run.
   */
  readonly written?: ReadonlyMap<string, string>;
}

/**
 * Runs a page's queries and writes their rows as Parquet files, then the manifest that names them. Files are named by
 * their content and never change; the manifest is replaced in one step. So a reader finds either the old state or the
 * new one, and an export that fails leaves the old one.
 *
 * @param folder where the snapshots are kept
 * @returns the number of rows exported
 * @throws StatementFailed, or InputError when rows are not as declared
 */
export async function exportPage(
  connection: Connection,
  engine: string,
  plan: PagePlan,
  context: StepContext,
  folder: string,
  known: KnownBefore,
): Promise<number> {
  const page = pageOf(plan.step);
  const { checks, written } = known;
  const basis = basisOf(plan, written ?? new Map<string, string>());
  const kept = basis && !context.full ? await lastExport(folder, page, basis) : undefined;
  const { snapshots, newest } = kept ?? (await exportQueries(connection, engine, plan, context, folder));
  const { now: asOf, runId: run } = context;
  const manifest: Manifest = {
    version: 1,
    page,
    asOf,
    ...(newest !== undefined && { newest }),
    run,
    checks,
    ...(basis && { basis }),
    snapshots,
  };
  const text = `${JSON.stringify(manifest, undefined, 1)}\n`;
  await writeWhole(path.join(folder, `${page}.json`), (draft) => writeFile(draft, text));
  await removeDrafts(folder);
  const entries = Object.values(snapshots);
  await removeOld(folder, page, new Set(entries.map(({ file }) => file)));
  return entries.reduce((sum, { rows }) => sum + rows, 0);
}

async function exportQueries(
  connection: Connection,
  engine: string,
  plan: PagePlan,
  context: StepContext,
  folder: string,
): Promise<Pick<Manifest, "snapshots" | "newest">> {
  const page = pageOf(plan.step);
  const results: { item: Item; result: Result }[] = [];
  await executeItems(connection, engine, plan, context, noFigures(), (item, result) =>
    results.push({ item, result }),
  );
  await mkdir(folder, { recursive: true });
  const snapshots: Record<string, SnapshotEntry> = {};
  let newest: string | null | undefined;
  for (const { item, result } of results) {
    if (!item.snapshot) continue;
    const { name, columns } = item.snapshot;
    if (name === "newest") {
      const known = toValue(result.rows[0]?.["newest"], "instant?");
      newest = known instanceof Date ? known.toISOString() : null;
    }
    const bytes = writeSnapshot(name, columns, result);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const file = `${page}.${name}-${sha256.slice(0, 16)}.parquet`;
    if (!existsSync(path.join(folder, file)))
      await writeWhole(path.join(folder, file), (draft) => writeFile(draft, bytes));
    snapshots[name] = { file, rows: result.rows.length, bytes: bytes.length, sha256, columns };
  }
  return { snapshots, ...(newest !== undefined && { newest }) };
}

/** The last export's snapshots, if they were made from the same queries and tables and still exist. */
async function lastExport(
  folder: string,
  page: string,
  basis: string,
): Promise<Pick<Manifest, "snapshots" | "newest"> | undefined> {
  try {
    const last = JSON.parse(await readFile(path.join(folder, `${page}.json`), "utf8")) as Manifest;
    const isThere = Object.values(last.snapshots).every(({ file }) => existsSync(path.join(folder, file)));
    return last.basis === basis && isThere ? last : undefined;
  } catch {
    return undefined; // no manifest, or a damaged one
  }
}

/** What a page's rows depend on, as a hash; undefined if that is not known, as for tables that every run writes. */
function basisOf(plan: PagePlan, written: ReadonlyMap<string, string>): string | undefined {
  const runs = plan.reads.map((table) => written.get(table));
  if (runs.length === 0 || runs.includes(undefined)) return undefined;
  if (plan.params.some(({ kind }) => kind !== "literal")) return undefined;
  return createHash("sha256")
    .update(JSON.stringify([plan.fingerprint, runs]))
    .digest("hex");
}

/** `dashboard.sales` is the page `sales`. */
export const pageOf = (step: string) => step.slice(step.indexOf(".") + 1);

/** A page that was opened before this export may still ask for what its manifest names. */
const graceMinutes = 15;

/** Removes the files of a page's earlier exports. */
export async function removeOld(folder: string, page: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${page}.`) || !name.endsWith(".parquet") || kept.has(name)) continue;
    const file = path.join(folder, name);
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > graceMinutes * 60_000) await rm(file, { force: true });
  }
}
