import { createHash } from "node:crypto";
import {
  compileStep,
  literals,
  useSession,
  misfitOf,
  partsOf,
  type Asked,
  type CompiledItem,
  type Item,
  type Place,
  type Plan,
  type Session,
  type Statement,
  type Tables,
  type UnitTest,
  type VerbRequest,
} from "shopmetrics/plan";
import { allEngines, SqlError, type EngineAdapter } from "shopmetrics/engine";
import { NotebookError } from "../notebook/error.js";
import { importModule } from "../notebook/execute.js";
import { locateStack } from "../notebook/location.js";
import type { BundledNotebook } from "../notebook/plugin.js";
import type { Notebook } from "../notebook/parse.js";
import { stepName } from "../notebook/front-matter.js";

/** A unit test with its place in a notebook. */
export interface PlacedTest {
  readonly step: string;
  readonly place: Place;
  readonly test: UnitTest;
}

/** A recorded step: its plan, and what a check of its shape needs. */
export interface Recording {
  readonly plan: Plan;
  /** Its unit tests, which are no part of the plan. */
  readonly tests: readonly PlacedTest[];
  readonly shapes: ReadonlyMap<Item, NonNullable<CompiledItem["shape"]>>;
  /** The place of a text of an item's statement, in the item's cell or in the last cell before it. */
  readonly find: (text: string, item: Item) => Place | undefined;
}

/**
 * Runs a notebook's module against a session that writes down what it asks for, and makes it a plan. Touches no
 * database. A Node step is not run: its front matter says what it reads and writes.
 *
 * @throws NotebookError with cell and line
 */
export async function record(
  bundled: BundledNotebook,
  translate: EngineAdapter["translate"],
  tables: Tables = new Map(),
  { engines = allEngines(), root }: { engines?: readonly EngineAdapter[]; root?: string } = {},
): Promise<Recording> {
  const { notebook } = bundled;
  if (notebook.front.runtime === "node")
    return { plan: nodePlan(notebook), tests: [], shapes: new Map(), find: () => undefined };
  const asked = await listen(bundled, root);
  const recording = await planOf(notebook, asked, { translate, tables: [...tables.keys()], engines });
  for (const { place, test } of recording.tests) {
    const misfit = misfitOf(recording.plan, test, tables);
    if (misfit) throw new NotebookError(place, misfit);
  }
  return recording;
}

interface Heard {
  readonly tests: readonly PlacedTest[];
  readonly requests: readonly Asked[];
  readonly places: ReadonlyMap<Statement, Place>;
}

async function listen(bundled: BundledNotebook, root: string | undefined): Promise<Heard> {
  const { notebook } = bundled;
  const requests: Asked[] = [];
  const tests: PlacedTest[] = [];
  const places = new Map<Statement, Place>();
  const here = (): Place | undefined => {
    const found = locateStack(new Error("place"));
    return found && { path: found.path, cell: found.cell, line: found.line };
  };
  const session: Session = {
    ...(root !== undefined && { root }),
    async submit(request: VerbRequest) {
      requests.push({ request, place: here() });
      return undefined;
    },
    async test(test) {
      tests.push({
        step: stepName(notebook.path),
        place: here() ?? { path: notebook.path, cell: 1, line: 1 },
        test,
      });
    },
    describe(statement) {
      const place = here();
      if (place) places.set(statement, place);
      return statement;
    },
    name(statement, variable) {
      const place = places.get(statement);
      const named = { ...statement, name: snakeCase(variable) };
      if (place) places.set(named, place);
      return named;
    },
    world(what) {
      throw new NotebookError(
        here() ?? { path: notebook.path },
        `${what} reads the world, but a step that is only SQL is known before it runs`,
        "Leave the value to SQL, or put `runtime: node` into the notebook's front matter.",
      );
    },
  };
  const restore = useSession(session);
  try {
    await importModule(bundled);
  } finally {
    restore();
  }
  refuseMixture(notebook, requests);
  return { requests, places, tests };
}

/** A page queries and draws; it keeps no table. A step keeps tables; its rows are no page's. */
function refuseMixture({ path, front }: Notebook, requests: readonly Asked[]): void {
  const isPage = front.runtime === "page";
  const names = new Set<string>();
  for (const { request, place } of requests) {
    const snapshot = "snapshot" in request ? request.snapshot : undefined;
    if (isPage !== Boolean(snapshot)) {
      const problem = isPage ? `a page can't ${request.kind}` : `query "${snapshot?.name}" is for pages`;
      const next = isPage
        ? "Ask by `query`; what is to be kept belongs into a step of its own."
        : "Say `runtime: page` in the front matter of a page of the dashboard.";
      if (!isPage && !snapshot) continue;
      throw new NotebookError(place ?? { path }, problem, next);
    }
    if (snapshot && names.has(snapshot.name))
      throw new NotebookError(
        place ?? { path },
        `two queries are called "${snapshot.name}"`,
        "Give each its own name.",
      );
    if (snapshot) names.add(snapshot.name);
  }
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function planOf(
  notebook: Notebook,
  { requests, places, tests }: Heard,
  {
    translate,
    tables,
    engines,
  }: { translate: EngineAdapter["translate"]; tables: readonly string[]; engines: readonly EngineAdapter[] },
): Promise<Recording> {
  const made = await compileStep(requests, {
    targets: engines.map((engine) => ({ ...engine, ...(engine.translates && { translate }) })),
    literal: literals(),
    tables,
    placeOf: (statement) => places.get(statement),
    failed: (error, place) => located(notebook, place, error),
  });
  const seen = made.flatMap(({ item: { place, table }, reads: tables }) =>
    place ? [...tables, ...(table ? [table] : [])].map((name) => ({ table: name, place })) : [],
  );
  const parts = partsOf(
    requests.map(({ request }) => request),
    made,
  );
  const plan = {
    ...headOf(notebook),
    reads: parts.reads,
    writes: parts.writes,
    sources: [...new Set(parts.items.flatMap(({ load }) => (load ? [`landing/${load.folder}`] : [])))],
    changes: parts.changes,
    takes: parts.takes,
    ...(parts.hasSeed && { hasSeed: parts.hasSeed }),
    places: Object.fromEntries(seen.toReversed().map(({ table, place }) => [table, place])),
    params: parts.params,
    items: parts.items,
  };
  return {
    plan: { ...plan, fingerprint: fingerprintOf(plan) },
    tests,
    find: (text, item) => placeOfText(notebook, text, item.place),
    shapes: new Map(made.flatMap(({ item, shape }) => (shape ? [[item, shape] as const] : []))),
  };
}

/** Gives an error of the SQL its cell and line: that of the text it speaks of where it stands in a cell, else the item's. */
function located(notebook: Notebook, place: Place | undefined, error: unknown): unknown {
  if (!(error instanceof SqlError)) return error;
  const at = (error.text && placeOfText(notebook, error.text, place)) || place || { path: notebook.path };
  return new NotebookError(at, error.message, "Correct the SQL and compile again.", { cause: error });
}

/** Where a line of SQL stands: in the item's own cell, else in the last cell before it that has the line. */
function placeOfText(notebook: Notebook, text: string, place: Place | undefined): Place | undefined {
  const cells = notebook.cells.filter(
    ({ kind, number }) => kind === "code" && number <= (place?.cell ?? Infinity),
  );
  for (const { source, number } of cells.toReversed()) {
    const line = source.split("\n").findIndex((content) => content.includes(text));
    if (line >= 0) return { path: notebook.path, cell: number, line: line + 1 };
  }
  return undefined;
}

function headOf({ path, front }: Notebook) {
  return {
    step: stepName(path),
    notebook: path,
    title: front.title,
    jobs: front.job,
    runtime: front.runtime,
  };
}

function nodePlan(notebook: Notebook): Plan {
  const { reads = [], writes = [], sources = [], failsAlone } = notebook.front;
  const plan = {
    ...headOf(notebook),
    ...(failsAlone && { failsAlone }),
    reads,
    writes,
    sources,
    changes: [],
    takes: [],
    places: {},
    params: [],
    items: [],
  };
  return {
    ...plan,
    fingerprint: fingerprintOf({ ...plan, source: notebook.cells.map(({ source }) => source) }),
  };
}

/** Changes when the step's meaning changes, not when its prose or its place in the file does. */
function fingerprintOf(plan: object): string {
  const text = JSON.stringify(plan, (key, value: unknown) => (unmeaning.has(key) ? undefined : value));
  return createHash("sha256").update(text).digest("hex");
}

/** What the statements hold too. */
const unmeaning = new Set(["place", "places", "select", "by", "deleted", "raw", "before", "sources"]);
