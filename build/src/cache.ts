import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

/*
 * What is kept between commands. One rule holds for all of it: the key is made of everything that went into the answer, and
 * that always includes the compiler, the library and the installed packages.
 */

/**
 * A folder for generated files, `node_modules/.cache/shopmetrics/<name>` of the project. Code in it finds the package
 * `shopmetrics` as this package does. It may not exist yet.
 */
export function cacheFolder(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths("shopmetrics") ?? [];
  const modules = folders.find((folder) => existsSync(path.join(folder, "shopmetrics")));
  if (modules === undefined)
    throw new Error('The package "shopmetrics" is not installed: run `npm ci` first.');
  return path.join(modules, ".cache", "shopmetrics", name);
}

/**
 * The answer that is kept for these inputs, or else the one that is made now and kept.
 *
 * @param kind a folder of the cache
 * @param inputs all that the answer depends on in addition to the toolchain
 * @param make gives an answer that JSON can hold
 * @param options.fresh makes it again whatever is kept
 * @param options.keep how many answers of this kind stay; the oldest go
 */
export async function cached<Answer>(
  kind: string,
  inputs: readonly string[],
  make: () => Promise<Answer>,
  { fresh = false, keep = 10 }: { fresh?: boolean; keep?: number } = {},
): Promise<{ answer: Answer; remembered: boolean }> {
  const file = path.join(cacheFolder(kind), `${await keyOf(inputs)}.json`);
  const known = fresh ? undefined : await readJson<Answer>(file);
  if (known !== undefined) return { answer: known, remembered: true };
  const answer = await make();
  await writeWhole(file, JSON.stringify(answer));
  await prune(path.dirname(file), keep);
  return { answer, remembered: false };
}

/**
 * Many small answers of a slow, pure function of a text, in one file. Those not asked for again are forgotten by `save`.
 *
 * @param kind a folder of the cache
 * @param answer what it gives, a text or one to come, is what `ask` gives
 */
export async function cachedTexts<Answer extends string | Promise<string>>(
  kind: string,
  answer: (text: string) => Answer,
) {
  const file = path.join(cacheFolder(kind), "answers.json");
  const known = (await readJson<Record<string, string>>(file)) ?? {};
  const used: Record<string, string | Answer> = {};
  const toolchain = await keyOf([]);
  return {
    ask(text: string): string | Answer {
      const key = createHash("sha256").update(toolchain).update(text).digest("hex").slice(0, 24);
      return (used[key] ??= known[key] ?? answer(text));
    },
    async save(): Promise<void> {
      const answers = await Promise.all(Object.entries(used).map(async ([key, text]) => [key, await text]));
      await writeWhole(file, JSON.stringify(Object.fromEntries(answers)));
    },
  };
}

/**
 * A file of the cache that holds a text, for programs that read files: its name has the text's hash. Once there it is never
 * written again.
 */
export async function cachedFile(kind: string, name: string, text: string): Promise<string> {
  const { name: stem, ext } = path.parse(name);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const file = path.join(cacheFolder(kind), `${stem}-${hash}${ext}`);
  if (existsSync(file)) return file;
  await writeWhole(file, text);
  await prune(path.dirname(file), 500);
  return file;
}

/** Hash of the inputs and the toolchain, 24 hexadecimal digits. */
export async function keyOf(inputs: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(await (toolchain ??= readToolchain()));
  for (const input of inputs) hash.update(`\0${input.length}\0`).update(input);
  return hash.digest("hex").slice(0, 24);
}

let toolchain: Promise<string> | undefined;

/** The compiler and the library as they were compiled, and the versions of all installed packages, the SQL parser's too. */
async function readToolchain(): Promise<string> {
  const build = fileURLToPath(new URL("..", import.meta.url));
  const lib = path.resolve(createRequire(import.meta.url).resolve("shopmetrics"), "../..");
  const locks = [
    path.resolve(build, "../package-lock.json"),
    path.resolve(cacheFolder("."), "../../.package-lock.json"),
  ];
  const parts = await Promise.all([
    ...[lib, build].map((workspace) => compiledAs(path.join(workspace, "dist"))),
    ...locks.map((lock) => readFile(lock, "utf8").catch(() => "")),
  ]);
  return createHash("sha256").update(parts.join("\0")).digest("hex");
}

/** What the compiler says that it made of all sources; where something else compiled them, all that it made. */
async function compiledAs(dist: string): Promise<string> {
  const known = await readFile(path.join(dist, ".tsbuildinfo"), "utf8").catch(() => undefined);
  if (known !== undefined) return known;
  const names = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith(".js")).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(path.join(dist, name), "utf8")));
  return texts.join("\0");
}

/** Writes a file that appears whole or not at all, with the folder it is in. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}-${++drafts}`;
  await writeFile(draft, text);
  await rename(draft, file);
}

let drafts = 0;

/** What a file of JSON holds; undefined where it is not there or damaged. */
async function readJson<Answer>(file: string): Promise<Answer | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Answer);
  } catch {
    return undefined;
  }
}

/** Removes the oldest files of a folder. Another process may do the same at the same time. */
async function prune(folder: string, keep: number): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= keep) return;
  const files = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      return {
        file,
        at: await stat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      };
    }),
  );
  for (const { file } of files.toSorted((a, b) => b.at - a.at).slice(keep)) await rm(file, { force: true });
}
