import { open, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { lastWrite, userMetadata } from "./delta-log.ts";
import type { SparkSession } from "./spark-session.ts";
import { quoted, unquoted } from "./sql.ts";
import { exists, tableFolder, volumeFile, type World } from "./world.ts";

const MARK = "copied:";
const TEXT = String.raw`'(?:[^'\\]|\\.)*'`;
const OPTIONS = (word: string) =>
  new RegExp(String.raw`\b${word}\s*\(((?:\s*${TEXT}\s*=\s*${TEXT}\s*,?)*)\)`, "i");

/**
 * COPY INTO by an INSERT from views over the files that no commit of the table names yet. The commit of the INSERT names
 * the files, so that loading and remembering are one act, as they are in a warehouse.
 *
 * @returns the number of rows loaded
 */
export async function copyInto(world: World, session: SparkSession, sql: string): Promise<bigint> {
  const given = parse(sql);
  const table = tableFolder(world, given.table);
  if (!(await exists(path.join(table, "_delta_log"))))
    throw new Error(`[TABLE_OR_VIEW_NOT_FOUND] The table ${given.table} cannot be found. SQLSTATE: 42P01`);
  const source = await volumeFile(world, given.source);
  const known = new Set(
    (await userMetadata(table)).flatMap((text) =>
      text.startsWith(MARK) ? (JSON.parse(text.slice(MARK.length)) as string[]) : [],
    ),
  );
  const listed = (await filesOf(source, given.files)).filter((file) =>
    given.pattern.test(path.relative(source, file)),
  );
  const files = listed.filter((file) => given.force || !known.has(file));
  if (files.length === 0) return 0n;

  const views: string[] = [];
  for (const group of await byHeader(files, given.format, given.formatOptions))
    views.push(await createView(session, `_copy_into_${views.length}`, group, given));
  if (views.length === 0) return 0n;
  const all = views.join(" union all by name ");
  const select = given.select
    ? `${given.select.before} (${all}) ${given.select.after}`
    : given.format === "binaryfile"
      ? all
      : `select * except (_metadata) from (${all})`;
  const metadata = "spark.databricks.delta.commitInfo.userMetadata";
  await session.rows(`set ${metadata}=${MARK}${JSON.stringify(files)}`);
  try {
    const { handle } = await session.run(`insert into ${given.table} by name ${select}`);
    await session.close(handle);
  } finally {
    await session.rows(`reset ${metadata}`);
  }
  return lastWrite(table);
}

interface Copy {
  readonly table: string;
  readonly source: string;
  /** The text around the source, when the statement selects. */
  readonly select: { readonly before: string; readonly after: string } | undefined;
  readonly format: string;
  readonly formatOptions: Readonly<Record<string, string>>;
  readonly files: readonly string[] | undefined;
  /** Of the paths of the files to be loaded, relative to the source. */
  readonly pattern: RegExp;
  readonly force: boolean;
}

function parse(sql: string): Copy {
  const head = /^copy\s+into\s+([\w`.]+)\s+from\s+/i.exec(sql);
  const format = /\bfileformat\s*=\s*(\w+)/i.exec(sql)?.[1];
  if (!head || !format)
    throw new Error("[PARSE_SYNTAX_ERROR] COPY INTO: expected INTO, FROM and FILEFORMAT.");
  const rest = sql.slice(head[0].length);
  const body = rest.startsWith("(") ? rest.slice(1, rest.search(/\)\s*fileformat\b/i)) : undefined;
  const place = body && new RegExp(String.raw`^([\s\S]*\bfrom)\s+(${TEXT})([\s\S]*)$`, "i").exec(body);
  const source = place ? place[2]! : new RegExp(`^${TEXT}`).exec(rest)?.[0];
  if (!source) throw new Error("[PARSE_SYNTAX_ERROR] COPY INTO: expected the path of the files.");
  const pattern = new RegExp(String.raw`\bpattern\s*=\s*(${TEXT})`, "i").exec(sql)?.[1];
  const files = new RegExp(String.raw`\bfiles\s*=\s*\(([\s\S]*?)\)`, "i").exec(sql)?.[1];
  return {
    table: head[1]!,
    source: unquoted(source),
    select: place ? { before: place[1]!, after: place[3]! } : undefined,
    format: format.toLowerCase(),
    formatOptions: options(OPTIONS("format_options").exec(sql)?.[1]),
    files:
      files === undefined
        ? undefined
        : [...files.matchAll(new RegExp(TEXT, "g"))].map(([text]) => unquoted(text)),
    pattern: pattern === undefined ? /^/ : globPattern(unquoted(pattern)),
    force: options(OPTIONS("copy_options").exec(sql)?.[1])["force"] === "true",
  };
}

/** A glob with `*`, `?`, `[…]` and `{…,…}` as a regular expression: none stands for a slash. */
const globPattern = (glob: string) =>
  new RegExp(
    `^${glob
      .replaceAll(/[.+^$()|\\]/g, "\\$&")
      .replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]")
      .replaceAll("{", "(?:")
      .replaceAll("}", ")")
      .replaceAll(",", "|")}$`,
  );

const options = (text = ""): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(new RegExp(`(${TEXT})\\s*=\\s*(${TEXT})`, "g"))].map(([, name, value]) => [
      unquoted(name!),
      unquoted(value!),
    ]),
  );

/** The files of a folder and those below it, or the ones named; names with a dot or an underscore first are hidden. */
async function filesOf(source: string, named: readonly string[] | undefined): Promise<string[]> {
  if (named) return named.map((name) => path.join(source, name));
  if (!(await exists(source)))
    throw new Error(`[PATH_NOT_FOUND] Path does not exist: ${source}. SQLSTATE: 42K03`);
  if ((await stat(source)).isFile()) return [source];
  const names = await readdir(source, { recursive: true });
  const files = names.filter((name) => !/(^|\/)[._]/.test(name)).toSorted();
  const found = await Promise.all(
    files.map(async (name) =>
      (await stat(path.join(source, name))).isFile() ? [path.join(source, name)] : [],
    ),
  );
  return found.flat();
}

interface Group {
  readonly columns: readonly string[];
  readonly files: string[];
}

/** Files with the same columns in the same folder are read together. */
async function byHeader(
  files: readonly string[],
  format: string,
  given: Readonly<Record<string, string>>,
): Promise<Group[]> {
  if (format === "binaryfile") return byFolder(files);
  if (format !== "text" && (format !== "csv" || given["header"] !== "true"))
    throw new Error(
      `COPY INTO of ${format} without header is not emulated: see tests/services/warehouse/README.md.`,
    );
  const groups = new Map<string, Group>();
  for (const file of files) {
    const header = format === "text" ? "value" : await firstLine(file);
    if (header === "") continue;
    const key = `${path.dirname(file)}\n${header}`;
    const group = groups.get(key) ?? {
      columns: header.split(",").map((name) => name.replaceAll('"', "")),
      files: [],
    };
    group.files.push(file);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Whole files: all of a folder are read together, and none has columns of its own. */
function byFolder(files: readonly string[]): Group[] {
  const folders = new Map<string, string[]>();
  for (const file of files)
    folders.set(path.dirname(file), [...(folders.get(path.dirname(file)) ?? []), file]);
  return [...folders.values()].map((inFolder) => ({ columns: [], files: inFolder }));
}

async function firstLine(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0);
    return buffer
      .toString("utf8", 0, bytesRead)
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/)[0]!;
  } finally {
    await handle.close();
  }
}

/**
 * A select from a view over files of one shape, which Spark's own reader reads, with the columns that a warehouse adds:
 * `_metadata`, and the rescued data, which holds the values beyond the last column.
 */
async function createView(
  session: SparkSession,
  view: string,
  { columns, files }: Group,
  copy: Copy,
): Promise<string> {
  if (copy.format === "binaryfile") {
    await session.rows(
      `create or replace temporary view ${view} using binaryFile options ('path' ${quoted(globOf(files))})`,
    );
    return `select * from ${view}`;
  }
  const { rescuedDataColumn: rescued, ...read } = copy.formatOptions;
  const schema = [...columns, ...(rescued ? ["_corrupt"] : [])].map((name) => `\`${name}\` string`);
  const keepCorrupt = rescued && { mode: "PERMISSIVE", columnNameOfCorruptRecord: "_corrupt" };
  const options = { ...read, path: globOf(files), ...keepCorrupt };
  const written = Object.entries(options).map(([name, value]) => `${quoted(name)} ${quoted(value)}`);
  await session.rows(
    `create or replace temporary view ${view} (${schema.join(", ")}) using ${copy.format} options (${written.join(", ")})`,
  );
  const stats = await Promise.all(files.map((file) => stat(file)));
  const sizes = stats.map(({ size, mtime }, index) => {
    const changed = `timestamp'${mtime.toISOString()}'`;
    return `${quoted(files[index]!)}, named_struct('size', ${size}L, 'changed', ${changed})`;
  });
  const file = "url_decode(replace(regexp_replace(input_file_name(), '^file:/+', '/'), '+', '%2B'))";
  const metadata = `named_struct(
    'file_path', concat('dbfs:/Volumes', regexp_extract(_file, '/volumes(/.*)$', 1)),
    'file_name', regexp_extract(_file, '[^/]*$', 0),
    'file_size', _stat.size,
    'file_modification_time', _stat.changed) as _metadata`;
  const rescue = rescued ? rescuedData(columns.length, read) : { split: [], column: [] };
  const selected = [
    ...columns.map((name) => `\`${name}\``),
    ...rescue.column.map((c) => `${c} as \`${rescued}\``),
    metadata,
  ];
  const added = ["*", `map(${sizes.join(", ")})[_file] as _stat`, ...rescue.split];
  return `select ${selected.join(", ")} from (select ${added.join(", ")} from (select *, ${file} as _file from ${view}))`;
}

/** Splits a record that has not as many values as there are columns once more, into the values too many. */
function rescuedData(columns: number, read: Readonly<Record<string, string>>) {
  const surplus = Array.from({ length: 20 }, (_, index) => `_c${columns + index}`);
  const all = [...Array.from({ length: columns }, (_, index) => `_c${index}`), ...surplus];
  const options = Object.entries(read)
    .filter(([name]) => !["header", "multiLine"].includes(name))
    .map(([name, value]) => `${quoted(name)}, ${quoted(value)}`);
  const schema = quoted(all.map((name) => `${name} string`).join(", "));
  const fields = surplus.map((name) => `'${name}', _split.${name}`);
  return {
    split: [
      `from_csv(_corrupt, ${[schema, ...(options.length ? [`map(${options.join(", ")})`] : [])].join(", ")}) as _split`,
    ],
    column: [
      `case when _split.${surplus[0]} is not null then to_json(named_struct(${fields.join(", ")}, '_file_path', _file)) end`,
    ],
  };
}

/** One path that names all the files of a folder. */
const globOf = (files: readonly string[]): string => {
  const names = files.map((file) => escaped(path.basename(file)));
  const folder = escaped(path.dirname(files[0]!));
  return `${folder}/${names.length === 1 ? names[0] : `{${names.join(",")}}`}`;
};

const escaped = (name: string) => name.replaceAll(/[\\{}[\]*?,]/g, "\\$&");
