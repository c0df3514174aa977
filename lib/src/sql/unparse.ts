import { SqlError } from "./sql-error.js";
import { lineAt, tokensOf, type Token } from "./tokens.js";
import type { Body, Expr, Grouping, Name, Order, Query, Source, Window } from "./tree.js";

/**
 * Writes a tree out as Databricks SQL.
 *
 * @param derivedNames whether selects in FROM that have no alias are given one
 */
export function unparse(query: Query, { derivedNames = false } = {}): string {
  let derived = 0;

  const name = ({ text, quoted }: Name) => (quoted ? `\`${text.replaceAll("`", "``")}\`` : text);
  const names = (all: readonly Name[]) => `(${all.map(name).join(", ")})`;
  const list = (all: readonly Expr[]) => all.map(expr).join(", ");
  const not = (is: boolean) => (is ? "not " : "");

  const queryText = ({ ctes, body: main, order, limit, offset }: Query): string =>
    [
      ctes.length &&
        `with ${ctes
          .map(
            (cte) =>
              `${name(cte.name)}${cte.columns.length ? ` ${names(cte.columns)}` : ""} as (${queryText(cte.query)})`,
          )
          .join(", ")}`,
      body(main),
      order.length && `order by ${orders(order)}`,
      limit && `limit ${expr(limit)}`,
      offset && `offset ${expr(offset)}`,
    ]
      .filter(Boolean)
      .join(" ");

  const body = (part: Body): string => {
    switch (part.is) {
      case "nested":
        return `(${queryText(part.query)})`;
      case "values":
        return `values ${list(part.rows)}`;
      case "set":
        return `${body(part.left)} ${part.op}${part.all ? " all" : ""} ${body(part.right)}`;
      case "select":
        return [
          `select${part.distinct ? " distinct" : ""}`,
          part.items.map(({ value, alias }) => expr(value) + (alias ? ` as ${name(alias)}` : "")).join(", "),
          part.from && `from ${source(part.from)}`,
          part.where && `where ${expr(part.where)}`,
          part.group && `group by ${grouping(part.group)}`,
          part.having && `having ${expr(part.having)}`,
        ]
          .filter(Boolean)
          .join(" ");
    }
  };

  const grouping = (group: Grouping): string => {
    switch (group.by) {
      case "all":
        return "all";
      case "items":
        return list(group.items);
      case "sets":
        return `grouping sets (${group.sets.map(({ is, items }) => (is === "one" ? list(items) : `(${list(items)})`)).join(", ")})`;
      default:
        return `${group.by} (${list(group.items)})`;
    }
  };

  const source = (part: Source): string => {
    switch (part.is) {
      case "relation":
        return part.names.map(name).join(".") + aliased(part.alias, part.columns);
      case "derived": {
        const alias =
          part.alias ??
          (derivedNames ? { text: `_q${++derived}`, quoted: false, start: 0, end: 0 } : undefined);
        return `(${queryText(part.query)})${aliased(alias, part.columns)}`;
      }
      case "join": {
        const sign = part.word === "," ? "," : ` ${part.word} join`;
        const on = part.on ? ` on ${expr(part.on)}` : part.using ? ` using ${names(part.using)}` : "";
        return `${source(part.left)}${sign} ${source(part.right)}${on}`;
      }
    }
  };

  const aliased = (alias: Name | undefined, columns: readonly Name[]) =>
    (alias ? ` as ${name(alias)}` : "") + (columns.length ? ` ${names(columns)}` : "");

  const orders = (all: readonly Order[]) =>
    all
      .map(({ by, way, nulls }) => expr(by) + (way ? ` ${way}` : "") + (nulls ? ` nulls ${nulls}` : ""))
      .join(", ");

  const window = ({ partition, order, frame }: Window) =>
    [
      partition.length && `partition by ${list(partition)}`,
      order.length && `order by ${orders(order)}`,
      frame && `${frame.unit} ${frame.to ? `between ${frame.from} and ${frame.to}` : frame.from}`,
    ]
      .filter(Boolean)
      .join(" ");

  const expr = (one: Expr): string => {
    switch (one.is) {
      case "text":
        return quoted(one.value);
      case "number":
      case "word":
        return one.value;
      case "typed":
        return `${one.type} ${quoted(one.value)}`;
      case "interval":
        return `interval ${expr(one.amount)} ${one.unit}`;
      case "column":
        return one.names.map(name).join(".");
      case "star":
        return `${one.of ? `${name(one.of)}.` : ""}*${one.except.length ? ` except ${names(one.except)}` : ""}`;
      case "call":
        return (
          `${name(one.name)}(${one.distinct ? "distinct " : ""}${list(one.args)})` +
          (one.filter ? ` filter (where ${expr(one.filter)})` : "") +
          (one.ignoreNulls ? " ignore nulls" : "") +
          (one.over ? ` over (${window(one.over)})` : "")
        );
      case "cast":
        return one.short
          ? `${expr(one.of)}::${one.type}`
          : `${one.strict ? "cast" : "try_cast"}(${expr(one.of)} as ${one.type})`;
      case "unary":
        return `${one.op} ${expr(one.of)}`;
      case "binary":
        return `${expr(one.left)} ${one.op} ${expr(one.right)}`;
      case "test":
        return `${expr(one.of)} is ${not(one.not)}${one.what}`;
      case "distinct":
        return `${expr(one.of)} is ${not(one.not)}distinct from ${expr(one.from)}`;
      case "between":
        return `${expr(one.of)} ${not(one.not)}between ${expr(one.low)} and ${expr(one.high)}`;
      case "like":
        return `${expr(one.of)} ${not(one.not)}${one.op} ${expr(one.pattern)}`;
      case "in":
        return `${expr(one.of)} ${not(one.not)}in (${"body" in one.list ? queryText(one.list) : list(one.list)})`;
      case "exists":
        return `exists (${queryText(one.query)})`;
      case "scalar":
        return `(${queryText(one.query)})`;
      case "case":
        return [
          `case${one.of ? ` ${expr(one.of)}` : ""}`,
          ...one.whens.map(({ when, result }) => `when ${expr(when)} then ${expr(result)}`),
          ...(one.otherwise ? [`else ${expr(one.otherwise)}`] : []),
          "end",
        ].join(" ");
      case "row":
        return `(${list(one.items)})`;
      case "bracket":
        return `(${expr(one.of)})`;
      case "index":
        return `${expr(one.of)}[${expr(one.at)}]`;
      case "path":
        return `${expr(one.of)}:${one.path}`;
    }
  };

  return queryText(query);
}

const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/**
 * Proves that a tree says what its text says: written out, it has the same words and signs in the same order. Only words that
 * mean nothing may be gone, such as `as` before an alias.
 *
 * @throws SqlError that shows the first place where they part
 */
export function proveTree(text: string, query: Query): void {
  const source = meaningful(tokensOf(text));
  const written = meaningful(tokensOf(unparse(query)));
  const at = source.findIndex((token, index) => sameToken(token, written[index]) === false);
  if (at < 0 && source.length === written.length) return;
  const token = source[at < 0 ? source.length - 1 : at]!;
  throw new SqlError(
    `is read in another way than it is written, from "${text.slice(token.start, token.start + 30)}" on: put brackets or an alias there`,
    lineAt(text, token.start),
  );
}

const sameToken = (a: Token, b: Token | undefined) =>
  b !== undefined && a.kind === b.kind && (a.kind === "word" ? a.word === b.word : a.text === b.text);

/** Without words that may be left out. */
const meaningful = (tokens: readonly Token[]) =>
  tokens.filter(({ kind, word, text }, index) => {
    if (kind === "sign") return text !== ";";
    if (kind !== "word") return kind !== "end";
    const before = tokens[index - 1]?.word ?? "";
    if (word === "as" || word === "inner" || word === "outer") return false;
    if (word === "all" && before === "select") return false;
    return !(word === "distinct" && ["union", "except", "intersect"].includes(before));
  });
