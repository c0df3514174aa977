import path from "node:path";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import type { Plan, Tables } from "shopmetrics/plan";
import { cached, cacheFolder } from "../cache.js";
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
  const trees = await git(root, "ls-tree", commit, "--", ...parts.map((part) => `./${part}`));
  const { answer } = await cached("past", [trees], async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-past-"));
    try {
      return await compilePast(root, commit, folder, tables);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
  return answer;
}

/** What of a commit decides what its notebooks compile to. */
const parts = ["notebooks", "lib", "build"];

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
    const { tables } = existsSync("./lib/dist/shop") ? await import("./lib/dist/shop/index.js") : {};
    const paths = await findNotebooks(process.cwd());
    const { plans, programs } = await compileNotebooks(process.cwd(), paths, tables);
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
