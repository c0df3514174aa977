import path from "node:path";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import type { Plan, Tables } from "shopmetrics/plan";
import { cached, cacheFolder } from "../cache.js";
import { compileNotebooks } from "../compile/compile-notebooks.js";
import { findNotebooks } from "../compile/compile.js";
import type { Program } from "../notebook/execute.js";
import { nodeOutput } from "../notebook/node-output.js";
import { git } from "./git.js";

const run = promisify(execFile);

/** What a commit's notebooks compile to. */
export interface Past {
  readonly plans: readonly Plan[];
  readonly programs: readonly Program[];
}

/**
 * Compiles the notebooks of a commit with the library and the compiler of that commit, in a folder of its own. The answer
 * is cached.
 *
 * @throws Error when they do not compile with the packages that are installed now
 */
export async function plansAt(root: string, commit: string, tables: Tables): Promise<Past> {
  const trees = await git(root, "ls-tree", commit, "--", ...parts.map((part) => `./${part}`));
  const { answer } = await cached("past", [trees], async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-past-"));
    try {
      return await compilePast({ root, commit, trees, folder, tables });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
  return answer;
}

/** The folders that decide what a commit's notebooks compile to. */
const parts = ["notebooks", "lib", "build"];

async function compilePast(options: {
  readonly root: string;
  readonly commit: string;
  /** What git says the commit's parts are. */
  readonly trees: string;
  readonly folder: string;
  readonly tables: Tables;
}): Promise<Past> {
  const { root, commit, trees, folder, tables } = options;
  const isOurs = await git(root, "status", "--porcelain", "--", "lib", "build").then((text) => text === "");
  const isSame =
    isOurs && (await git(root, "diff", "--name-only", commit, "HEAD", "--", "lib", "build")) === "";
  await extract(root, commit, folder, isSame ? ["notebooks"] : parts);
  if (isSame) return compileNotebooks(folder, await findNotebooks(folder), tables);
  await compileWorkspaces(root, folder, trees);
  return existsSync(path.join(folder, "build/dist/commands/plans.js"))
    ? askCommand(folder)
    : askCompiler(folder);
}

/** What `shopmetrics plans` of that commit says. */
async function askCommand(folder: string): Promise<Past> {
  const args = [path.join(folder, "build/bin/shopmetrics.js"), "plans", "--json"];
  const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 256 << 20 });
  return JSON.parse(stdout) as Past;
}

/** For a commit from before that command: calls the functions of its compiler, wherever they were then. */
async function askCompiler(folder: string): Promise<Past> {
  const answer = path.join(folder, "past.json");
  const script = `
    const { existsSync } = await import("node:fs");
    const folder = existsSync("./build/dist/compile") ? "./build/dist/compile" : "./build/dist";
    const { findNotebooks } = await import(folder + "/compile.js");
    const { compileNotebooks } = await import(folder + "/compile-notebooks.js");
    const tables = await import("shopmetrics/shop").then(({ shop }) => shop.tables, () => undefined);
    const { writeFile } = await import("node:fs/promises");
    const root = process.cwd();
    const { plans, programs } = await compileNotebooks(root, await findNotebooks(root), tables);
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

/**
 * Compiles the library and the compiler of the commit to JavaScript, without checking types, next to the packages that are
 * installed now. What they cache stays in the folder.
 *
 * @param version stands in for TypeScript's build information, from which a cache knows the compiler it was made by
 */
async function compileWorkspaces(root: string, folder: string, version: string): Promise<void> {
  const { build } = await import("esbuild");
  for (const workspace of ["lib", "build"]) {
    const source = path.join(folder, workspace, "src");
    const files = (await readdir(source, { recursive: true })).filter((name) => /(?<!\.d)\.tsx?$/.test(name));
    await build({
      entryPoints: files.map((name) => path.join(source, name)),
      outbase: source,
      outdir: path.join(folder, workspace, "dist"),
      ...nodeOutput,
    });
    await writeFile(path.join(folder, workspace, "dist/.tsbuildinfo"), version);
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
