import path from "node:path";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import type { Tables } from "shopmetrics/internal/contracts/table";
import type { Plan } from "shopmetrics/internal/plan/plan";
import { cacheFolder, writeWhole } from "../cache.js";
import { compileNotebooks } from "../compile/compile-notebooks.js";
import { findNotebooks } from "../compile/compile.js";
import type { Program } from "../notebook/execute.js";
import { git } from "./git.js";

const run = promisify(execFile);

/** What a commit's notebooks compile to. */
export interface Past {
  readonly plans: readonly Plan[];
  readonly programs: readonly Program[];
}

/**
 * Compiles the notebooks of a commit with the library and the compiler of that commit, in a folder of its own. Remembers
 * the answer.
 *
 * @throws Error when they do not compile with the packages that are installed now
 */
export async function plansAt(root: string, commit: string, tables: Tables): Promise<Past> {
  const file = path.join(cacheFolder("past"), `${await fingerprint(root, commit)}.json`);
  const remembered = await readFile(file, "utf8").catch(() => undefined);
  if (remembered) return JSON.parse(remembered) as Past;
  const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-past-"));
  try {
    const past = await compilePast(root, commit, folder, tables);
    await writeWhole(file, JSON.stringify(past));
    return past;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const parts = ["notebooks", "lib", "build"];

/** A commit's trees, whatever else it holds, and the packages they compile with. */
async function fingerprint(root: string, commit: string): Promise<string> {
  const trees = await git(root, "ls-tree", commit, "--", ...parts.map((part) => `./${part}`));
  const lock = await readFile(path.join(root, "package-lock.json"), "utf8").catch(() => "");
  return createHash("sha256").update(trees).update(lock).digest("hex").slice(0, 16);
}

async function compilePast(root: string, commit: string, folder: string, tables: Tables): Promise<Past> {
  const isOurs = await git(root, "status", "--porcelain", "--", "lib", "build").then((text) => text === "");
  const isSame =
    isOurs && (await git(root, "diff", "--name-only", commit, "HEAD", "--", "lib", "build")) === "";
  await extract(root, commit, folder, isSame ? ["notebooks"] : parts);
  if (isSame) return compileNotebooks(folder, await findNotebooks(folder), tables);
  await compileWorkspaces(root, folder);
  const answer = path.join(folder, "past.json");
  const script = `
    const { existsSync } = await import("node:fs");
    const folder = existsSync("./build/dist/compile") ? "./build/dist/compile" : "./build/dist";
    const { findNotebooks } = await import(folder + "/compile.js");
    const { compileNotebooks } = await import(folder + "/compile-notebooks.js");
    const { writeFile } = await import("node:fs/promises");
    const { plans, programs } = await compileNotebooks(process.cwd(), await findNotebooks(process.cwd()));
    await writeFile(${JSON.stringify(answer)}, JSON.stringify({ plans, programs: programs ?? [] }));`;
  await run(process.execPath, ["--input-type=module", "-e", script], { cwd: folder, maxBuffer: 64 << 20 });
  return JSON.parse(await readFile(answer, "utf8")) as Past;
}

async function extract(
  root: string,
  commit: string,
  folder: string,
  wanted: readonly string[],
): Promise<void> {
  const archive = path.join(folder, "commit.tar");
  // In the project's folder, which need not be the repository's, paths are relative to it.
  await git(root, "archive", "--format=tar", `--output=${archive}`, commit, "--", ...wanted);
  await run("tar", ["-xf", archive, "-C", folder]);
}

/** Makes JavaScript of the library and the compiler as they were, without checking types, beside the packages of now. */
async function compileWorkspaces(root: string, folder: string): Promise<void> {
  const { build } = await import("esbuild");
  for (const workspace of ["lib", "build"]) {
    const source = path.join(folder, workspace, "src");
    const files = (await readdir(source, { recursive: true })).filter((name) => /(?<!\.d)\.tsx?$/.test(name));
    await build({
      entryPoints: files.map((name) => path.join(source, name)),
      outbase: source,
      outdir: path.join(folder, workspace, "dist"),
      format: "esm",
      platform: "node",
      target: "node20",
      charset: "utf8",
      logLevel: "silent",
      tsconfigRaw: {},
    });
  }
  const modules = path.join(folder, "node_modules");
  const installed = installedModules(root);
  await mkdir(path.join(modules, "@shopmetrics"), { recursive: true });
  for (const name of await readdir(installed))
    if (!name.startsWith(".") && name !== "shopmetrics" && name !== "@shopmetrics")
      await symlink(path.join(installed, name), path.join(modules, name));
  await symlink("../lib", path.join(modules, "shopmetrics"));
  await symlink("../../build", path.join(modules, "@shopmetrics/build"));
}

function installedModules(root: string): string {
  const own = path.join(root, "node_modules");
  return existsSync(own) ? own : path.resolve(cacheFolder("."), "../..");
}
