/** The rooms of `lib/src` and `build/src`, and what holds for every file there. CONTRIBUTING.md says what each is for. */
import path from "node:path";
import { describe, expect, it } from "vitest";
import { libExports, reached, readModules } from "./modules.ts";

/** A room is a folder or a file. It may import from the floors below its own, and from no other room of its own floor. */
const floors: Readonly<Record<string, readonly string[][]>> = {
  "lib/src": [
    ["index.ts", "sources.ts", "page.ts", "exports"],
    ["shop"],
    ["session"],
    ["dashboard"],
    ["display"],
    ["unit"],
    ["compile", "run"],
    ["mongo", "postgres"],
    ["extract"],
    ["forget"],
    ["engine", "kafka"],
    ["pull"],
    ["verbs"],
    ["landing"],
    ["plan"],
    ["sql"],
    ["contracts"],
    ["settings.ts"],
    ["errors.ts"],
  ],
  "build/src": [
    ["cli.ts"],
    ["commands"],
    ["run", "docs"],
    ["changed", "diff", "new", "jupyter"],
    ["bundle", "site"],
    ["compile"],
    ["notebook"],
    ["cache.ts", "terminal-table.ts", "text.ts"],
  ],
};

/** What they export is for notebooks, also for those to come. */
const notebookApi = new Set(["lib/src/index.ts", "lib/src/sources.ts", "lib/src/page.ts"]);

/** What only programs import that the build writes: a task of a job, the script of the dashboard's pages, and JupyterLab's extension. */
const forPrograms = [
  "build/src/jupyter/lab/extension.ts: default",
  "lib/src/dashboard/browser/runtime.ts: cell",
  "lib/src/dashboard/browser/runtime.ts: query",
  "lib/src/dashboard/browser/runtime.ts: runPage",
  "lib/src/exports/run.ts: beginTask",
  "lib/src/exports/run.ts: cell",
  "lib/src/exports/run.ts: endTask",
  "lib/src/exports/run.ts: exportDashboard",
  "lib/src/exports/run.ts: named",
];

const modules = readModules(["lib", "build", "tests", "notebooks", "docs/examples", "vitest.config.ts"]);
const sources = modules.filter(({ file }) => isSource(file));
const arrows = sources.flatMap(({ file, imports }) => imports.map(({ from }) => ({ file, from })));

describe("rooms", () => {
  it("hold every file", () => {
    expect(sources.map(({ file }) => file).filter((file) => place(file).floor < 0)).toEqual([]);
    expect(sources.length).toBeGreaterThan(200);
  });

  it("import only from floors below", () => {
    const upwards = arrows.filter(({ file, from }) => {
      const [here, there] = [place(file), place(from)];
      if (here.workspace !== there.workspace || here.room === there.room) return false;
      return there.floor <= here.floor;
    });
    expect(texts(upwards)).toEqual([]);
  });

  it("do not know the shop, unless they are entry points", () => {
    const shop = arrows.filter(({ file, from }) => {
      const { workspace, room, floor } = place(file);
      return workspace === "lib/src" && floor > 0 && room !== "shop" && place(from).room === "shop";
    });
    expect(texts(shop)).toEqual([]);
  });

  it("of build/src import lib by its named exports; lib imports nothing of build", () => {
    const byPath = sources.flatMap(({ file, paths }) =>
      paths.filter((to) => place(to).workspace !== place(file).workspace).map((from) => ({ file, from })),
    );
    expect(texts(byPath)).toEqual([]);
    const byName = sources.flatMap(({ file, packages }) => packages.map((from) => ({ file, from })));
    const ours = byName.filter(({ from }) => /^(@?shopmetrics)\b/.test(from));
    expect(texts(ours.filter(({ file, from }) => file.startsWith("lib/") || !(from in libExports)))).toEqual(
      [],
    );
    expect(ours.length).toBeGreaterThan(50);
  });
});

describe("source files", () => {
  it("import each other in no circle, types included", () => {
    const behind = new Map(sources.map(({ file }) => [file, reached(sources, file)]));
    expect(texts(arrows.filter(({ file, from }) => behind.get(from)?.has(file)))).toEqual([]);
  });

  it("export only what another file imports", () => {
    const used = new Set<string>();
    for (const { from, names } of modules.flatMap(({ imports }) => imports))
      for (const name of names === "all" ? ["*"] : names) used.add(`${from}: ${name}`);
    const unused = sources
      .filter(({ file }) => !notebookApi.has(file) && !used.has(`${file}: *`))
      .flatMap(({ file, exports }) => exports.map((name) => `${file}: ${name}`));
    expect(unused.filter((name) => !used.has(name)).toSorted()).toEqual(forPrograms.toSorted());
  });

  it("share their name with two others at most", () => {
    // A dialect's part of a verb has the verb's name on purpose.
    const isPart = (file: string) =>
      /^lib\/src\/engine\/\w+\//.test(file) &&
      sources.some((one) => one.file === `lib/src/verbs/${path.basename(file)}`);
    const names = sources
      .filter(({ file }) => !isPart(file))
      .map(({ file }) => path.basename(file))
      .toSorted();
    const often = names.filter((name, at) => name === names[at + 3]);
    expect([...new Set(often)]).toEqual([]);
  });

  it("have no line of more than 140 characters", () => {
    const long = sources.map(({ file, text }) => ({
      file,
      lines: text.split("\n").filter((line) => line.length > 140).length,
    }));
    expect(
      long
        .filter(({ lines }) => lines > 0)
        .map(({ file, lines }) => `${file}: ${lines}`)
        .toSorted(),
    ).toEqual([]);
  });
});

function isSource(file: string): boolean {
  return Object.keys(floors).some((workspace) => file.startsWith(`${workspace}/`));
}

function place(file: string): { workspace: string; room: string; floor: number } {
  const [top, src, room = ""] = file.split("/");
  const workspace = `${top}/${src}`;
  return { workspace, room, floor: floors[workspace]?.findIndex((rooms) => rooms.includes(room)) ?? -1 };
}

function texts(found: readonly { file: string; from: string }[]): string[] {
  return [...new Set(found.map(({ file, from }) => `${file} → ${from}`))].toSorted();
}
