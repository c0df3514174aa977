import { landingFolderOf, type LandingFolder, type Plan, type Tables } from "shopmetrics/plan";

/** The folders of the landing folder from which steps load. */
export function landingFolders(graph: {
  readonly plans: readonly Plan[];
  readonly tables: Tables;
}): ReadonlyMap<string, LandingFolder> {
  // Programs load too, but their plans do not say from where: a bronze table is called after its folder.
  const bronze = [...graph.tables.values()].filter(({ layer }) => layer === "bronze");
  const loads = graph.plans.flatMap(({ items }) => items.flatMap(({ load }) => load ?? []));
  return new Map([
    ...loads.map(({ folder, format }) => [folder, { format }] as const),
    ...bronze.map(({ name, options: { files: format = "csv", landsItself } }) => {
      return [landingFolderOf(name), { format, ...(landsItself && { landsItself }) }] as const;
    }),
  ]);
}
