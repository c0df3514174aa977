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
    ["compile", "run"],
    ["engine", "kafka"],
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
    ["changed", "diff"],
    ["bundle", "site"],
    ["compile"],
    ["notebook"],
    ["cache.ts", "text.ts"],
  ],
};

/** What they export is for notebooks, also for those to come. */
const notebookApi = new Set(["lib/src/index.ts", "lib/src/sources.ts", "lib/src/page.ts"]);

/** What only programs import that the build writes: a task of a job, and the script of the dashboard's pages. */
const forPrograms = [
  "lib/src/dashboard/browser/runtime.ts: cell",
  "lib/src/dashboard/browser/runtime.ts: query",
  "lib/src/dashboard/browser/runtime.ts: runPage",
  "lib/src/exports/run.ts: beginTask",
  "lib/src/exports/run.ts: cell",
  "lib/src/exports/run.ts: endTask",
  "lib/src/exports/run.ts: exportDashboard",
];

/** What does not hold yet. Each entry has to occur, so the lists only become shorter. */
const known = {
  upwards: [
    "lib/src/compile/request.ts → lib/src/session/session.ts",
    "lib/src/contracts/table.ts → lib/src/plan/plan.ts",
    "lib/src/dashboard/prerender.ts → lib/src/session/session.ts",
    "lib/src/dashboard/query.ts → lib/src/session/session.ts",
    "lib/src/display/failure.ts → lib/src/session/execute.ts",
    "lib/src/display/failure.ts → lib/src/session/session.ts",
    "lib/src/plan/plan.ts → lib/src/dashboard/snapshot-columns.ts",
    "lib/src/sql/statement.ts → lib/src/session/session.ts",
    "lib/src/verbs/check.ts → lib/src/session/session.ts",
    "lib/src/verbs/read.ts → lib/src/session/session.ts",
    "lib/src/verbs/write.ts → lib/src/session/session.ts",
  ] as string[],
  circles: [
    "build/src/run/run-records.ts → build/src/run/run.ts",
    "build/src/run/run.ts → build/src/run/run-records.ts",
    "lib/src/contracts/table.ts → lib/src/plan/plan.ts",
    "lib/src/dashboard/render/cards.ts → lib/src/dashboard/render/draw.ts",
    "lib/src/dashboard/render/chart.ts → lib/src/dashboard/render/draw.ts",
    "lib/src/dashboard/render/chart.ts → lib/src/dashboard/render/table.ts",
    "lib/src/dashboard/render/draw.ts → lib/src/dashboard/render/cards.ts",
    "lib/src/dashboard/render/draw.ts → lib/src/dashboard/render/chart.ts",
    "lib/src/dashboard/render/draw.ts → lib/src/dashboard/render/table.ts",
    "lib/src/dashboard/render/table.ts → lib/src/dashboard/render/draw.ts",
    "lib/src/engine/databricks/connection.ts → lib/src/engine/databricks/engine.ts",
    "lib/src/engine/databricks/connection.ts → lib/src/engine/databricks/load.ts",
    "lib/src/engine/databricks/engine.ts → lib/src/engine/databricks/connection.ts",
    "lib/src/engine/databricks/load.ts → lib/src/engine/databricks/connection.ts",
    "lib/src/plan/plan.ts → lib/src/contracts/table.ts",
    "lib/src/plan/plan.ts → lib/src/sql/render.ts",
    "lib/src/session/session.ts → lib/src/contracts/table.ts",
    "lib/src/session/session.ts → lib/src/plan/plan.ts",
    "lib/src/session/session.ts → lib/src/sql/statement.ts",
    "lib/src/sql/render.ts → lib/src/contracts/table.ts",
    "lib/src/sql/render.ts → lib/src/sql/statement.ts",
    "lib/src/sql/statement.ts → lib/src/contracts/table.ts",
    "lib/src/sql/statement.ts → lib/src/session/session.ts",
  ] as string[],
  unused: [
    "build/src/bundle/sql/order.ts: Passage",
    "build/src/bundle/sql/order.ts: isPreparation",
    "build/src/bundle/sql/order.ts: keptBy",
    "build/src/bundle/sql/order.ts: withAfterImages",
    "build/src/bundle/sql/order.ts: withExpression",
    "build/src/bundle/sql/order.ts: withoutSmallStages",
    "build/src/bundle/sql/step.ts: loadStatements",
    "build/src/changed/changed.ts: ChangedStep",
    "build/src/commands/deploy.ts: DeployCommand",
    "build/src/commands/generate.ts: GenerateCommand",
    "build/src/commands/jupyter.ts: JupyterMissing",
    "build/src/commands/jupyter.ts: openJupyter",
    "build/src/commands/serve.ts: defaultPort",
    "build/src/commands/stream.ts: StreamCommand",
    "build/src/compile/lineage/follow.ts: LineageEdge",
    "build/src/compile/lineage/follow.ts: LineageNode",
    "build/src/compile/lineage/follow.ts: edgesOf",
    "build/src/compile/lineage/select.ts: Node",
    "build/src/compile/lineage/select.ts: Rows",
    "build/src/compile/lineage/select.ts: Tables",
    "build/src/compile/lineage/select.ts: bodyOf",
    "build/src/compile/lineage/select.ts: columnAliases",
    "build/src/compile/lineage/select.ts: isBody",
    "build/src/compile/lineage/select.ts: named",
    "build/src/compile/lineage/select.ts: nodes",
    "build/src/compile/lineage/select.ts: rowsOfSelect",
    "build/src/diff/report.ts: isSame",
    "build/src/docs/assets.ts: DocsAssets",
    "build/src/docs/assets.ts: browserScript",
    "build/src/docs/browser/lineage-columns.ts: Column",
    "build/src/docs/evidence.ts: TestReport",
    "build/src/docs/evidence.ts: idsIn",
    "build/src/docs/facts.ts: StepFact",
    "build/src/docs/guides.ts: pictureFile",
    "build/src/docs/guides.ts: pictureFrom",
    "build/src/docs/highlight.ts: Kind",
    "build/src/docs/highlight.ts: Language",
    "build/src/docs/highlight.ts: Token",
    "build/src/docs/highlight.ts: sqlInTypescript",
    "build/src/docs/lineage-graph.ts: LineageLine",
    "build/src/docs/markdown.ts: MarkdownOptions",
    "build/src/docs/markdown.ts: Rendered",
    "build/src/docs/markdown.ts: freeId",
    "build/src/docs/page.ts: Frame",
    "build/src/docs/page.ts: Section",
    "build/src/run/latency.ts: Latencies",
    "build/src/run/openlineage/record-run.ts: LineageRecord",
    "build/src/run/run.ts: RunOptions",
    "build/src/run/run.ts: StepStatus",
    "build/src/run/stream.ts: StreamOptions",
    "build/src/site/browser-build.ts: Scripts",
    "build/src/site/site.ts: Beside",
    "build/src/site/site.ts: Site",
    "build/src/text.ts: firstSentence",
    "lib/src/compile/request.ts: Target",
    "lib/src/compile/request.ts: columnsWanted",
    "lib/src/dashboard/drawing.ts: ChartOptions",
    "lib/src/dashboard/drawing.ts: Span",
    "lib/src/dashboard/drawing.ts: TableOptions",
    "lib/src/dashboard/export-task.ts: snapshotVolume",
    "lib/src/dashboard/export.ts: pageOf",
    "lib/src/dashboard/page-surface.ts: Stage",
    "lib/src/display/failure.ts: SqlPlace",
    "lib/src/display/failure.ts: excerpt",
    "lib/src/display/failure.ts: failureText",
    "lib/src/display/words.ts: count",
    "lib/src/engine/databricks/copy-into.ts: FileReader",
    "lib/src/engine/databricks/dialect.ts: incomingTable",
    "lib/src/engine/databricks/values.ts: columnType",
    "lib/src/engine/duckdb/csv.ts: CsvLoad",
    "lib/src/engine/duckdb/dialect.ts: sqlType",
    "lib/src/engine/duckdb/engine.ts: DuckdbOptions",
    "lib/src/engine/duckdb/envelopes.ts: EnvelopeLoad",
    "lib/src/run/step.ts: where",
    "lib/src/run/warehouse.ts: StepRun",
    "lib/src/session/execute.ts: Compiler",
    "lib/src/session/task.ts: TaskOptions",
    "lib/src/settings.ts: Workspace",
    "lib/src/sql/parse.ts: SqlNode",
  ] as string[],
  names: ["engine.ts"] as string[],
  longLines: [
    "build/src/bundle/sql/prepare.ts: 4",
    "build/src/bundle/sql/records.ts: 1",
    "build/src/commands/generate.ts: 1",
    "build/src/commands/jupyter.ts: 1",
    "build/src/commands/run-changed.ts: 1",
    "build/src/commands/site.ts: 1",
    "build/src/commands/start.ts: 1",
    "build/src/commands/stream.ts: 2",
    "build/src/diff/diff-table.ts: 1",
    "build/src/diff/report.ts: 1",
    "build/src/docs/evidence.ts: 1",
    "build/src/docs/home-page.ts: 4",
    "build/src/docs/lineage-page.ts: 7",
    "build/src/docs/notebook-page.ts: 1",
    "build/src/docs/outputs.ts: 2",
    "build/src/docs/requirements-page.ts: 4",
    "build/src/docs/table-page.ts: 3",
    "build/src/run/print.ts: 2",
    "build/src/site/layout.ts: 2",
    "build/src/text.ts: 1",
    "lib/src/engine/databricks/cold-start.ts: 1",
    "lib/src/engine/databricks/copy-into.ts: 3",
    "lib/src/engine/databricks/dialect.ts: 1",
    "lib/src/engine/databricks/envelopes.ts: 1",
    "lib/src/engine/dialect.ts: 2",
    "lib/src/engine/duckdb/csv.ts: 1",
    "lib/src/engine/duckdb/functions.ts: 1",
    "lib/src/run/step.ts: 1",
    "lib/src/session/task.ts: 1",
  ] as string[],
};

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
    expect(texts(upwards)).toEqual(known.upwards);
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
    expect(texts(arrows.filter(({ file, from }) => behind.get(from)?.has(file)))).toEqual(known.circles);
  });

  it("export only what another file imports", () => {
    const used = new Set<string>();
    for (const { from, names } of modules.flatMap(({ imports }) => imports))
      for (const name of names === "all" ? ["*"] : names) used.add(`${from}: ${name}`);
    const unused = sources
      .filter(({ file }) => !notebookApi.has(file) && !used.has(`${file}: *`))
      .flatMap(({ file, exports }) => exports.map((name) => `${file}: ${name}`));
    expect(unused.filter((name) => !used.has(name)).toSorted()).toEqual(
      [...known.unused, ...forPrograms].toSorted(),
    );
  });

  it("share their name with two others at most", () => {
    const names = sources.map(({ file }) => path.basename(file)).toSorted();
    const often = names.filter((name, at) => name === names[at + 3]);
    expect([...new Set(often)]).toEqual(known.names);
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
    ).toEqual(known.longLines);
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
