import { nearestOf } from "../../sql/nearest.js";
import { SqlError } from "../../sql/sql-error.js";
import { lineAt } from "../../sql/tokens.js";
import type {
  Body,
  Expr,
  ExprOf,
  Grouping,
  Name,
  Order,
  Query,
  SelectBody,
  Source,
  Window,
} from "../../sql/tree.js";
import * as types from "../../sql/types.js";
import { commonType, isNumber, sameType, typeNamed, typeText, type Type } from "../../sql/types.js";
import type { Surroundings } from "../adapter.js";
import { castSql, castTitles } from "./casts.js";
import { nameOf, shortened } from "./decimals.js";
import { identifier, literal } from "./literals.js";
import { signatures, type Arg, type Signature } from "./signatures.js";

/** A column that a relation or a select gives. */
interface OutputColumn {
  readonly name: string;
  readonly type: Type;
}

/** A relation in FROM, with DuckDB's text for each of its columns. */
interface Relation {
  readonly alias: string;
  readonly columns: readonly (OutputColumn & { readonly sql: string })[];
}

/** What a name may mean at a place. */
interface Scope {
  readonly relations: readonly Relation[];
  /** The select list, where its names count: in GROUP BY and ORDER BY. */
  readonly outputs?: readonly Bound[];
  readonly outer?: Scope | undefined;
  readonly ctes: ReadonlyMap<string, readonly OutputColumn[]>;
  /** What an expression here may not hold, in words. */
  readonly isAggregated?: boolean;
}

/** An expression with its type. */
interface Bound extends Arg {
  readonly name?: string;
  readonly hasAggregate?: boolean;
  readonly hasWindow?: boolean;
  readonly generates?: boolean;
}

/** A select as DuckDB takes it. */
interface Written {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
}

/** Gives names their columns and expressions their types, and writes the select for DuckDB. @throws SqlError */
export function bindQuery(
  text: string,
  query: Query,
  surroundings: Surroundings,
  used: (signature: string) => void = () => undefined,
): Written {
  return new Binder(text, surroundings, used).query(query, { relations: [], ctes: new Map() });
}

/** What both engines' catalogs say of tables; a select that asks it depends on no table. */
const catalogViews: Surroundings["relations"] = {
  "information_schema.tables": { table_schema: "STRING", table_name: "STRING" },
  "information_schema.columns": { table_schema: "STRING", table_name: "STRING", column_name: "STRING" },
};

class Binder {
  #names = 0;

  constructor(
    readonly text: string,
    readonly surroundings: Surroundings,
    readonly used: (signature: string) => void,
  ) {}

  #fail(node: { readonly start: number }, message: string): never {
    throw new SqlError(message, lineAt(this.text, node.start));
  }

  /** An error of what is inside gets the line of the node. */
  #at<T>(node: { readonly start: number }, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof SqlError && error.line === undefined) this.#fail(node, error.message);
      throw error;
    }
  }

  query(query: Query, outer: Scope): Written {
    const ctes = new Map(outer.ctes);
    const heads: string[] = [];
    const own = new Set<string>();
    for (const cte of query.ctes) {
      const key = cte.name.text.toLowerCase();
      if (own.has(key)) this.#fail(cte, `two common table expressions are called ${cte.name.text}`);
      own.add(key);
      const made = this.query(cte.query, { ...outer, ctes });
      const columns = this.#renamed(cte, made.columns, cte.columns);
      ctes.set(key, columns);
      const list = cte.columns.length ? ` (${columns.map(({ name }) => identifier(name)).join(", ")})` : "";
      heads.push(`${identifier(cte.name.text)}${list} as (${made.sql})`);
    }
    const scope = { ...outer, ctes };
    const { sql, columns, orderScope } = this.#body(query.body, scope);
    const order = query.order.length ? ` order by ${this.#orders(query.order, orderScope, columns)}` : "";
    const limit = this.#count(query.limit, scope, "limit") + this.#count(query.offset, scope, "offset");
    return { sql: (heads.length ? `with ${heads.join(", ")} ` : "") + sql + order + limit, columns };
  }

  #count(count: Expr | undefined, scope: Scope, word: string): string {
    if (!count) return "";
    const bound = this.expr(count, { ...scope, relations: [], outer: undefined });
    if ((bound.type.name !== "int" && bound.type.name !== "bigint") || bound.number?.startsWith("-"))
      this.#fail(count, `${word} takes a whole number`);
    return ` ${word} ${bound.sql}`;
  }

  #renamed(
    node: { readonly start: number },
    columns: readonly OutputColumn[],
    names: readonly Name[],
  ): readonly OutputColumn[] {
    if (names.length === 0) return columns;
    if (names.length !== columns.length)
      this.#fail(node, `names ${names.length} columns, but the select gives ${columns.length}`);
    return columns.map((column, index) => ({ ...column, name: names[index]!.text }));
  }

  #body(body: Body, scope: Scope): Written & { readonly orderScope: Scope } {
    switch (body.is) {
      case "select":
        return this.#select(body, scope);
      case "nested": {
        const { sql, columns } = this.query(body.query, scope);
        return { sql: `(${sql})`, columns, orderScope: { ...scope, relations: [] } };
      }
      case "values":
        return { ...this.#values(body.rows, scope), orderScope: { ...scope, relations: [] } };
      case "set": {
        const left = this.#body(body.left, scope);
        const right = this.#body(body.right, scope);
        if (left.columns.length !== right.columns.length)
          this.#fail(
            body.right,
            `${body.op}: the selects give ${left.columns.length} and ${right.columns.length} columns`,
          );
        const columns = left.columns.map(({ name, type }, index) => {
          const other = right.columns[index]!.type;
          const common = commonType(type, other);
          if (!common)
            this.#fail(
              body.right,
              `${body.op}: column ${index + 1} is ${typeText(type)} and ${typeText(other)}: cast one to the other's type`,
            );
          return { name, type: common };
        });
        const op = `${body.op}${body.all ? " all" : ""}`;
        return {
          sql: `(${this.#fitted(left, columns)}) ${op} (${this.#fitted(right, columns)})`,
          columns,
          orderScope: { ...scope, relations: [] },
        };
      }
    }
  }

  /** The rows of a select with the given types. */
  #fitted({ sql, columns }: Written, wanted: readonly OutputColumn[]): string {
    if (columns.every(({ type }, index) => sameType(type, wanted[index]!.type))) return sql;
    const alias = this.#free();
    const names = columns.map((_, index) => `c${index + 1}`);
    const items = names.map((name, index) => {
      const { type, name: called } = wanted[index]!;
      return `cast(${alias}.${name} as ${nameOf(type)}) as ${identifier(called)}`;
    });
    return `select ${items.join(", ")} from (${sql}) as ${alias} (${names.join(", ")})`;
  }

  #free = () => `_q${++this.#names}`;

  #values(rows: readonly Expr[], scope: Scope): Written {
    const cells = rows.map((row) => (row.is === "row" ? row.items : [row.is === "bracket" ? row.of : row]));
    const bound = cells.map((items) => items.map((item) => this.expr(item, scope)));
    const first = bound[0]!;
    const columns = first.map((_, index) => {
      let type: Type = types.VOID;
      bound.forEach((items, row) => {
        const common = items[index] && commonType(type, items[index].type);
        if (!common || items.length !== first.length)
          this.#fail(rows[row]!, "the rows of values differ in their columns");
        type = common;
      });
      return { name: `col${index + 1}`, type };
    });
    const lines = bound.map(
      (items) => `(${items.map((item, index) => this.#to(item, columns[index]!.type)).join(", ")})`,
    );
    return {
      sql: `select * from (values ${lines.join(", ")}) as ${this.#free()} (${columns.map(({ name }) => name).join(", ")})`,
      columns,
    };
  }

  #select(select: SelectBody, outer: Scope): Written & { readonly orderScope: Scope } {
    const ctes = outer.ctes;
    const from = select.from && this.#source(select.from, outer);
    const scope: Scope = {
      relations: from?.relations ?? [],
      outer: outer.relations.length || outer.outer ? outer : undefined,
      ctes,
    };
    const items: (Bound & { readonly name: string })[] = [];
    for (const item of select.items) {
      if (item.value.is === "star") items.push(...this.#star(item.value, scope));
      else {
        const bound = this.#generator(item.value, scope) ?? this.expr(item.value, scope);
        const named =
          item.value.is === "column"
            ? item.value.names.at(-1)!.text
            : this.text.slice(item.value.start, item.value.end);
        items.push({ ...bound, name: item.alias?.text ?? named });
      }
    }
    const generators = items.filter(({ generates }) => generates).length;
    if (generators > 1) this.#fail(select, "explode stands once in a select list");
    const where = select.where && this.#condition(select.where, scope, "where");
    const group = select.group && this.#group(select.group, { ...scope, outputs: items }, items);
    const having = select.having && this.#condition(select.having, scope, "having");
    if (
      generators &&
      (select.group || items.some(({ hasAggregate, hasWindow }) => hasAggregate || hasWindow))
    )
      this.#fail(select, "explode stands in a select of its own: group what it gives in an outer select");
    if (having && !select.group && !items.some(({ hasAggregate }) => hasAggregate))
      this.#fail(select.having!, "having needs group by: write where");
    if (select.group || items.some(({ hasAggregate }) => hasAggregate))
      this.#refuseUngrouped(select, scope, items);
    const list = items.map(
      ({ sql, name, type }) => `${type.name === "void" ? "null" : sql} as ${identifier(name)}`,
    );
    const sql = [
      `select ${select.distinct ? "distinct " : ""}${list.join(", ")}`,
      from && `from ${from.sql}`,
      where && `where ${where}`,
      group && `group by ${group}`,
      having && `having ${having}`,
    ];
    if (items.some(({ type }) => type.name === "interval"))
      this.#fail(select, "an interval is no column: add it to a date or an instant");
    // Of a select distinct only what it gives can be ordered by.
    const orderScope = { ...scope, outputs: items, ...(select.distinct && { relations: [] }) };
    return {
      sql: sql.filter(Boolean).join(" "),
      columns: items.map(({ name, type }) => ({ name, type })),
      orderScope,
    };
  }

  #condition(expr: Expr, scope: Scope, word: string): string {
    const bound = this.expr(expr, scope);
    if (bound.type.name !== "boolean" && bound.type.name !== "void")
      this.#fail(expr, `${word} takes a condition, not ${typeText(bound.type)}`);
    if (bound.hasWindow) this.#fail(expr, `a window function does not stand in ${word}: use an outer select`);
    if (bound.hasAggregate && word !== "having")
      this.#fail(expr, `an aggregate does not stand in ${word}: use having`);
    return bound.sql;
  }

  #star({ of, except, ...node }: ExprOf<"star">, scope: Scope): (Bound & { readonly name: string })[] {
    const relations = of ? scope.relations.filter(({ alias }) => same(alias, of.text)) : scope.relations;
    if (relations.length === 0)
      this.#fail(node, of ? `there is no relation ${of.text} for ${of.text}.*` : "* needs a from");
    const all = relations.flatMap(({ columns }) => columns);
    for (const name of except)
      if (!all.some((one) => same(one.name, name.text)))
        this.#fail(name, `except: there is no column "${name.text}" here`);
    return all.filter((one) => !except.some(({ text }) => same(one.name, text)));
  }

  #generator(expr: Expr, scope: Scope): Bound | undefined {
    if (expr.is !== "call" || signatures.get(expr.name.text.toLowerCase())?.[0]?.kind !== "generator")
      return undefined;
    const args = expr.args.map((arg) => this.expr(arg, scope));
    return { ...this.#apply(expr, expr.name.text.toLowerCase(), args), generates: true };
  }

  #group(group: Grouping, scope: Scope, items: readonly Bound[]): string {
    const item = (expr: Expr): string => {
      const { sql, hasAggregate, hasWindow } = this.#orOutput(expr, scope, items, "group by");
      if (hasAggregate || hasWindow) this.#fail(expr, "group by takes no aggregate");
      return sql;
    };
    const listed = (exprs: readonly Expr[]) => exprs.map(item).join(", ");
    switch (group.by) {
      case "all":
        return items
          .filter((one) => !one.hasAggregate)
          .map(({ sql }) => sql)
          .join(", ");
      case "items":
        return listed(group.items);
      case "sets":
        return `grouping sets (${group.sets.map(({ items: set }) => `(${listed(set)})`).join(", ")})`;
      default:
        return `${group.by} (${listed(group.items)})`;
    }
  }

  /** Every column of a select with aggregates stands in one, or in what it is grouped by. */
  #refuseUngrouped(select: SelectBody, scope: Scope, items: readonly Bound[]): void {
    const { group, having } = select;
    if (group?.by === "all") return;
    const grouped = !group ? [] : group.by === "sets" ? group.sets.flatMap((set) => set.items) : group.items;
    const keys = new Set(
      grouped.map((expr) => this.#orOutput(expr, { ...scope, outputs: items }, items, "group by").sql),
    );
    const refuse = (expr: Expr): void => {
      const isOwn = expr.is === "column" && this.#isColumn(expr.names.at(-1)!.text, scope);
      if (expr.is === "star") this.#fail(expr, "* does not stand beside an aggregate: name the columns");
      if (
        expr.is === "call" &&
        !expr.over &&
        signatures.get(expr.name.text.toLowerCase())?.[0]?.kind === "aggregate"
      )
        return;
      if (keys.size > 0 && keys.has(this.expr(expr, scope).sql)) return;
      if (
        isOwn &&
        scope.relations.some(({ columns }) => columns.some(({ sql }) => sql === this.expr(expr, scope).sql))
      )
        this.#fail(
          expr,
          `"${this.text.slice(expr.start, expr.end)}" stands neither in group by nor in an aggregate`,
        );
      for (const part of partsOf(Object.values(expr))) refuse(part);
    };
    for (const { value } of select.items) refuse(value);
    if (having) refuse(having);
  }

  /** A name is a column first; where there is none, it is the select list's. A whole number is a place in that list. */
  #orOutput(expr: Expr, scope: Scope, items: readonly Bound[], word: string): Bound {
    if (expr.is === "number" && /^\d+$/.test(expr.value)) {
      const found = items[Number(expr.value) - 1];
      if (!found) this.#fail(expr, `${word} ${expr.value}: the select list has ${items.length} columns`);
      return found;
    }
    const { outputs: _outputs, ...columns } = scope;
    if (expr.is !== "column" || expr.names.length > 1 || this.#isColumn(expr.names[0]!.text, columns))
      return this.expr(expr, columns);
    const found = items.filter(({ name }) => same(name!, expr.names[0]!.text));
    if (found.length > 1) this.#fail(expr, `${word}: "${expr.names[0]!.text}" is more than one column`);
    return found[0] ?? this.expr(expr, columns);
  }

  #isColumn = (name: string, { relations }: Scope) =>
    relations.some(({ columns }) => columns.some((one) => same(one.name, name)));

  /** A name is the select list's first; where there is none, it is a column. */
  #orders(orders: readonly Order[], scope: Scope, columns: readonly OutputColumn[]): string {
    return orders
      .map((order) => {
        const { by, way = "asc", nulls = way === "asc" ? "first" : "last" } = order;
        const place = this.#place(by, columns);
        const sql = place ?? this.#orderExpr(by, scope);
        return `${sql} ${way} nulls ${nulls}`;
      })
      .join(", ");
  }

  #place(by: Expr, columns: readonly OutputColumn[]): string | undefined {
    if (by.is === "number" && /^\d+$/.test(by.value)) {
      if (!columns[Number(by.value) - 1])
        this.#fail(by, `order by ${by.value}: the select list has ${columns.length} columns`);
      return by.value;
    }
    if (by.is !== "column" || by.names.length > 1) return undefined;
    const found = columns.flatMap(({ name }, index) => (same(name, by.names[0]!.text) ? [index + 1] : []));
    if (found.length > 1) this.#fail(by, `order by: "${by.names[0]!.text}" is more than one column`);
    return found[0] === undefined ? undefined : String(found[0]);
  }

  #orderExpr(by: Expr, scope: Scope): string {
    const bound = this.expr(by, scope);
    return /^\d+$/.test(bound.sql) ? `(${bound.sql})` : bound.sql;
  }

  #source(source: Source, outer: Scope): { readonly sql: string; readonly relations: readonly Relation[] } {
    switch (source.is) {
      case "relation": {
        const { name, columns } = this.#relation(source, outer);
        const alias = source.alias?.text ?? source.names.at(-1)!.text;
        const given = this.#renamed(source, columns, source.columns);
        const list = source.columns.length
          ? ` (${given.map((column) => identifier(column.name)).join(", ")})`
          : "";
        return { sql: `${name} as ${identifier(alias)}${list}`, relations: [relationOf(alias, given)] };
      }
      case "derived": {
        const { sql, columns } = this.query(source.query, {
          relations: [],
          outer: undefined,
          ctes: outer.ctes,
        });
        const given = this.#renamed(source, columns, source.columns);
        const alias = source.alias?.text ?? this.#free();
        const list = source.columns.length
          ? ` (${given.map(({ name }) => identifier(name)).join(", ")})`
          : "";
        const relation = relationOf(alias, given);
        return {
          sql: `(${sql}) as ${identifier(alias)}${list}`,
          relations: [source.alias ? relation : { ...relation, alias: "" }],
        };
      }
      case "join": {
        const left = this.#source(source.left, outer);
        const right = this.#source(source.right, outer);
        for (const { alias } of right.relations)
          if (alias && left.relations.some((one) => same(one.alias, alias)))
            this.#fail(source.right, `two relations are called ${alias}: give one an alias`);
        if (source.using) this.#fail(source, "join … using is not taken: write on a.k = b.k");
        const relations = [...left.relations, ...right.relations];
        const scope: Scope = {
          relations,
          outer: outer.relations.length || outer.outer ? outer : undefined,
          ctes: outer.ctes,
        };
        const on = source.on ? ` on ${this.#condition(source.on, scope, "on")}` : "";
        const [word, kept] =
          source.kind === "left semi"
            ? ["semi", left.relations]
            : source.kind === "left anti"
              ? ["anti", left.relations]
              : [source.kind, relations];
        return { sql: `${left.sql} ${word} join ${right.sql}${on}`, relations: kept };
      }
    }
  }

  #relation(
    source: Source & { is: "relation" },
    { ctes }: Scope,
  ): { readonly name: string; readonly columns: readonly OutputColumn[] } {
    const name = source.names.map(({ text }) => text).join(".");
    const cte = source.names.length === 1 ? ctes.get(name.toLowerCase()) : undefined;
    if (cte) return { name: identifier(source.names[0]!.text), columns: cte };
    const known = Object.entries({ ...catalogViews, ...this.surroundings.relations }).find(([relation]) =>
      same(relation, name),
    );
    if (known) {
      const columns = Object.entries(known[1]).map(([column, type]) => {
        const found = typeNamed(type);
        if (!found) this.#fail(source, `${name}.${column} is ${type}, which notebooks can't read`);
        return { name: column, type: found };
      });
      return { name: known[0].split(".").map(identifier).join("."), columns };
    }
    const tables = this.surroundings.tables ?? [];
    const table =
      tables.find((one) => same(one, name)) ??
      tables.find((one) => same(one.slice(one.indexOf(".") + 1), name));
    if (table)
      return this.#fail(
        source,
        `${name} stands in plain text, so the step would not depend on it: write \${${table}}`,
      );
    const near = nearestOf(name, [...tables, ...ctes.keys()]);
    return this.#fail(
      source,
      `${name} is no table, stage or common table expression of this select` +
        (near ? `: did you mean ${tables.includes(near) ? `\${${near}}` : near}?` : "."),
    );
  }

  expr(expr: Expr, scope: Scope): Bound {
    return this.#at(expr, () => this.#bound(expr, scope));
  }

  #bound(expr: Expr, scope: Scope): Bound {
    switch (expr.is) {
      case "text":
        return { sql: literal(expr.value), type: types.STRING, text: expr.value };
      case "number":
        return numberOf(expr.value);
      case "word":
        return expr.value === "null"
          ? { sql: "null", type: types.VOID }
          : { sql: expr.value, type: types.BOOLEAN };
      case "typed":
        return typedLiteral(expr.type, expr.value);
      case "interval":
        return this.#interval(expr);
      case "column":
        return this.#column(expr, scope);
      case "star":
        return this.#fail(expr, "* stands only in a select list and in count(*)");
      case "bracket":
        return this.expr(expr.of, scope);
      case "call":
        return this.#call(expr, scope);
      case "cast": {
        const type = typeNamed(expr.type);
        if (!type) this.#fail(expr, `the type ${expr.type} is not taken, only ${typeNames}`);
        const of = this.expr(expr.of, scope);
        return { ...flags([of]), ...this.#cast(of, type, expr.strict ? "cast" : "try_cast"), type };
      }
      case "unary": {
        if (expr.op === "-" && expr.of.is === "number") return numberOf(`-${expr.of.value}`);
        const of = this.expr(expr.of, scope);
        if (expr.op === "+")
          return isNumber(of.type) ? of : this.#fail(expr, `+ takes a number, not ${typeText(of.type)}`);
        return this.#apply(expr, expr.op === "-" ? "negative" : "not", [of]);
      }
      case "binary":
        return this.#binary(expr, scope);
      case "test": {
        const of = this.expr(expr.of, scope);
        if (expr.what !== "null" && of.type.name !== "boolean")
          this.#fail(expr, `is ${expr.what} takes a condition`);
        this.used(`is ${expr.what}`);
        return {
          ...flags([of]),
          sql: `(${of.sql} is ${expr.not ? "not " : ""}${expr.what})`,
          type: types.BOOLEAN,
        };
      }
      case "distinct": {
        const made = this.#apply(expr, "<=>", [this.expr(expr.of, scope), this.expr(expr.from, scope)]);
        return expr.not ? made : { ...made, sql: `(not ${made.sql})` };
      }
      case "between": {
        const [of, low, high] = [expr.of, expr.low, expr.high].map((one) => this.expr(one, scope));
        const [from, to] = [this.#apply(expr, ">=", [of!, low!]), this.#apply(expr, "<=", [of!, high!])];
        this.used("between");
        return {
          ...flags([from, to]),
          sql: `(${expr.not ? "not " : ""}(${from.sql} and ${to.sql}))`,
          type: types.BOOLEAN,
        };
      }
      case "like":
        return this.#like(expr, scope);
      case "in":
        return this.#in(expr, scope);
      case "exists": {
        this.used("exists");
        return { sql: `exists (${this.#inner(expr.query, scope).sql})`, type: types.BOOLEAN };
      }
      case "scalar": {
        const { sql, columns } = this.#inner(expr.query, scope);
        if (columns.length !== 1)
          this.#fail(expr, `a select within an expression gives one column, not ${columns.length}`);
        this.used("scalar subquery");
        return { sql: `(${sql})`, type: columns[0]!.type };
      }
      case "case":
        return this.#case(expr, scope);
      case "row":
        return this.#fail(expr, "several values in brackets stand only before in");
      case "index":
        return this.#apply(expr, "[]", [this.expr(expr.of, scope), this.expr(expr.at, scope)]);
      case "path": {
        const path = { sql: "", type: types.STRING, text: `$.${expr.path}` };
        return this.#apply(expr, "get_json_object", [this.expr(expr.of, scope), path]);
      }
    }
  }

  #inner(query: Query, scope: Scope): Written {
    return this.query(query, { relations: [], outer: scope, ctes: scope.ctes });
  }

  #column(expr: ExprOf<"column">, scope: Scope): Bound {
    const [first, second, third] = expr.names;
    const written = expr.names.map(({ text }) => text).join(".");
    if (!second && /^param__\w+$/.test(first!.text)) {
      const type = typeNamed(this.surroundings.params[first!.text.slice("param__".length)] ?? "");
      if (type) return { sql: type.name === "int" ? `cast(${first!.text} as integer)` : first!.text, type };
      return { sql: first!.text, type: types.VOID };
    }
    if (third) this.#fail(expr, `${written}: a column has at most its relation's alias before it`);
    for (let place: Scope | undefined = scope; place; place = place.outer) {
      const relations: readonly Relation[] = second
        ? place.relations.filter(({ alias }) => same(alias, first!.text))
        : place.relations;
      const found = relations.flatMap(({ columns }) =>
        columns.filter(({ name }) => same(name, (second ?? first!).text)),
      );
      if (found.length > 1)
        this.#fail(expr, `"${written}" is more than one column: write its relation's alias before it`);
      if (found[0]) return found[0];
      const output = second ? undefined : place.outputs?.filter(({ name }) => same(name!, first!.text));
      if (output?.[0]) return output[0];
      if (second && relations.length > 0) break;
    }
    const known = allRelations(scope).flatMap(({ alias, columns }) =>
      columns.map(({ name }) => (second ? `${alias}.${name}` : name)),
    );
    const near = nearestOf(written, known);
    return this.#fail(
      expr,
      `there is no column "${written}" here` + (near ? `: did you mean ${near}?` : "."),
    );
  }

  #interval({ amount, unit, ...node }: ExprOf<"interval">): Bound {
    const of = amount.is === "unary" && amount.op === "-" ? amount.of : amount;
    const value = of.is === "number" || of.is === "text" ? of.value : "";
    const name = unit.replace(/s$/, "");
    if (!/^-?\d{1,9}$/.test(value)) this.#fail(node, "an interval has a whole number: interval 30 minutes");
    if (!["second", "minute", "hour", "day", "week", "month", "year"].includes(name))
      this.#fail(node, `an interval of ${unit} is not taken`);
    const signed = of === amount ? value : `-${value}`;
    return { sql: `interval '${signed} ${name}'`, type: types.INTERVAL, text: name };
  }

  #binary(expr: ExprOf<"binary">, scope: Scope): Bound {
    const [left, right] = [this.expr(expr.left, scope), this.expr(expr.right, scope)];
    if (expr.op === "||") return this.#apply(expr, "concat", [left, right]);
    if (left.type.name === "interval" || right.type.name === "interval")
      return this.#moved(expr, left, right);
    return this.#apply(expr, { "==": "=", "!=": "<>" }[expr.op] ?? expr.op, [left, right]);
  }

  /** A date or an instant and an interval. A date moved by days or more stays a date. */
  #moved(expr: ExprOf<"binary">, left: Bound, right: Bound): Bound {
    const [instant, length] = left.type.name === "interval" ? [right, left] : [left, right];
    const isMovable = instant.type.name === "date" || instant.type.name === "timestamp";
    if (!isMovable || !["+", "-"].includes(expr.op) || (expr.op === "-" && length === left))
      this.#fail(expr, `${expr.op} of ${typeText(left.type)} and ${typeText(right.type)} is not taken`);
    const staysDate = instant.type.name === "date" && ["day", "week", "month", "year"].includes(length.text!);
    const type = staysDate ? types.DATE : types.TIMESTAMP;
    this.used(`${expr.op}(${instant.type.name}, interval ${length.text})`);
    return {
      ...flags([left, right]),
      sql: `cast(${instant.sql} ${expr.op} ${length.sql} as ${type.name})`,
      type,
    };
  }

  #like(expr: ExprOf<"like">, scope: Scope): Bound {
    const of = this.expr(expr.of, scope);
    const pattern = this.expr(expr.pattern, scope);
    if (of.type.name !== "string" && of.type.name !== "void")
      this.#fail(expr, `${expr.op} takes a string, not ${typeText(of.type)}`);
    const made = this.#apply(expr, expr.op, [of, pattern]);
    return expr.not ? { ...made, sql: `(not ${made.sql})` } : made;
  }

  #in(expr: ExprOf<"in">, scope: Scope): Bound {
    const not = expr.not ? "not " : "";
    if (!("body" in expr.list)) {
      const list = expr.list;
      const bound = [this.expr(expr.of, scope), ...list.map((one) => this.expr(one, scope))];
      const type = this.#common(expr, bound);
      this.used(`in(${family(type)})`);
      const [of, ...values] = bound.map((one) => this.#to(one, type));
      return { ...flags(bound), sql: `(${of} ${not}in (${values.join(", ")}))`, type: types.BOOLEAN };
    }
    const items = (expr.of.is === "row" ? expr.of.items : [expr.of]).map((one) => this.expr(one, scope));
    const query = this.#inner(expr.list, scope);
    if (query.columns.length !== items.length)
      this.#fail(expr, `in compares ${items.length} values with ${query.columns.length} columns`);
    const wanted = items.map(({ type }, index) => {
      const common = commonType(type, query.columns[index]!.type);
      if (!common)
        this.#fail(
          expr,
          `in compares ${typeText(type)} with ${typeText(query.columns[index]!.type)}: cast one of them`,
        );
      return { name: query.columns[index]!.name, type: common };
    });
    this.used(items.length > 1 ? "in select of several columns" : "in select");
    const values = items.map((item, index) => this.#to(item, wanted[index]!.type)).join(", ");
    return {
      ...flags(items),
      sql: `((${values}) ${not}in (${this.#fitted(query, wanted)}))`,
      type: types.BOOLEAN,
    };
  }

  #case(expr: ExprOf<"case">, scope: Scope): Bound {
    const of = expr.of && this.expr(expr.of, scope);
    const whens = expr.whens.map(({ when, result }) => {
      const bound = this.expr(when, scope);
      const test = of ? this.#apply(when, "=", [of, bound]) : bound;
      if (test.type.name !== "boolean" && test.type.name !== "void")
        this.#fail(when, `when takes a condition, not ${typeText(test.type)}`);
      return { test, result: this.expr(result, scope) };
    });
    const otherwise = expr.otherwise && this.expr(expr.otherwise, scope);
    const results = [...whens.map(({ result }) => result), ...(otherwise ? [otherwise] : [])];
    const type = this.#common(expr, results);
    this.used(of ? "case of" : "case");
    const lines = whens.map(({ test, result }) => `when ${test.sql} then ${this.#to(result, type)}`);
    const last = otherwise ? ` else ${this.#to(otherwise, type)}` : "";
    return {
      ...flags([...whens.flatMap(({ test, result }) => [test, result]), ...(otherwise ? [otherwise] : [])]),
      sql: `case ${lines.join(" ")}${last} end`,
      type,
    };
  }

  #call(expr: ExprOf<"call">, scope: Scope): Bound {
    const name = expr.name.text.toLowerCase();
    const known = signatures.get(alsoCalled[name] ?? name);
    if (!known || /^\W|^negative$/.test(name)) return this.#unknown(expr, name);
    if (known[0]!.kind === "generator") this.#fail(expr, `${name} stands by itself in a select list`);
    const takesUnit = known.some(({ args }) => args[0] === "unit") && expr.args.length === 3;
    const args = expr.args.map((arg, index) => {
      if (arg.is === "star") return { sql: "*", type: types.VOID, text: "*" };
      if (takesUnit && index === 0 && arg.is === "column" && arg.names.length === 1)
        return { sql: "", type: types.VOID, text: arg.names[0]!.text };
      return this.expr(arg, scope);
    });
    const kind = known[0]!.kind;
    if (name === "nullif" && args.length === 2) return this.#nullif(expr, args as Bound[]);
    if (
      kind === "aggregate" &&
      !expr.over &&
      args.some(({ hasAggregate }) => hasAggregate as boolean | undefined)
    )
      this.#fail(expr, "an aggregate of an aggregate needs an outer select");
    if (args.some((arg) => (arg as Bound).hasWindow) && (kind === "aggregate" || kind === "window"))
      this.#fail(expr, "a window function of a window function needs an outer select");
    const { sql, ...made } = this.#apply(expr, alsoCalled[name] ?? name, args);
    if (kind === "function" || kind === "operator") {
      if (expr.distinct || expr.filter || expr.over || expr.ignoreNulls)
        this.#fail(expr, `${name}() is no aggregate: it takes no distinct, filter or over`);
      return { ...made, sql };
    }
    if (kind === "window" && !expr.over) this.#fail(expr, `${name}() needs over (…)`);
    if (expr.ignoreNulls) this.#fail(expr, "ignore nulls is not taken: filter the nulls in an inner select");
    if (expr.distinct && (kind === "window" || expr.over))
      this.#fail(expr, "distinct does not stand beside over");
    if (expr.distinct && args.length !== 1) this.#fail(expr, `${name}(distinct …) takes one value`);
    if (expr.distinct && args[0]!.text === "*")
      this.#fail(expr, "count(distinct *) is not taken: name a column");
    const filter = expr.filter ? ` filter (where ${this.#condition(expr.filter, scope, "filter")})` : "";
    if (expr.distinct) this.used("distinct in an aggregate");
    if (expr.filter) this.used("filter of an aggregate");
    const over = expr.over ? ` over (${this.#window(expr, expr.over, scope, kind)})` : "";
    const written = sql
      .replaceAll("\u0001", filter + over)
      .replaceAll("\u0002", expr.distinct ? "distinct " : "");
    return {
      sql: written,
      type: made.type,
      ...(expr.over ? { hasWindow: true } : { hasAggregate: true }),
      ...(expr.over && args.some((arg) => (arg as Bound).hasAggregate) && { hasAggregate: true }),
    };
  }

  /** It has the type of its first value, whatever both are compared as. */
  #nullif(expr: ExprOf<"call">, [value, other]: readonly Bound[]): Bound {
    if (expr.distinct || expr.filter || expr.over) this.#fail(expr, "nullif() is no aggregate");
    const equal = this.#apply(expr, "=", [value!, other!]);
    this.used("nullif(T, T): T");
    const isOneType = sameType(value!.type, other!.type);
    const sql = isOneType
      ? `nullif(${value!.sql}, ${other!.sql})`
      : `case when ${equal.sql} then null else ${value!.sql} end`;
    return { ...equal, sql, type: value!.type };
  }

  #window(call: ExprOf<"call">, { partition, order, frame }: Window, scope: Scope, kind: string): string {
    const name = call.name.text.toLowerCase();
    if (kind === "window" && order.length === 0) this.#fail(call, `${name}() needs an order in its window`);
    if (frame && kind === "window" && !name.endsWith("_value")) this.#fail(call, `${name}() takes no frame`);
    if (frame?.unit === "range" && /\d/.test(frame.from + (frame.to ?? "")))
      this.#fail(call, "a range of a number is not taken: count rows");
    if (frame && order.length === 0) this.#fail(call, "a frame needs an order in its window");
    if (frame) this.used(`window frame ${frame.unit}`);
    this.used("window");
    const parts = [
      partition.length && `partition by ${partition.map((one) => this.expr(one, scope).sql).join(", ")}`,
      order.length &&
        `order by ${order
          .map(
            ({ by, way = "asc", nulls = way === "asc" ? "first" : "last" }) =>
              `${this.expr(by, scope).sql} ${way} nulls ${nulls}`,
          )
          .join(", ")}`,
      frame && `${frame.unit} ${frame.to ? `between ${frame.from} and ${frame.to}` : frame.from}`,
    ];
    return parts.filter(Boolean).join(" ");
  }

  #unknown(expr: ExprOf<"call">, name: string): never {
    const near = nearestOf(
      name,
      [...signatures.keys()].filter((one) => /^\w/.test(one) && one !== "negative"),
    );
    const hint =
      refusedFunctions[name] ??
      (near
        ? `The nearest that is: ${signatures
            .get(near)!
            .map(({ title }) => title)
            .join(" or ")}.`
        : "");
    return this.#fail(
      expr,
      `the function ${expr.name.text}() is not known to give the same on DuckDB and on Databricks. ${hint}`.trim(),
    );
  }

  /** Finds the signature for arguments, casts these as it wants them, and writes it. */
  #apply(node: { readonly start: number }, name: string, args: readonly Bound[]): Bound {
    const known = signatures.get(name);
    if (!known) return this.#fail(node, `${name} is not taken`);
    for (const signature of known) {
      const fitting = this.#fit(signature, args);
      if (!fitting) continue;
      this.used(signature.title);
      const type = typeof signature.returns === "function" ? signature.returns(fitting) : signature.returns;
      const sql = bracketed(signature.write(...fitting));
      return { ...flags(args), sql, type, ...signature.known?.(...fitting) };
    }
    const given = args.map(({ type, text }) => (text === "*" ? "*" : typeText(type))).join(", ");
    const title = /^\w/.test(name)
      ? `${name}(${given})`
      : `${args.length > 1 ? `${typeText(args[0]!.type)} ${name} ${typeText(args[1]!.type)}` : given}`;
    return this.#fail(
      node,
      `${title} is not known to give the same on DuckDB and on Databricks. There is ${known.map((one) => one.title).join(" and ")}` +
        (args.some(({ type }) => type.name === "string") ? ": cast the texts." : "."),
    );
  }

  /** The arguments as a signature wants them; undefined where it does not take them. */
  #fit({ args: wanted, name }: Signature, given: readonly Bound[]): Arg[] | undefined {
    const isMany = wanted.at(-1)?.endsWith("*") && wanted.at(-1) !== "*";
    const fixed = isMany ? wanted.length - 1 : wanted.length;
    if (isMany ? given.length <= fixed : given.length !== fixed) return undefined;
    const patterns = given.map((_, index) => (index < fixed ? wanted[index]! : wanted.at(-1)!.slice(0, -1)));
    let common: Type | undefined;
    const variable = given.filter((_, index) => /\bT\b/.test(patterns[index]!));
    const takesArray = patterns.some((pattern) => pattern.startsWith("array"));
    if (variable.length > 0) {
      let type: Type | undefined = types.VOID;
      given.forEach((arg, index) => {
        const pattern = patterns[index]!;
        if (!/\bT\b/.test(pattern) || !type) return;
        const item = pattern.startsWith("array")
          ? arg.type.name === "array"
            ? arg.type.of
            : undefined
          : arg.type;
        type = item && (takesArray ? commonType(type, item) : this.#widened(type, item, arg, given));
      });
      if (!type || type.name === "interval") return undefined;
      if (type.name === "void") return undefined;
      if (type.name === "array" && comparisons.has(name)) return undefined;
      common = type;
    }
    const hasDecimal = given.some(({ type }) => type.name === "decimal");
    const fitted = given.map((arg, index): Arg | undefined =>
      this.#fitOne(patterns[index]!, arg, common, hasDecimal),
    );
    return fitted.every((arg) => arg !== undefined) ? fitted : undefined;
  }

  /** As two values beside each other; a text written out takes the type of the date or the instant beside it. */
  #widened(type: Type, other: Type, arg: Bound, all: readonly Bound[]): Type | undefined {
    const isInstant = ({ name }: Type) => name === "date" || name === "timestamp";
    if (arg.text !== undefined && other.name === "string" && isInstant(type)) return type;
    if (
      type.name === "string" &&
      isInstant(other) &&
      all.every((one) => one.type.name !== "string" || one.text !== undefined)
    )
      return other;
    return commonType(type, other);
  }

  #fitOne(pattern: string, arg: Bound, common: Type | undefined, hasDecimal: boolean): Arg | undefined {
    const { type } = arg;
    switch (pattern) {
      case "*":
        return arg.text === "*" && type.name === "void" ? arg : undefined;
      case "any":
        return arg.text === "*" || type.name === "interval" ? undefined : arg;
      case "unit":
        return arg.sql === "" && arg.text !== undefined ? arg : undefined;
      case "'text'":
      case "'regex'":
      case "'like'":
      case "'format'":
      case "'path'":
      case "'unit'":
        return arg.text !== undefined && type.name === "string" ? arg : undefined;
      case "'number'":
        return arg.number !== undefined && /^-?\d+$/.test(arg.number) ? arg : undefined;
      case "array<any>":
        return type.name === "array" ? arg : undefined;
      case "T":
        return this.#as(arg, common!);
      case "array<T>":
        return this.#as(arg, types.array(common!));
      case "decimal":
        return type.name === "decimal" || (hasDecimal && (type.name === "int" || type.name === "bigint"))
          ? arg
          : undefined;
      default: {
        const wanted = typeNamed(pattern)!;
        if (!converts(type, wanted)) return undefined;
        return this.#as(arg, wanted);
      }
    }
  }

  /** A value as a type to which it goes by itself, with what is known of it as long as it stays the same. */
  #as(arg: Bound, type: Type): Arg {
    const sql = this.#to(arg, type);
    const { rounded: _rounded, items: _items, ...rest } = arg;
    return sql === arg.sql ? { ...arg, type } : { ...rest, sql, type };
  }

  #common(node: { readonly start: number }, all: readonly Bound[]): Type {
    let type: Type = types.VOID;
    for (const one of all) {
      const common = this.#widened(type, one.type, one, all);
      if (!common)
        this.#fail(
          node,
          `${typeText(type)} and ${typeText(one.type)} stand beside each other: cast one to the other's type`,
        );
      type = common;
    }
    if (type.name === "interval") this.#fail(node, "an interval stands only beside + and -");
    return type;
  }

  /** A value as another type to which it goes by itself. */
  #to(arg: Bound, type: Type): string {
    if (sameType(arg.type, type)) return arg.sql;
    if (arg.type.name === "void") return type.name === "void" ? "null" : `cast(null as ${nameOf(type)})`;
    if (arg.type.name === "string") return typedLiteral(type.name as "date" | "timestamp", arg.text!).sql;
    return castSql(arg.sql, arg.type, type, "cast")!;
  }

  #castSql(of: Bound, type: Type, mode: "cast" | "try_cast"): string | undefined {
    if (!of.rounded || of.type.name !== "decimal" || type.name !== "decimal" || type.scale >= of.type.scale)
      return castSql(of.sql, of.type, type, mode);
    return castSql(of.rounded(type.scale), shortened(of.type, type.scale), type, mode);
  }

  #cast(of: Bound, type: Type, mode: "cast" | "try_cast"): Arg {
    if (of.type.name === "void") return { sql: `cast(null as ${nameOf(type)})`, type };
    if (
      of.text !== undefined &&
      /^\s*(?:epoch|now|today|yesterday|tomorrow)\b/i.test(of.text) &&
      (type.name === "date" || type.name === "timestamp")
    )
      throw new SqlError(`'${of.text}' is a moment of the clock: use \${run.now} or \${run.date}`);
    const isPlain = of.text !== undefined && /^\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?$/.test(of.text);
    const sql =
      isPlain &&
      mode === "cast" &&
      (type.name === "timestamp" || (type.name === "date" && of.text.length === 10))
        ? typedLiteral(type.name, of.text).sql
        : this.#castSql(of, type, mode);
    if (sql === undefined)
      throw new SqlError(
        `${mode}(${typeText(of.type)} as ${typeText(type)}) is not known to give the same on DuckDB and on Databricks. ` +
          `To ${type.name} go ${castTitles
            .filter(([, to]) => to === type.name)
            .map(([from]) => from)
            .join(", ")}.`,
      );
    this.used(`${mode}(${of.type.name} as ${type.name})`);
    return { sql, type };
  }
}

/** The expressions directly within a node, without those of selects within it. */
function partsOf(values: readonly unknown[]): Expr[] {
  return values.flatMap((value): Expr[] => {
    if (Array.isArray(value)) return partsOf(value);
    if (typeof value !== "object" || value === null || "body" in value) return [];
    return "is" in value ? [value as Expr] : partsOf(Object.values(value));
  });
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** What compares values: arrays it does not, since nulls within them count differently. */
const comparisons = new Set(["=", "<>", "<", "<=", ">", ">=", "<=>", "greatest", "least", "min", "max"]);

const family = ({ name }: Type) => name;

const typeNames = "boolean, int, bigint, double, decimal(p,s), string, date, timestamp, array<…>";

/** Other names of functions in the table. */
const alsoCalled: Readonly<Record<string, string>> = {
  substr: "substring",
  ceiling: "ceil",
  char_length: "length",
  character_length: "length",
  first: "first_value",
  last: "last_value",
};

/** Functions that people look for, with what to write instead. */
const refusedFunctions: Readonly<Record<string, string>> = {
  now: "Use ${run.now}.",
  current_timestamp: "Use ${run.now}.",
  current_date: "Use ${run.date}.",
  any_value: "It may give any row's value: use min() or max_by().",
  collect_list: "The order of its items is any: use count, min or max.",
  collect_set: "The order of its items is any: use count(distinct …).",
  to_timestamp: "Use cast(… as timestamp).",
  regexp_like: "Use rlike.",
};

const flags = (args: readonly Bound[]): Pick<Bound, "hasAggregate" | "hasWindow"> => ({
  ...(args.some(({ hasAggregate }) => hasAggregate) && { hasAggregate: true }),
  ...(args.some(({ hasWindow }) => hasWindow) && { hasWindow: true }),
});

const relationOf = (alias: string, columns: readonly OutputColumn[]): Relation => ({
  alias,
  columns: columns.map((column) => ({ ...column, sql: `${identifier(alias)}.${identifier(column.name)}` })),
});

const allRelations = (scope: Scope): readonly Relation[] => [
  ...scope.relations,
  ...(scope.outer ? allRelations(scope.outer) : []),
];

/** All but one call stands in brackets, so that DuckDB's precedence has no say. */
function bracketed(sql: string): string {
  if (!/^\w+\(/.test(sql)) return /^\w+$/.test(sql) ? sql : `(${sql})`;
  let depth = 0;
  const plain = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => "x".repeat(quoted.length));
  for (let at = 0; at < plain.length; at++) {
    if (plain[at] === "(") depth++;
    if (plain[at] === ")" && --depth === 0) return at === plain.length - 1 ? sql : `(${sql})`;
  }
  return `(${sql})`;
}

/** Which types go to which by themselves. */
function converts(from: Type, to: Type): boolean {
  if (sameType(from, to) || from.name === "void") return true;
  if (to.name === "bigint") return from.name === "int";
  if (to.name === "double") return isNumber(from);
  if (to.name === "timestamp") return from.name === "date";
  if (to.name === "date") return false;
  return false;
}

/** A number as it is written has the smallest type that holds it. */
function numberOf(value: string): Bound {
  const digits = value.replace(/^-/, "");
  if (/e/i.test(digits)) return { sql: `cast(${value} as double)`, type: types.DOUBLE, number: value };
  if (!digits.includes(".")) {
    const number = BigInt(value);
    if (number >= -(2n ** 31n) && number < 2n ** 31n) return { sql: value, type: types.INT, number: value };
    if (number >= -(2n ** 63n) && number < 2n ** 63n)
      return { sql: `cast(${value} as bigint)`, type: types.BIGINT, number: value };
  }
  const [before = "", after = ""] = digits.split(".");
  const whole = before.replace(/^0+/, "");
  const precision = Math.max(whole.length + after.length, 1);
  if (precision > 38) throw new SqlError(`${value} has more than 38 digits`);
  const type = types.decimal(precision, after.length);
  return { sql: `cast(${value} as ${nameOf(type)})`, type, number: value };
}

/** A date or an instant as it is written: only the forms that nobody reads in two ways. */
function typedLiteral(name: "date" | "timestamp", value: string): Bound {
  const found = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z?)?$/.exec(value);
  const day = found && new Date(`${found[1]}T00:00:00Z`);
  const isDay = day && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(found[1]!);
  const isTime = found?.[2] === undefined || /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d/.test(found[2]);
  if (!isDay || !isTime || (name === "date" && found[2] !== undefined))
    throw new SqlError(
      `'${value}' is no ${name}: write it like ${name === "date" ? "2026-03-01" : "2026-03-01 12:30:00"}`,
    );
  const text = name === "date" ? found[1]! : `${found[1]} ${found[2] ?? "00:00:00"}`;
  return { sql: `cast('${text}' as ${name})`, type: name === "date" ? types.DATE : types.TIMESTAMP };
}
