/** What a select of Databricks SQL says, as a tree. Each node knows where it begins and ends in the text. */
interface Node {
  readonly start: number;
  readonly end: number;
}

/** A name; `quoted` if it is written in backticks. */
export interface Name extends Node {
  readonly text: string;
  readonly quoted: boolean;
}

export type Expr = Node &
  (
    | { readonly is: "text"; readonly value: string }
    | { readonly is: "number"; readonly value: string }
    | { readonly is: "word"; readonly value: "null" | "true" | "false" }
    | { readonly is: "typed"; readonly type: "date" | "timestamp"; readonly value: string }
    | { readonly is: "interval"; readonly amount: Expr; readonly unit: string }
    | { readonly is: "column"; readonly names: readonly Name[] }
    | { readonly is: "star"; readonly of?: Name; readonly except: readonly Name[] }
    | Call
    | {
        readonly is: "cast";
        readonly strict: boolean;
        readonly short: boolean;
        readonly of: Expr;
        readonly type: string;
      }
    | { readonly is: "unary"; readonly op: "-" | "+" | "not"; readonly of: Expr }
    | { readonly is: "binary"; readonly op: string; readonly left: Expr; readonly right: Expr }
    | {
        readonly is: "test";
        readonly of: Expr;
        readonly not: boolean;
        readonly what: "null" | "true" | "false";
      }
    | { readonly is: "distinct"; readonly of: Expr; readonly not: boolean; readonly from: Expr }
    | {
        readonly is: "between";
        readonly of: Expr;
        readonly not: boolean;
        readonly low: Expr;
        readonly high: Expr;
      }
    | {
        readonly is: "like";
        readonly of: Expr;
        readonly not: boolean;
        readonly op: "like" | "ilike" | "rlike";
        readonly pattern: Expr;
      }
    | { readonly is: "in"; readonly of: Expr; readonly not: boolean; readonly list: readonly Expr[] | Query }
    | { readonly is: "exists"; readonly query: Query }
    | { readonly is: "scalar"; readonly query: Query }
    | {
        readonly is: "case";
        readonly of?: Expr;
        readonly whens: readonly { when: Expr; result: Expr }[];
        readonly otherwise?: Expr;
      }
    | { readonly is: "row"; readonly items: readonly Expr[] }
    | { readonly is: "bracket"; readonly of: Expr }
    | { readonly is: "index"; readonly of: Expr; readonly at: Expr }
    | { readonly is: "path"; readonly of: Expr; readonly path: string }
  );

export type ExprOf<Is extends Expr["is"]> = Extract<Expr, { is: Is }>;

/** A call of a function, which may be an aggregate or a window function. */
interface Call {
  readonly is: "call";
  readonly name: Name;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  readonly ignoreNulls: boolean;
  readonly filter?: Expr;
  readonly over?: Window;
}

export interface Window {
  readonly partition: readonly Expr[];
  readonly order: readonly Order[];
  readonly frame?: { readonly unit: "rows" | "range"; readonly from: string; readonly to?: string };
}

export interface Order {
  readonly by: Expr;
  readonly way?: "asc" | "desc";
  readonly nulls?: "first" | "last";
}

export interface Query extends Node {
  readonly ctes: readonly Cte[];
  readonly body: Body;
  readonly order: readonly Order[];
  readonly limit?: Expr;
  readonly offset?: Expr;
}

export interface Cte extends Node {
  readonly name: Name;
  readonly columns: readonly Name[];
  readonly query: Query;
}

export type Body = Node &
  (
    | Select
    | {
        readonly is: "set";
        readonly op: "union" | "except" | "intersect";
        readonly all: boolean;
        readonly left: Body;
        readonly right: Body;
      }
    | { readonly is: "values"; readonly rows: readonly Expr[] }
    | { readonly is: "nested"; readonly query: Query }
  );

interface Select {
  readonly is: "select";
  readonly distinct: boolean;
  readonly items: readonly Item[];
  readonly from?: Source;
  readonly where?: Expr;
  readonly group?: Grouping;
  readonly having?: Expr;
}

export type SelectBody = Extract<Body, { is: "select" }>;

export interface Item extends Node {
  readonly value: Expr;
  readonly alias?: Name;
}

/** `all` is `group by all`. Sets are those of `rollup`, `cube` or `grouping sets`. */
export type Grouping =
  | { readonly by: "all" }
  | { readonly by: "items"; readonly items: readonly Expr[] }
  | { readonly by: "rollup" | "cube"; readonly items: readonly Expr[] }
  | {
      readonly by: "sets";
      readonly sets: readonly { readonly is: "one" | "several"; readonly items: readonly Expr[] }[];
    };

export type Source = Node &
  (
    | {
        readonly is: "relation";
        readonly names: readonly Name[];
        readonly alias?: Name;
        readonly columns: readonly Name[];
      }
    | {
        readonly is: "derived";
        readonly query: Query;
        readonly alias?: Name;
        readonly columns: readonly Name[];
      }
    | {
        readonly is: "join";
        readonly kind: Join;
        /** As it is written, without `inner` and `outer`; a comma is one too. */
        readonly word: string;
        readonly left: Source;
        readonly right: Source;
        readonly on?: Expr;
        readonly using?: readonly Name[];
      }
  );

export type Join = "inner" | "left" | "right" | "full" | "cross" | "left semi" | "left anti";
