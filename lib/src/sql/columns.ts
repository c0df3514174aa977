import { parseQuery } from "./parser.js";
import { render } from "./render.js";
import type { Param } from "./param.js";
import type { SqlValue, Statement } from "./statement.js";
import type { Body, Item } from "./tree.js";

/**
 * The names of the columns that a select gives, empty for one without a name; undefined where only its tables could say, and for what does
 * not parse, which the compiler will say of it.
 */
export function columnsOf(statement: Statement): readonly string[] | undefined {
  const literal = (value: SqlValue): Param => ({ name: "value", kind: "literal", value });
  try {
    return namesOf(parseQuery(render(statement, { literal }).text).body);
  } catch {
    return undefined;
  }
}

function namesOf(body: Body): readonly string[] | undefined {
  switch (body.is) {
    case "set":
      return namesOf(body.left);
    case "nested":
      return namesOf(body.query.body);
    case "values":
      return undefined;
    case "select":
      return body.items.some(({ value }) => value.is === "star") ? undefined : body.items.map(nameOf);
  }
}

const nameOf = ({ alias, value }: Item): string =>
  alias?.text ?? (value.is === "column" ? value.names.at(-1)!.text : "");
