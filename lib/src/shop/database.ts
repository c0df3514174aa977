import { InputError } from "../errors.js";
import { arrivedColumns } from "../plan/kept-columns.js";
import { extract } from "../postgres/extract.js";
import { settings as settingsInForce, type PostgresSettings, type Route } from "../settings.js";
import { load } from "../verbs/load.js";
import * as bronze from "./database-bronze.js";
import { databaseTables, type DatabaseTable } from "./database-bronze.js";

const tableNames = Object.keys(databaseTables) as DatabaseTable[];

/** How the rows of a table come in, by POSTGRES_ROUTE. @throws InputError when that names a table that no database brings */
export function routeOf(name: DatabaseTable): Route {
  const { routes } = settingsInForce().business;
  const unknown = [...routes.keys()].find((key) => key !== "" && !(key in databaseTables));
  if (unknown !== undefined)
    throw new InputError(
      `POSTGRES_ROUTE names the table ${unknown}. The tables of the shop's database are ${tableNames.join(", ")}.`,
    );
  return routes.get(name) ?? routes.get("") ?? "exports";
}

/**
 * Loads what has landed of the shop's database, then lands and loads what is new there, for the tables that POSTGRES_ROUTE says are read
 * from it. Without settings it only loads.
 *
 * @throws InputError naming what the database lacks or refuses; ServiceDown when it does not answer
 */
export async function landDatabase(postgres: PostgresSettings | undefined): Promise<void> {
  for (const name of tableNames) await load(bronze[`${name}_changes`], { from: `${name}_changes` });
  if (!postgres) return;
  const asked = tableNames.flatMap((table) => {
    const route = routeOf(table);
    if (route !== "full" && route !== "incremental") return [];
    const { exported, key, leaves } = databaseTables[table];
    const columns = arrivedColumns(exported).flatMap((column) =>
      column.name === "_rescued_data" ? [] : column.name,
    );
    return { table, key, columns, leaves, into: bronze[`${table}_changes`], route };
  });
  if (asked.length > 0) await extract(postgres, asked);
}
