import { SqlError } from "./sql-error.js";
import { proveTree } from "./unparse.js";
import { lineAt, tokensOf, type Token } from "./tokens.js";
import type {
  Body,
  Cte,
  Expr,
  ExprOf,
  Grouping,
  Item,
  Join,
  Name,
  Order,
  Query,
  SelectBody,
  Source,
  Window,
} from "./tree.js";

/** Words that no name may be unless it is in backticks: they begin or join parts of a select. */
const reserved = new Set(
  `select from where group having order union except intersect minus limit offset window with on using as and or not
  in is between like ilike rlike case when then else end join inner left right full cross natural lateral distinct
  null true false by values cluster distribute sort tablesample pivot unpivot qualify fetch`.split(/\s+/),
);

/** Words that are names wherever a part of a select cannot begin with them. */
const nameable = new Set("values window qualify fetch pivot unpivot by minus".split(" "));

/** What Databricks has and the two engines are not known to do alike, with what to write instead. */
const instead: Readonly<Record<string, string>> = {
  qualify: "a common table expression with row_number() and a where",
  lateral: "explode in the select list",
  window: "the window at each function: over (partition by …)",
  natural: "join … on",
  tablesample: "a condition on a column",
  cluster: "order by",
  distribute: "order by",
  sort: "order by",
  minus: "except",
  pivot: "max(case when … end)",
  unpivot: "union all",
  fetch: "limit",
  div: "floor(a / b)",
  extract: "year(…), month(…), day(…) and the like",
  recursive: "a table that the step keeps: a recursion is not known to give the same on both engines",
};

/**
 * Reads a select in Databricks' dialect. It knows the parts of the language that are known to mean the same on all
 * engines; anything else is an error at its place. The tree is proven: written out, it is the text.
 *
 * @throws SqlError
 */
export function parseQuery(text: string): Query {
  const reader = new Reader(text);
  const query = reader.query();
  reader.finish();
  proveTree(text, query);
  return query;
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(readonly text: string) {
    this.#tokens = tokensOf(text);
  }

  finish(): void {
    while (this.#sign(";"));
    if (this.#now.kind === "end") return;
    if (this.#tokens[this.#at - 1]?.text === ";")
      this.#fail("holds more than one statement: give each its own sql`…`");
    this.#unexpected("the end of the select");
  }

  query(): Query {
    const start = this.#now.start;
    const ctes: Cte[] = [];
    if (this.#word("with")) {
      if (this.#is("recursive") && !this.#isNext("as", 1) && !this.#isNext("(", 1)) this.#refuse("recursive");
      do ctes.push(this.#cte());
      while (this.#sign(","));
    }
    const body = this.#set();
    const order = this.#word("order") ? this.#orders() : [];
    const limit = this.#word("limit") ? this.#expr() : undefined;
    const offset = this.#word("offset") ? this.#expr() : undefined;
    return {
      ctes,
      body,
      order,
      ...(limit && { limit }),
      ...(offset && { offset }),
      ...this.#span(start),
    };
  }

  #cte(): Cte {
    const start = this.#now.start;
    const name = this.#name("the name of a common table expression");
    const columns = this.#sign("(") ? this.#closed(() => this.#names()) : [];
    this.#word("as");
    this.#need("(");
    const query = this.#closed(() => this.query());
    return { name, columns, query, ...this.#span(start) };
  }

  /** Set operations: intersect binds more tightly than the others. */
  #set(): Body {
    const start = this.#now.start;
    let left = this.#intersections();
    for (;;) {
      const word = this.#now.word;
      if (word !== "union" && word !== "except" && word !== "minus") return left;
      if (word === "minus") this.#refuse("minus");
      this.#at++;
      const all = this.#allOrDistinct();
      const right = this.#intersections();
      left = { is: "set", op: word, all, left, right, ...this.#span(start) };
    }
  }

  #intersections(): Body {
    const start = this.#now.start;
    let left = this.#body();
    while (this.#word("intersect")) {
      const all = this.#allOrDistinct();
      left = {
        is: "set",
        op: "intersect",
        all,
        left,
        right: this.#body(),
        ...this.#span(start),
      };
    }
    return left;
  }

  #allOrDistinct(): boolean {
    if (this.#word("all")) return true;
    this.#word("distinct");
    if (this.#is("by")) this.#fail("`by name` is not known to give the same: name the columns in one order");
    return false;
  }

  #body(): Body {
    const start = this.#now.start;
    if (this.#sign("(")) {
      const query = this.#closed(() => this.query());
      return { is: "nested", query, ...this.#span(start) };
    }
    if (this.#word("values")) {
      const rows: Expr[] = [];
      do rows.push(this.#expr());
      while (this.#sign(","));
      return { is: "values", rows, ...this.#span(start) };
    }
    if (!this.#word("select")) this.#unexpected("select");
    return this.#select(start);
  }

  #select(start: number): SelectBody {
    const distinct = this.#word("distinct");
    if (distinct && this.#is("on"))
      this.#fail("`distinct on` is no Databricks SQL: use row_number() in a common table expression");
    if (!distinct) this.#word("all");
    const items: Item[] = [];
    do items.push(this.#item());
    while (this.#sign(","));
    const from = this.#word("from") ? this.#sources() : undefined;
    const where = this.#word("where") ? this.#expr() : undefined;
    const group = this.#word("group") ? this.#grouping() : undefined;
    const having = this.#word("having") ? this.#expr() : undefined;
    for (const word of ["qualify", "window", "cluster", "distribute", "sort", "lateral", "fetch"])
      if (this.#is(word)) this.#refuse(word);
    return {
      is: "select",
      distinct,
      items,
      ...(from && { from }),
      ...(where && { where }),
      ...(group && { group }),
      ...(having && { having }),
      ...this.#span(start),
    };
  }

  #item(): Item {
    const start = this.#now.start;
    if (this.#sign("*")) return { value: this.#star(start), ...this.#span(start) };
    const value = this.#expr();
    if (this.#word("as")) {
      if (this.#isSign("(")) this.#fail("several names after `as` are not taken: name each column");
      return { value, alias: this.#name("a column's name", true), ...this.#span(start) };
    }
    const alias = this.#isName() ? this.#name("a column's name") : undefined;
    return { value, ...(alias && { alias }), ...this.#span(start) };
  }

  #star(start: number, of?: Name): ExprOf<"star"> {
    let except: readonly Name[] = [];
    if (this.#is("except") && this.#isNext("(", 1) && !this.#beginsQuery(this.#at + 1)) {
      this.#at += 2;
      except = this.#closed(() => this.#names());
    }
    return { is: "star", ...(of && { of }), except, ...this.#span(start) };
  }

  #grouping(): Grouping {
    this.#needWord("by");
    if (this.#is("all") && !this.#isNext("(", 1)) {
      this.#at++;
      return { by: "all" };
    }
    for (const by of ["rollup", "cube"] as const)
      if (this.#is(by) && this.#isNext("(", 1)) {
        this.#at += 2;
        return { by, items: this.#closed(() => this.#list()) };
      }
    if (this.#is("grouping") && this.#isNext("sets", 1)) {
      this.#at += 2;
      this.#need("(");
      return {
        by: "sets",
        sets: this.#closed(() => {
          const sets: { is: "one" | "several"; items: readonly Expr[] }[] = [];
          do {
            if (this.#sign("("))
              sets.push({
                is: "several",
                items: this.#closed(() => (this.#isSign(")") ? [] : this.#list())),
              });
            else sets.push({ is: "one", items: [this.#expr()] });
          } while (this.#sign(","));
          return sets;
        }),
      };
    }
    const items = this.#list();
    if (this.#is("with") || (this.#is("grouping") && this.#isNext("sets", 1)))
      this.#fail("write `group by rollup (…)`, `cube (…)` or `grouping sets (…)`");
    return { by: "items", items };
  }

  #sources(): Source {
    const start = this.#now.start;
    let left = this.#joined();
    while (this.#sign(",")) left = this.#joinOf("cross", left, this.#joined(), start, {}, ",");
    return left;
  }

  #joinOf(
    kind: Join,
    left: Source,
    right: Source,
    start: number,
    how: { readonly on?: Expr; readonly using?: readonly Name[] },
    word: string,
  ): Source {
    return { is: "join", kind, word, left, right, ...how, ...this.#span(start) };
  }

  #joined(): Source {
    const start = this.#now.start;
    let left = this.#source();
    for (;;) {
      const from = this.#at;
      const kind = this.#joinKind();
      if (!kind) return left;
      const words = this.#tokens.slice(from, this.#at - 1).map(({ word }) => word);
      const word = words.filter((one) => one !== "inner" && one !== "outer").join(" ");
      const right = this.#source();
      if (this.#word("on")) left = this.#joinOf(kind, left, right, start, { on: this.#expr() }, word);
      else if (this.#word("using")) {
        this.#need("(");
        left = this.#joinOf(kind, left, right, start, { using: this.#closed(() => this.#names()) }, word);
      } else if (kind === "cross") left = this.#joinOf(kind, left, right, start, {}, word);
      else this.#unexpected("on");
    }
  }

  #joinKind(): Join | undefined {
    const { word } = this.#now;
    if (word === "natural" || word === "lateral") this.#refuse(word);
    if (this.#word("join")) return "inner";
    if (this.#word("inner")) return this.#then("inner");
    if (this.#word("cross")) return this.#then("cross");
    if (word === "semi" || word === "anti") {
      if (!this.#isNext("join", 1)) return undefined;
      this.#at++;
      return this.#then(`left ${word}`);
    }
    if (word !== "left" && word !== "right" && word !== "full") return undefined;
    this.#at++;
    if (word === "left" && this.#word("semi")) return this.#then("left semi");
    if (word === "left" && this.#word("anti")) return this.#then("left anti");
    this.#word("outer");
    return this.#then(word);
  }

  #then(kind: Join): Join {
    this.#needWord("join");
    return kind;
  }

  #source(): Source {
    const start = this.#now.start;
    if (this.#is("lateral")) this.#refuse("lateral");
    if (this.#sign("(")) {
      const isQuery = ["select", "with", "values", "("].includes(this.#now.word || this.#now.text);
      if (!isQuery) this.#fail("brackets around joins are not taken: write the joins one after the other");
      const query = this.#closed(() => this.query());
      const alias = this.#alias();
      const columns = alias && this.#sign("(") ? this.#closed(() => this.#names()) : [];
      return { is: "derived", query, ...(alias && { alias }), columns, ...this.#span(start) };
    }
    if (this.#word("values")) this.#fail("write `(values …) as t (a, b)`");
    const names = [this.#name("a relation")];
    while (this.#sign(".")) names.push(this.#name("a relation", true));
    if (this.#isSign("("))
      this.#fail(`${names.at(-1)!.text}() is no relation here: use ${instead["lateral"]}`);
    for (const word of ["tablesample", "pivot", "unpivot"]) if (this.#is(word)) this.#refuse(word);
    const alias = this.#alias();
    const columns = alias && this.#sign("(") ? this.#closed(() => this.#names()) : [];
    return { is: "relation", names, ...(alias && { alias }), columns, ...this.#span(start) };
  }

  #alias(): Name | undefined {
    if (this.#word("as")) return this.#name("an alias", true);
    if (["semi", "anti"].includes(this.#now.word) && this.#isNext("join", 1)) return undefined;
    return this.#isName() ? this.#name("an alias") : undefined;
  }

  #orders(): Order[] {
    this.#needWord("by");
    const orders: Order[] = [];
    do {
      const by = this.#expr();
      const way = this.#word("asc") ? "asc" : this.#word("desc") ? "desc" : undefined;
      let nulls: "first" | "last" | undefined;
      if (this.#word("nulls")) {
        nulls = this.#word("first") ? "first" : "last";
        if (nulls === "last") this.#needWord("last");
      }
      orders.push({ by, ...(way && { way }), ...(nulls && { nulls }) });
    } while (this.#sign(","));
    return orders;
  }

  #list(): Expr[] {
    const list: Expr[] = [];
    do list.push(this.#expr());
    while (this.#sign(","));
    return list;
  }

  #names(): Name[] {
    const names: Name[] = [];
    do names.push(this.#name("a name", true));
    while (this.#sign(","));
    return names;
  }

  #expr(): Expr {
    return this.#leftToRight(["or"], () => this.#leftToRight(["and"], () => this.#not()));
  }

  #not(): Expr {
    const start = this.#now.start;
    if (!this.#is("not")) return this.#predicate();
    this.#at++;
    return { is: "unary", op: "not", of: this.#not(), ...this.#span(start) };
  }

  #predicate(): Expr {
    const start = this.#now.start;
    const of = this.#comparison();
    const not =
      this.#is("not") &&
      ["between", "in", "like", "ilike", "rlike", "regexp"].some((word) => this.#isNext(word, 1));
    if (not) this.#at++;
    if (this.#word("between")) {
      const low = this.#comparison();
      this.#needWord("and");
      return { is: "between", of, not, low, high: this.#comparison(), ...this.#span(start) };
    }
    if (this.#word("in")) {
      this.#need("(");
      const list = this.#closed(() => (this.#beginsQuery() ? this.query() : this.#list()));
      return { is: "in", of, not, list, ...this.#span(start) };
    }
    for (const op of ["like", "ilike", "rlike"] as const)
      if (this.#word(op)) {
        if (["any", "all", "some"].includes(this.#now.word) && this.#isNext("(", 1))
          this.#fail(`\`${op} ${this.#now.word}\` is not taken: join the patterns by or`);
        const pattern = this.#comparison();
        if (this.#is("escape")) this.#fail("`escape` is not taken: write a backslash before _ or %");
        return { is: "like", of, not, op, pattern, ...this.#span(start) };
      }
    if (this.#is("regexp")) this.#fail("write rlike instead of regexp");
    if (!this.#word("is")) return of;
    const isNot = this.#word("not");
    if (this.#word("distinct")) {
      this.#needWord("from");
      return { is: "distinct", of, not: isNot, from: this.#comparison(), ...this.#span(start) };
    }
    for (const what of ["null", "true", "false"] as const)
      if (this.#word(what)) return { is: "test", of, not: isNot, what, ...this.#span(start) };
    return this.#unexpected("null, true, false or distinct from");
  }

  #comparison(): Expr {
    return this.#leftToRight(["=", "==", "<>", "!=", "<", "<=", ">", ">=", "<=>"], () =>
      this.#leftToRight(["+", "-", "||"], () => this.#leftToRight(["*", "/", "%"], () => this.#unary())),
    );
  }

  #leftToRight(ops: readonly string[], operand: () => Expr): Expr {
    const start = this.#now.start;
    let left = operand();
    for (;;) {
      const op = this.#now.kind === "sign" ? this.#now.text : this.#now.word;
      if (op === "div" && ops.includes("/") && !this.#endsOperand()) this.#refuse("div");
      if (["&", "|", "^", "<<", ">>"].includes(op)) this.#fail(`the operator ${op} is not taken`);
      if (!ops.includes(op) || this.#now.kind === "string" || this.#now.kind === "quoted") return left;
      this.#at++;
      left = { is: "binary", op, left, right: operand(), ...this.#span(start) };
    }
  }

  /** Whether the word here is an alias and no operator: nothing that could be an operand follows. */
  #endsOperand(): boolean {
    const next = this.#tokens[this.#at + 1]!;
    if (next.kind === "sign") return next.text !== "(";
    return next.kind === "end" || reserved.has(next.word);
  }

  #unary(): Expr {
    const start = this.#now.start;
    for (const op of ["-", "+"] as const)
      if (this.#sign(op)) return { is: "unary", op, of: this.#unary(), ...this.#span(start) };
    if (this.#isSign("~") || this.#isSign("!"))
      this.#fail(`the operator ${this.#now.text} is not taken: write not`);
    return this.#after(this.#primary(), start);
  }

  #after(first: Expr, start: number): Expr {
    let of = first;
    for (;;) {
      if (this.#sign("[")) {
        const at = this.#expr();
        this.#need("]");
        of = { is: "index", of, at, ...this.#span(start) };
      } else if (this.#sign("::")) {
        of = { is: "cast", strict: true, short: true, of, type: this.#type(), ...this.#span(start) };
      } else if (this.#isSign(":")) {
        this.#at++;
        const from = this.#now.start;
        this.#name("a field", true);
        while (this.#isSign(".") || this.#isSign("[")) {
          if (this.#sign(".")) this.#name("a field", true);
          else {
            this.#at++;
            if (this.#now.kind !== "number") this.#unexpected("a position");
            this.#at++;
            this.#need("]");
          }
        }
        of = { is: "path", of, path: this.text.slice(from, this.#before.end), ...this.#span(start) };
      } else return of;
    }
  }

  #primary(): Expr {
    const token = this.#now;
    const { start } = token;
    const span = () => this.#span(start);
    if (token.kind === "string") {
      this.#at++;
      if (this.#now.kind === "string") this.#fail("two texts stand beside each other: join them by ||");
      return { is: "text", value: token.text, ...span() };
    }
    if (token.kind === "number") {
      this.#at++;
      return { is: "number", value: token.text, ...span() };
    }
    if (this.#sign("(")) {
      if (this.#beginsQuery()) {
        const query = this.#closed(() => this.query());
        return { is: "scalar", query, ...span() };
      }
      const items = this.#closed(() => this.#list());
      return items.length === 1
        ? { is: "bracket", of: items[0]!, ...span() }
        : { is: "row", items, ...span() };
    }
    if (token.kind === "quoted") return this.#column();
    if (token.kind !== "word") return this.#unexpected("an expression");
    if (token.word === "null" || token.word === "true" || token.word === "false") {
      this.#at++;
      return { is: "word", value: token.word, ...span() };
    }
    if (
      (token.word === "date" || token.word === "timestamp") &&
      this.#tokens[this.#at + 1]!.kind === "string"
    ) {
      const value = this.#tokens[this.#at + 1]!.text;
      this.#at += 2;
      return { is: "typed", type: token.word, value, ...span() };
    }
    if (
      token.word === "interval" &&
      ["number", "string", "sign"].includes(this.#tokens[this.#at + 1]!.kind) &&
      !this.#isNext(".", 1) &&
      !this.#isNext(",", 1) &&
      !this.#isNext(")", 1)
    ) {
      this.#at++;
      const amount = this.#unary();
      const unit = this.#now;
      if (unit.kind !== "word") this.#unexpected("a unit of time");
      this.#at++;
      if (this.#now.kind === "number" || this.#now.kind === "string" || this.#is("to"))
        this.#fail("an interval has one number and one unit: add one after the other");
      return { is: "interval", amount, unit: unit.word, ...span() };
    }
    if (token.word === "case") return this.#case(start);
    if (token.word === "exists" && this.#isNext("(", 1)) {
      this.#at += 2;
      const query = this.#closed(() => this.query());
      return { is: "exists", query, ...span() };
    }
    if ((token.word === "cast" || token.word === "try_cast") && this.#isNext("(", 1)) {
      this.#at += 2;
      const of = this.#expr();
      this.#needWord("as");
      const type = this.#type();
      this.#need(")");
      return { is: "cast", strict: token.word === "cast", short: false, of, type, ...span() };
    }
    if (token.word === "extract" && this.#isNext("(", 1)) this.#refuse("extract");
    if (reserved.has(token.word) && !(nameable.has(token.word) || this.#isFunctionWord()))
      this.#unexpected("an expression");
    if (this.#isNext("(", 1)) return this.#call(start);
    return this.#column();
  }

  /** `left(…)`, `right(…)` and `values(…)` are functions where they are called. */
  #isFunctionWord(): boolean {
    return ["left", "right"].includes(this.#now.word) && this.#isNext("(", 1);
  }

  #column(): Expr {
    const { start } = this.#now;
    const names = [this.#name("a column", true)];
    while (this.#isSign(".")) {
      this.#at++;
      if (this.#sign("*")) {
        if (names.length > 1) this.#fail("write an alias before .*");
        return this.#star(start, names[0]);
      }
      names.push(this.#name("a column", true));
    }
    return { is: "column", names, ...this.#span(start) };
  }

  #case(start: number): Expr {
    this.#at++;
    const of = this.#is("when") ? undefined : this.#expr();
    const whens: { when: Expr; result: Expr }[] = [];
    while (this.#word("when")) {
      const when = this.#expr();
      this.#needWord("then");
      whens.push({ when, result: this.#expr() });
    }
    if (whens.length === 0) this.#unexpected("when");
    const otherwise = this.#word("else") ? this.#expr() : undefined;
    this.#needWord("end");
    return { is: "case", ...(of && { of }), whens, ...(otherwise && { otherwise }), ...this.#span(start) };
  }

  #call(start: number): Expr {
    const token = this.#now;
    const name: Name = { text: token.text, quoted: false, start: token.start, end: token.end };
    this.#at += 2;
    const distinct = this.#word("distinct");
    const args = this.#isSign(")") ? [] : this.#arguments();
    if (this.#is("ignore") || this.#is("respect") || this.#is("order"))
      this.#fail(`\`${this.#now.text}\` within brackets is not taken`);
    this.#need(")");
    if (this.#is("within")) this.#fail("`within group` is not taken");
    let filter: Expr | undefined;
    if (this.#is("filter") && this.#isNext("(", 1)) {
      this.#at += 2;
      this.#needWord("where");
      filter = this.#expr();
      this.#need(")");
    }
    let ignoreNulls = false;
    if (this.#is("ignore") && this.#isNext("nulls", 1)) {
      this.#at += 2;
      ignoreNulls = true;
    }
    const over = this.#word("over") ? this.#window() : undefined;
    return {
      is: "call",
      name,
      args,
      distinct,
      ignoreNulls,
      ...(filter && { filter }),
      ...(over && { over }),
      ...this.#span(start),
    };
  }

  #arguments(): Expr[] {
    const args: Expr[] = [];
    do {
      const { start } = this.#now;
      if (this.#isSign("*") && this.#isNext(")", 1)) {
        this.#at++;
        args.push({ is: "star", except: [], ...this.#span(start) });
      } else args.push(this.#expr());
      if (this.#isSign("->") || this.#isSign("=>"))
        this.#fail(`\`${this.#now.text}\` is not taken: explode the array and use an aggregate`);
    } while (this.#sign(","));
    return args;
  }

  #window(): Window {
    if (!this.#isSign("(")) this.#refuse("window");
    this.#at++;
    return this.#closed(() => {
      const partition = this.#word("partition") ? (this.#needWord("by"), this.#list()) : [];
      const order = this.#word("order") ? this.#orders() : [];
      const unit = this.#word("rows") ? "rows" : this.#word("range") ? "range" : undefined;
      if (!unit) return { partition, order };
      const between = this.#word("between");
      const from = this.#bound();
      if (!between) return { partition, order, frame: { unit, from } };
      this.#needWord("and");
      return { partition, order, frame: { unit, from, to: this.#bound() } };
    });
  }

  #bound(): string {
    const token = this.#now;
    this.#at++;
    const way = this.#now.word;
    if (token.word === "current" && way === "row") return (this.#at++, "current row");
    const amount =
      token.word === "unbounded"
        ? "unbounded"
        : token.kind === "number" && /^\d+$/.test(token.text)
          ? token.text
          : undefined;
    if (!amount || (way !== "preceding" && way !== "following")) {
      this.#at--;
      return this.#unexpected("a bound: unbounded, current row or a whole number of rows");
    }
    this.#at++;
    return `${amount} ${way}`;
  }

  /** A type as it is written, in lower case and without spaces. */
  #type(): string {
    const token = this.#now;
    if (token.kind !== "word") return this.#unexpected("a type");
    this.#at++;
    if (this.#sign("(")) {
      const numbers: string[] = [];
      do {
        if (this.#now.kind !== "number") this.#unexpected("a number");
        numbers.push(this.#now.text);
        this.#at++;
      } while (this.#sign(","));
      this.#need(")");
      return `${token.word}(${numbers.join(",")})`;
    }
    if (!this.#sign("<")) return token.word;
    const of = this.#type();
    this.#need(">");
    return `${token.word}<${of}>`;
  }

  #beginsQuery(from = this.#at): boolean {
    let at = from;
    while (this.#tokens[at]!.text === "(") at++;
    const first = this.#tokens[at]!;
    return (
      first.word === "select" ||
      first.word === "with" ||
      (first.word === "values" && this.#tokens[at + 1]!.text !== ")")
    );
  }

  get #now(): Token {
    return this.#tokens[this.#at]!;
  }

  get #before(): Token {
    return this.#tokens[this.#at - 1]!;
  }

  #span = (start: number) => ({ start, end: this.#before.end });

  #is = (word: string) => this.#now.word === word;

  #isSign = (sign: string) => this.#now.kind === "sign" && this.#now.text === sign;

  #isNext = (text: string, ahead: number) => {
    const token = this.#tokens[this.#at + ahead];
    return token !== undefined && (token.word === text || (token.kind === "sign" && token.text === text));
  };

  #word(word: string): boolean {
    if (!this.#is(word)) return false;
    this.#at++;
    return true;
  }

  #sign(sign: string): boolean {
    if (!this.#isSign(sign)) return false;
    this.#at++;
    return true;
  }

  #needWord(word: string): void {
    if (!this.#word(word)) this.#unexpected(word);
  }

  #need(sign: string): void {
    if (!this.#sign(sign)) this.#unexpected(`"${sign}"`);
  }

  /** What stands before a closing bracket, and the bracket. */
  #closed<T>(read: () => T): T {
    const value = read();
    this.#need(")");
    return value;
  }

  #isName(): boolean {
    const { kind, word } = this.#now;
    return kind === "quoted" || (kind === "word" && !reserved.has(word));
  }

  #name(what: string, isExplicit = false): Name {
    const { kind, word, text, start, end } = this.#now;
    const isTaken =
      kind === "quoted" || (kind === "word" && (!reserved.has(word) || (isExplicit && nameable.has(word))));
    if (!isTaken)
      return this.#unexpected(
        kind === "word" && reserved.has(word) ? `${what} (a name like this needs backticks)` : what,
      );
    this.#at++;
    return { text, quoted: kind === "quoted", start, end };
  }

  #refuse(word: string): never {
    return this.#fail(`"${word}" is not the same on DuckDB and on Databricks: use ${instead[word]}.`);
  }

  #unexpected(wanted: string): never {
    const { kind, text } = this.#now;
    return this.#fail(
      `expected ${wanted}, found ${kind === "string" ? `'${text}'` : kind === "end" ? "the end" : `"${text}"`}`,
    );
  }

  #fail(message: string): never {
    throw new SqlError(message, lineAt(this.text, this.#now.start));
  }
}
