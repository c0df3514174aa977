import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { copyInto } from "./copy-into.ts";
import { lastWrite, version } from "./delta-log.ts";
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
      String.raw`^alter\s+(table|view|schema|volume|catalog)\s+(${NAME})\s+(?:alter\s+column\s+(${NAME})\s+)?(?:un)?set\s+tags\s*\(`,
      "i",
    ),
    async (_, session, [kind, name, column]) => {
      if (/table|view/i.test(kind!)) await session.rows(`select ${column ?? "1"} from ${name} limit 0`);
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
  tables: ["table_catalog", "table_schema", "table_name", "table_type"],
  columns: ["table_catalog", "table_schema", "table_name", "column_name", "data_type"],
} as const;

/** Puts what there is in place of `information_schema.tables` and `information_schema.columns`. */
export async function withInformationSchema(
  world: World,
  session: SparkSession,
  sql: string,
): Promise<string> {
  let text = sql;
  for (const view of ["tables", "columns"] as const) {
    const pattern = String.raw`(?<![\w.])information_schema\s*\.\s*${view}\b`;
    let asked = false;
    replaceInCode(text, pattern, (match) => ((asked = true), match));
    if (!asked) continue;
    const names = schemaViews[view].join(", ");
    const rows = (await described(world, session, view)).map((row) => `(${row.map(quoted).join(", ")})`);
    const values = rows.length
      ? `select * from values ${rows.join(", ")} as ${view}(${names})`
      : `select ${schemaViews[view].map((name) => `'' as ${name}`).join(", ")} where false`;
    text = replaceInCode(text, pattern, () => `(${values})`);
  }
  return text;
}

async function described(
  world: World,
  session: SparkSession,
  view: keyof typeof schemaViews,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [schema] of await session.rows("show schemas"))
    for (const [, table, isTemporary] of await session.rows(`show tables in ${schema}`)) {
      if (isTemporary === "true") continue;
      if (view === "tables") rows.push([world.catalog, schema!, table!, "MANAGED"]);
      else
        for (const [column, type] of await session.rows(`describe ${schema}.${table}`)) {
          if (!column || column.startsWith("#")) break; // partitions and clustering repeat columns below
          rows.push([world.catalog, schema!, table!, column, type!]);
        }
    }
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
