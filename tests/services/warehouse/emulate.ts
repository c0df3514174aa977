import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { copyInto } from "./copy-into.ts";
import { lastWrite, newest, version } from "./delta-log.ts";
import type { SparkSession } from "./spark-session.ts";
import { bare, quoted, replaceInCode, unquoted } from "./sql.ts";
import { exists, tableFolder, volumeFile, volumeFolder, type OwnResult, type World } from "./world.ts";

type Emulation = (world: World, session: SparkSession, groups: string[], sql: string) => Promise<OwnResult>;

const NAME = String.raw`[\w\x60]+(?:\.[\w\x60]+)*`;
const TEXT = String.raw`'(?:[^'\\]|\\.)*'`;
const done: OwnResult = { columns: [], rows: [] };

const emulations: readonly (readonly [RegExp, Emulation])[] = [
  [
    /^(?:use|set)\s+catalog\s+[`']?(\w+)[`']?$/i,
    async (world, _, [name]) => {
      if (name !== world.catalog)
        throw new Error(`[NO_SUCH_CATALOG_EXCEPTION] Catalog '${name}' was not found. SQLSTATE: 42704`);
      return done;
    },
  ],
  [/^create\s+catalog\s+(?:if\s+not\s+exists\s+)?[`']?\w+/i, async () => done],
  [
    new RegExp(
      String.raw`^alter\s+(table|view|schema|volume|catalog)\s+(${NAME})\s+(?:alter\s+column\s+(${NAME})\s+)?(un)?set\s+tags\s*\(`,
      "i",
    ),
    async (world, session, [kind, name, column, un], sql) => {
      if (/table|view/i.test(kind!)) await session.rows(`select ${column ?? "1"} from ${name} limit 0`);
      const place = [name!, ...(column ? [column] : [])].join(".").toLowerCase();
      const given = world.tags.get(place) ?? new Map<string, string>();
      world.tags.set(place, given);
      for (const [, tag, value] of sql.matchAll(new RegExp(`(${TEXT})(?:\\s*=\\s*(${TEXT}))?`, "g")))
        if (un) given.delete(unquoted(tag!));
        else given.set(unquoted(tag!), unquoted(value ?? "''"));
      return done;
    },
  ],
  [
    new RegExp(String.raw`^create\s+(?:external\s+)?volume\s+(?:if\s+not\s+exists\s+)?(${NAME})`, "i"),
    async (world, _, [name]) => {
      await mkdir(volumeFolder(world, name!), { recursive: true });
      return done;
    },
  ],
  [
    new RegExp(String.raw`^drop\s+volume\s+(?:if\s+exists\s+)?(${NAME})$`, "i"),
    async (world, _, [name]) => {
      await rm(volumeFolder(world, name!), { recursive: true, force: true });
      return done;
    },
  ],
  [
    new RegExp(String.raw`^put\s+(${TEXT})\s+into\s+(${TEXT})(\s+overwrite)?$`, "i"),
    async (world, _, [local, remote, overwrite]) => {
      const file = await volumeFile(world, unquoted(remote!));
      if (!overwrite && (await exists(file))) {
        throw new Error(`[STAGING_FILE_ALREADY_EXISTS] ${unquoted(remote!)} already exists.`);
      }
      return ticket(world, "PUT", file, unquoted(local!));
    },
  ],
  [
    new RegExp(String.raw`^get\s+(${TEXT})\s+to\s+(${TEXT})$`, "i"),
    async (world, _, [remote, local]) =>
      ticket(world, "GET", await volumeFile(world, unquoted(remote!)), unquoted(local!)),
  ],
  [
    new RegExp(String.raw`^remove\s+(${TEXT})$`, "i"),
    async (world, _, [remote]) => ticket(world, "REMOVE", await volumeFile(world, unquoted(remote!)), null),
  ],
  [
    new RegExp(String.raw`^list\s+(${TEXT})$`, "i"),
    async (world, _, [remote]) => {
      const folder = await volumeFile(world, unquoted(remote!));
      const names = (await exists(folder)) ? await readdir(folder) : [];
      const rows = names
        .toSorted()
        .map(async (name) => [
          path.posix.join(unquoted(remote!), name),
          name,
          BigInt((await stat(path.join(folder, name))).size),
        ]);
      const columns = [
        { name: "path", type: "string" },
        { name: "name", type: "string" },
        { name: "size", type: "bigint" },
      ] as const;
      return { columns, rows: await Promise.all(rows) };
    },
  ],
  [
    /^execute\s+immediate\s+(\w+)$/i,
    async (world, session, [variable]) => {
      const [[text] = []] = await session.rows(`select ${variable}`);
      const own = emulation(world, session, text ?? "");
      if (own) return own;
      await session.rows(text ?? "");
      return done;
    },
  ],
  [/^copy\s+into\b/i, async (world, session, _, sql) => counts(await copyInto(world, session, sql), 0n)],
  [
    new RegExp(String.raw`^insert\s+(?:into|overwrite)\s+(?:table\s+)?(${NAME})`, "i"),
    async (world, session, [name], sql) => {
      const folder = tableFolder(world, name!);
      const before = await version(folder);
      const { handle, columns } = await session.run(sql);
      await session.close(handle);
      if (columns.length) return done;
      // No rows, no commit.
      return counts((await version(folder)) === before ? 0n : await lastWrite(folder));
    },
  ],
];

/** The gateway's own answer to a statement that Spark lacks or answers otherwise; nothing for any other. */
export function emulation(world: World, session: SparkSession, sql: string): Promise<OwnResult> | undefined {
  const statement = bare(sql);
  for (const [pattern, emulate] of emulations) {
    const match = pattern.exec(statement);
    if (match) return emulate(world, session, match.slice(1), statement);
  }
  return undefined;
}

const schemaViews = {
  schemata: ["catalog_name", "schema_name"],
  tables: ["table_catalog", "table_schema", "table_name", "table_type", "comment"],
  columns: ["table_catalog", "table_schema", "table_name", "column_name", "data_type", "comment"],
  table_tags: ["catalog_name", "schema_name", "table_name", "tag_name", "tag_value"],
  column_tags: ["catalog_name", "schema_name", "table_name", "column_name", "tag_name", "tag_value"],
} as const;

type SchemaView = keyof typeof schemaViews;

/** Puts what there is in place of the views of `information_schema`. */
export async function withInformationSchema(
  world: World,
  session: SparkSession,
  sql: string,
): Promise<string> {
  let text = sql;
  for (const view of Object.keys(schemaViews) as SchemaView[]) {
    const pattern = String.raw`(?<![\w.])information_schema\s*\.\s*${view}\b`;
    let asked = false;
    replaceInCode(text, pattern, (match) => ((asked = true), match));
    if (!asked) continue;
    const names = schemaViews[view].join(", ");
    const rows = (await described(world, session, view, /\bcomment\b/i.test(sql))).map(
      (row) =>
        `(${row.map((value) => (value === null ? "cast(null as string)" : quoted(value))).join(", ")})`,
    );
    const values = rows.length
      ? `select * from values ${rows.join(", ")} as ${view}(${names})`
      : `select ${schemaViews[view].map((name) => `'' as ${name}`).join(", ")} where false`;
    text = replaceInCode(text, pattern, () => `(${values})`);
  }
  return text;
}

/** @param withComments whether comments of tables are asked for, which is a statement for each */
async function described(
  world: World,
  session: SparkSession,
  view: SchemaView,
  withComments: boolean,
): Promise<(string | null)[][]> {
  if (view === "table_tags" || view === "column_tags")
    return [...world.tags].flatMap(([place, tags]) => {
      const parts = place.split(".");
      const fits = parts.length === (view === "table_tags" ? 2 : 3);
      return fits ? [...tags].map(([tag, value]) => [world.catalog, ...parts, tag, value]) : [];
    });
  const schemas = await session.rows("show schemas");
  if (view === "schemata") return schemas.map(([schema]) => [world.catalog, schema!]);
  const rows: (string | null)[][] = [];
  for (const [schema] of schemas)
    for (const [, table, isTemporary] of await session.rows(`show tables in ${schema}`)) {
      if (isTemporary === "true") continue;
      const name = `${schema}.${table}`;
      if (view === "tables") {
        const all = withComments ? await session.rows(`describe table extended ${name}`) : [];
        const comment = all.findLast(([word]) => word === "Comment")?.[1] ?? null;
        rows.push([world.catalog, schema!, table!, "MANAGED", comment]);
      } else rows.push(...(await columnsOf(world, session, schema!, table!)));
    }
  return rows;
}

async function columnsOf(world: World, session: SparkSession, schema: string, table: string) {
  const name = `${schema}.${table}`;
  const is = await newest(tableFolder(world, name));
  const known = world.columns.get(name);
  if (known && is !== undefined && known.newest === is) return known.rows;
  const rows: (string | null)[][] = [];
  for (const [column, type, comment] of await session.rows(`describe ${name}`)) {
    if (!column || column.startsWith("#")) break; // partitions and clustering repeat columns below
    rows.push([world.catalog, schema, table, column, type!, comment ?? null]);
  }
  world.columns.set(name, { newest: is, rows });
  return rows;
}

const counts = (rows: bigint, skipped?: bigint): OwnResult => ({
  columns: [
    "num_affected_rows",
    "num_inserted_rows",
    ...(skipped === undefined ? [] : ["num_skipped_corrupt_files"]),
  ].map((name) => ({ name, type: "bigint" })),
  rows: [[rows, rows, ...(skipped === undefined ? [] : [skipped])]],
});

function ticket(
  world: World,
  operation: "PUT" | "GET" | "REMOVE",
  file: string,
  local: string | null,
): OwnResult {
  const id = randomUUID();
  world.tickets.set(id, { method: operation === "REMOVE" ? "DELETE" : operation, file });
  return {
    columns: [
      { name: "operation", type: "string" },
      { name: "localFile", type: "string" },
      { name: "presignedUrl", type: "string" },
      { name: "headers", type: "map" },
    ],
    rows: [[operation, local, `${world.origin()}/staging/${id}`, "{}"]],
    staging: true,
  };
}
