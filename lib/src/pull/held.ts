import type { Table } from "../contracts/table.js";
import { sqlOf } from "../sql/statement.js";
import { rows } from "../verbs/read.js";
import type { Cursor, Slice } from "./cursor.js";

/** How a table holds objects. */
export interface Objects {
  readonly into: Table;
  /** The columns that name an object. */
  readonly key: readonly string[];
  readonly cursor: Cursor;
  /** The column that differs when an object has changed. */
  readonly version: string;
}

/** What a table holds of an API's objects: where to continue, and what need not land again. */
interface Held {
  /** How many rows came from files that were pulled. */
  readonly pulled: number;
  /** The newest object's instant among these, in seconds since 1970. */
  readonly newest: number | undefined;
  /** The versions of the objects that could not be read. */
  readonly unreadable: ReadonlySet<string>;
  /** The version of each object of a slice that was loaded last, by its name. */
  versions(slice: Slice): Promise<Map<string, string>>;
}

/** @param prefix how the files begin that were pulled, such as `stripe_charges/pull-` */
export async function heldOf({ into, key, cursor, version }: Objects, prefix: string): Promise<Held> {
  const { column } = cursor;
  const isPulled = sqlOf(["startswith(source_file, ", ")"], prefix);
  const [summary] = await rows(
    sqlOf(
      [
        "select count(case when ",
        " then 1 end) as pulled, max(case when ",
        ` then ${column} end) as newest, max(${column}) as newest_of_all from `,
        "",
      ],
      isPulled,
      isPulled,
      into,
    ),
  );
  const versionOf = `md5(coalesce(${version}, '')) as version`;
  const strange = await rows(sqlOf([`select distinct ${versionOf} from `, ` where ${key[0]} is null`], into));
  const { pulled, newest, newest_of_all: newestOfAll } = summary!;
  return {
    pulled: Number(pulled),
    newest: newest === null ? undefined : cursor.seconds(String(newest)),
    unreadable: new Set(strange.map((row) => String(row["version"]))),
    async versions({ from, to }) {
      if (newestOfAll === null || String(newestOfAll) < cursor.text(from)) return new Map();
      const found = await rows(
        sqlOf(
          [
            `select ${key.join(", ")}, ${versionOf} from `,
            ` where ${column} >= `,
            ` and ${column} < `,
            " order by source_load, source_row",
          ],
          into,
          cursor.text(from),
          cursor.text(to),
        ),
      );
      return new Map(found.map((row) => [nameOf(key, row), String(row["version"])]));
    },
  };
}

/** The name of an object: the values of its key. */
export const nameOf = (key: readonly string[], row: Readonly<Record<string, unknown>>) =>
  JSON.stringify(key.map((column) => row[column]));
