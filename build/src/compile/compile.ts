import path from "node:path";
import type { Project } from "shopmetrics/plan";
import { settings } from "shopmetrics/settings";
import { readFile, readdir } from "node:fs/promises";
import { cached, keyOf } from "../cache.js";
import { type Graph, graphOf, refuseUnwritten } from "./graph.js";
import type { TableLineage } from "./lineage/columns.js";
import type { PlacedTest } from "./record.js";
import type { Program } from "../notebook/execute.js";

/** All notebooks compiled. */
export interface Compiled extends Graph, Project {
  /** Hash of all that the compilation depends on: notebooks, their CSV files and settings, compiler, library and installed packages. */
  readonly key: string;
  /** Whether it was remembered from an earlier compilation of the same sources. */
  readonly remembered: boolean;
  /** The code of the steps that are programs. */
  readonly programs: readonly Program[];
  /** The unit tests of the notebooks, in the order in which they stand there. */
  readonly tests: readonly PlacedTest[];
  /** What each table's columns come from. */
  readonly lineage: readonly TableLineage[];
}

/** The notebooks of a project, as paths relative to its root, in the order of their names. Drafts are none of it. */
export const findNotebooks = async (root: string): Promise<string[]> =>
  (await filesOf(root, ".ipynb")).filter((name) => !isDraft(name));

/** New notebooks that nobody has given a name yet. */
export const findDrafts = async (root: string): Promise<string[]> =>
  (await filesOf(root, ".ipynb")).filter(isDraft);

const isDraft = (name: string) => /(?:^|\/)Untitled\d*\.ipynb$/.test(name);

/** The files beside the notebooks and below, by their ending: the notebooks, and the small CSV files that they read by `seed`. */
async function filesOf(root: string, ending: ".ipynb" | ".csv"): Promise<string[]> {
  const found = await readdir(path.join(root, "notebooks"), { recursive: true, withFileTypes: true });
  return found
    .filter(
      (entry) =>
        entry.isFile() && entry.name.endsWith(ending) && !entry.parentPath.includes(".ipynb_checkpoints"),
    )
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
    .toSorted();
}

/**
 * Compiles all notebooks into plans and their graph. Remembers the answer for as long as notebooks, their CSV files, the settings that
 * they bind and the compiler are the same, so that a run need not load the compiler.
 *
 * @throws NotebookError, or an AggregateError of several
 */
export async function compile(
  root: string,
  project: Project,
  options: { fresh?: boolean } = {},
): Promise<Compiled> {
  const paths = await findNotebooks(root);
  const sources = [...paths, ...(await filesOf(root, ".csv"))];
  const texts = await Promise.all(sources.map((name) => readFile(path.join(root, name), "utf8")));
  // What notebooks bind as values: how figures are made and shown.
  const { look, business } = settings();
  const inputs = [
    JSON.stringify({ look, business }),
    ...sources.flatMap((name, index) => [name, texts[index]!]),
  ];
  const { answer, remembered } = await cached(
    "plans",
    inputs,
    async (): Promise<Made> => {
      const { compileNotebooks } = await import("./compile-notebooks.js");
      const { plans, ...rest } = await compileNotebooks(root, paths, project.tables);
      return { plans: graphOf(plans).plans, ...rest };
    },
    options,
  );
  const { plans, ...rest } = answer;
  refuseUnwritten(plans, project.tables);
  return { ...graphOf(plans), ...rest, ...project, key: await keyOf(inputs), remembered };
}

type Made = Pick<Compiled, "plans" | "programs" | "lineage" | "tests">;
