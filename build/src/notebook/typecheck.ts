import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { cacheFolder } from "../cache.js";
import { type NotebookPlace, placeText } from "./error.js";
import { locate } from "./location.js";
import { type NotebookModule, notebookModule } from "./module.js";
import { parseNotebook } from "./parse.js";

/** A type error in a notebook, or (then without a cell) in a file that a notebook imports. */
interface Diagnostic extends NotebookPlace {
  /** e.g. "TS2345". */
  readonly code: string;
  readonly message: string;
}

/** `notebooks/silver/orders_clean.ipynb cell 4:7 – TS2345: Argument of type …` */
export function diagnosticText(diagnostic: Diagnostic): string {
  return `${placeText(diagnostic)} – ${diagnostic.code}: ${diagnostic.message}`;
}

/**
 * Checks the types of notebooks with the strictest settings, by one run of the TypeScript compiler.
 *
 * @param paths relative to `root`
 * @returns the errors, in the order of files and lines
 * @throws NotebookError if a file is not a notebook, or imports what a notebook may not import
 */
export async function checkNotebooks(
  paths: readonly string[],
  options: { root: string },
): Promise<Diagnostic[]> {
  const { root } = options;
  const folder = cacheFolder(
    join("types", createHash("sha256").update(resolve(root)).digest("hex").slice(0, 8)),
  );
  const modules = new Map<string, NotebookModule>();
  for (const path of paths) {
    const module = notebookModule(parseNotebook(path, await readFile(resolve(root, path), "utf8")));
    // The ending makes it an ES module, wherever package.json is, and avoids a clash with a helper `orders_clean.ts`.
    const file = join(folder, `${path}.mts`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, module.code);
    modules.set(file, module);
  }
  const config = {
    compilerOptions: { ...strictest, rootDirs: [resolve(root), folder] },
    files: [...modules.keys()],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config, undefined, 2));
  const output = await runCompiler(folder);
  return parseDiagnostics(output).map(({ file, line, column, code, message }) => {
    const absolute = resolve(folder, file);
    const module = modules.get(absolute);
    const place = module && locate(module.map, line, column);
    const { path, cell } = place ?? { path: relative(root, absolute), cell: undefined };
    return { path, cell, line: place?.line ?? line, column: place?.column ?? column, code, message };
  });
}

const strictest = {
  target: "es2022",
  lib: ["es2022"], // as the kernel's
  module: "nodenext",
  types: ["node"],
  noEmit: true,
  incremental: true,
  skipLibCheck: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowUnreachableCode: false,
  allowUnusedLabels: false,
  // esbuild compiles each file alone.
  isolatedModules: true,
};

/** The compiler's output, with or without errors. */
function runCompiler(folder: string): Promise<string> {
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const args = [join(typescript, "bin/tsc"), "--project", folder, "--pretty", "false"];
  return new Promise((done, fail) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error && !/error TS\d+/.test(stdout))
        fail(new Error(`The type check could not run: ${stderr || error.message}`));
      else done(stdout);
    });
  });
}

/** `orders_clean.ipynb.mts(12,7): error TS2345: Argument of …`, with indented continuation lines. */
function parseDiagnostics(output: string) {
  const diagnostics: { file: string; line: number; column: number; code: string; message: string }[] = [];
  for (const text of output.split(/\r?\n(?=\S)/)) {
    const match = /^(.+?)\((\d+),(\d+)\): error (TS\d+): ([^]*)$/.exec(text);
    if (!match) {
      if (text.startsWith("error TS")) throw new Error(`The type check could not run: ${text}`);
      continue;
    }
    const [, file = "", line, column, code = "", message = ""] = match;
    const advice = sharedScope.has(code) ? " All cells share one scope: rename one of the two." : "";
    diagnostics.push({
      file,
      line: Number(line),
      column: Number(column),
      code,
      message: message.trimEnd() + advice,
    });
  }
  return diagnostics;
}

/** Duplicate identifier; cannot redeclare; import conflicts with a local declaration. */
const sharedScope = new Set(["TS2300", "TS2451", "TS2440"]);
