/** A type of Databricks SQL, as far as notebooks use them. `void` is that of a bare null. */
export type Type =
  | {
      readonly name:
        "void" | "boolean" | "int" | "bigint" | "double" | "string" | "date" | "timestamp" | "interval";
    }
  | { readonly name: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly name: "array"; readonly of: Type };

const simple = (name: Exclude<Type["name"], "decimal" | "array">): Type => ({ name });

export const VOID = simple("void");
export const BOOLEAN = simple("boolean");
export const INT = simple("int");
export const BIGINT = simple("bigint");
export const DOUBLE = simple("double");
export const STRING = simple("string");
export const DATE = simple("date");
export const TIMESTAMP = simple("timestamp");
/** A length of time, which only stands beside + and -. */
export const INTERVAL = simple("interval");

export const decimal = (precision: number, scale: number): Type => ({ name: "decimal", precision, scale });
export const array = (of: Type): Type => ({ name: "array", of });

const names: Readonly<Record<string, Type>> = {
  boolean: BOOLEAN,
  int: INT,
  integer: INT,
  bigint: BIGINT,
  long: BIGINT,
  double: DOUBLE,
  string: STRING,
  date: DATE,
  timestamp: TIMESTAMP,
  decimal: decimal(10, 0),
  dec: decimal(10, 0),
  numeric: decimal(10, 0),
};

/** The type that a text names; undefined for one that notebooks can't use. */
export function typeNamed(text: string): Type | undefined {
  const plain = text.toLowerCase().replaceAll(" ", "");
  const known = names[plain];
  if (known) return known;
  const numbers = /^(?:decimal|dec|numeric)\((\d+)(?:,(\d+))?\)$/.exec(plain);
  if (numbers) {
    const [precision, scale] = [Number(numbers[1]), Number(numbers[2] ?? 0)];
    return precision >= 1 && precision <= 38 && scale <= precision ? decimal(precision, scale) : undefined;
  }
  const of = /^array<(.+)>$/.exec(plain)?.[1];
  const item = of === undefined ? undefined : typeNamed(of);
  return item && array(item);
}

/** A type as Databricks writes it, in lower case. */
export const typeText = (type: Type): string =>
  type.name === "decimal"
    ? `decimal(${type.precision},${type.scale})`
    : type.name === "array"
      ? `array<${typeText(type.of)}>`
      : type.name;

export const sameType = (a: Type, b: Type) => typeText(a) === typeText(b);

export const isNumber = ({ name }: Type) => ["int", "bigint", "decimal", "double"].includes(name);

/** A whole number as the decimal that holds all its values. */
export const asDecimal = (type: Type): Type & { name: "decimal" } =>
  type.name === "decimal" ? type : { name: "decimal", precision: type.name === "int" ? 10 : 20, scale: 0 };

/**
 * The type to which values of two types go where they stand beside each other: in a comparison, a case, a union.
 * Undefined where Spark has none, or one that loses digits.
 */
export function commonType(a: Type, b: Type): Type | undefined {
  if (sameType(a, b) || b.name === "void") return a;
  if (a.name === "void") return b;
  if (a.name === "array" && b.name === "array") {
    const of = commonType(a.of, b.of);
    return of && array(of);
  }
  const either = new Set([a.name, b.name]);
  if (either.has("date") && either.has("timestamp")) return TIMESTAMP;
  if (!isNumber(a) || !isNumber(b)) return undefined;
  if (either.has("double")) return DOUBLE;
  if (!either.has("decimal")) return BIGINT;
  const [one, other] = [asDecimal(a), asDecimal(b)];
  const scale = Math.max(one.scale, other.scale);
  const whole = Math.max(one.precision - one.scale, other.precision - other.scale);
  return whole + scale <= 38 ? decimal(whole + scale, scale) : undefined;
}

/** Precision and scale of a decimal's result as Spark bounds it: whole digits first, but at least six behind the point. */
export function boundedDecimal(precision: number, scale: number): Type & { name: "decimal" } {
  if (precision <= 38) return { name: "decimal", precision, scale };
  const whole = precision - scale;
  return { name: "decimal", precision: 38, scale: Math.max(38 - whole, Math.min(scale, 6)) };
}
