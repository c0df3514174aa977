import type { TSparkParameter } from "@databricks/sql/thrift/TCLIService_types.js";

/** Quoted text and comments, in which nothing is rewritten. */
const NO_CODE = String.raw`'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|--[^\n]*|/\*[\s\S]*?\*/`;

/** Replaces matches of `pattern` (source of a regular expression) outside quoted text and comments. */
export function replaceInCode(
  sql: string,
  pattern: string,
  write: (match: string, ...groups: string[]) => string,
): string {
  return sql.replace(new RegExp(`(${NO_CODE})|${pattern}`, "gi"), (whole, noCode?: string, ...groups) =>
    noCode === undefined ? write(whole, ...(groups as string[])) : whole,
  );
}

/** The statement without comments before it and without a semicolon after it. */
export const bare = (sql: string): string =>
  sql
    .replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, "")
    .trimEnd()
    .replace(/;$/, "")
    .trimEnd();

/**
 * Spark's one catalog stands for the workspace's: `ecommerce.silver.orders` is `silver.orders` there, also where the name is
 * put together as `identifier('ecommerce' || '.silver.orders')`.
 */
export const withoutCatalog = (sql: string, catalog: string): string =>
  replaceInCode(sql, `(?<![\\w.\`])(?:\`${catalog}\`|${catalog})\\s*\\.\\s*(?=[\\w\`])`, () => "").replaceAll(
    new RegExp(String.raw`\bidentifier\(\s*'${catalog}'\s*\|\|\s*'\.`, "gi"),
    "identifier('",
  );

/** Puts bound parameters into the text as literals of their types, which Spark's Thrift server cannot bind. */
export function withParameters(sql: string, parameters: readonly TSparkParameter[]): string {
  if (parameters.length === 0) return sql;
  const named = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  let position = 0;
  return replaceInCode(sql, String.raw`(?<![:\w]):([A-Za-z_]\w*)|\?`, (match, name?: string) => {
    const parameter = name === undefined ? parameters[position++] : named.get(name);
    return parameter ? literal(parameter) : match;
  });
}

function literal({ type, value }: TSparkParameter): string {
  const text = value?.stringValue;
  if (text === undefined || text === null) return "null";
  if (!type || type === "STRING") return quoted(text);
  return `cast(${quoted(text)} as ${type === "INTEGER" ? "int" : type.toLowerCase()})`;
}

export const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** The text of a quoted string. */
export const unquoted = (text: string): string =>
  text
    .slice(1, -1)
    .replaceAll(/\\(?:u([\da-f]{4})|([\s\S]))/gi, (_, code?: string, char?: string) =>
      code ? String.fromCodePoint(Number.parseInt(code, 16)) : (escapes[char!] ?? char!),
    );

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", 0: "\0" };

/** Cuts a script into its statements at semicolons outside quoted text and comments. */
export function statements(script: string): string[] {
  const parts = [""];
  for (const [token, separator] of script.matchAll(new RegExp(`${NO_CODE}|(;)|[^;'"/-]+|[\\s\\S]`, "g"))) {
    if (separator) parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts.filter((part) => bare(part) !== "");
}
