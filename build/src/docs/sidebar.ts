import { layers } from "../compile/graph.js";
import {
  dictionaryPage,
  docsHome,
  figuresPage,
  guidePage,
  lineagePage,
  notebookPage,
  pipelinePage,
  requirementsPage,
  tablePage,
} from "./addresses.js";
import { guideTitle } from "./guides.js";
import type { Docs } from "./model.js";
import type { SidebarGroup } from "./page.js";

/** The links beside every page: overviews, notebooks and tables by layer, guides. */
export function sidebarOf(docs: Docs): SidebarGroup[] {
  return [
    {
      title: "",
      parts: [
        {
          links: [
            { path: docsHome, title: "Start here" },
            { path: pipelinePage, title: "Pipeline" },
            { path: dictionaryPage, title: "Data dictionary" },
            { path: lineagePage, title: "Lineage" },
            { path: requirementsPage, title: "Requirements" },
          ],
        },
      ],
    },
    {
      title: "Figures",
      parts: [
        {
          links: [...docs.dashboard.values()].map(({ step, title }) => ({ path: figuresPage(step), title })),
        },
      ],
    },
    {
      title: "Notebooks",
      parts: byLayer(docs.plans, ({ step }) => step).map(([layer, plans]) => ({
        title: layer,
        links: plans.map(({ step, title }) => ({ path: notebookPage(step), title })),
      })),
    },
    {
      title: "Tables",
      parts: byLayer([...docs.tables.values()], ({ name }) => name).map(([layer, tables]) => ({
        title: layer,
        links: tables.map(({ name }) => ({
          path: tablePage(name),
          title: name.slice(layer.length + 1),
          isCode: true,
        })),
      })),
    },
    {
      title: "Guides",
      parts: [
        {
          links: [...docs.guides].map(([file, text]) => ({
            path: guidePage(file),
            title: guideTitle(file, text),
          })),
        },
      ],
    },
  ];
}

/** Things grouped by the layer that begins their names, layers in the order of the pipeline. */
export function byLayer<T>(things: readonly T[], nameOf: (thing: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const thing of things) {
    const layer = nameOf(thing).split(".")[0]!;
    found.set(layer, [...(found.get(layer) ?? []), thing]);
  }
  return [...found].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}

/** Landed files have no steps; in the lineage they come before all layers. */
const order = ["landing", ...layers];
