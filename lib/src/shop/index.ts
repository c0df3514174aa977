import * as ops from "../contracts/ops.js";
import { tablesOf } from "../contracts/table.js";
import type { Project } from "../plan/project.js";
import * as bronze from "./bronze.js";
import { databaseTableNames, routeOf, topicOf } from "./database.js";
import { clickstreamMessages } from "./event.js";
import * as gold from "./gold.js";
import { jobs, localOnlyJobs, mostTasksAtOnce } from "./jobs.js";
import { lakeview } from "./lakeview.js";
import * as silver from "./silver.js";

export { bronze, gold, ops, silver };

/** All tables of the shop, and the tables that hold the records of runs. */
export const tables = tablesOf(bronze, silver, gold, ops);

/** What the shop declares in addition to its notebooks. */
export const shop: Project = {
  tables,
  jobs,
  localOnlyJobs,
  mostTasksAtOnce,
  lakeview,
  topics: { "clickstream-events": clickstreamMessages },
  followed: ({ changeTopics }) =>
    databaseTableNames
      .filter((name) => routeOf(name) === "changes")
      .map((name) => ({ ...topicOf(name, changeTopics), step: "bronze.database" })),
};
