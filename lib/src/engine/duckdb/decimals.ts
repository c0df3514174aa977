import { SqlError } from "../../sql/sql-error.js";
import { asDecimal, boundedDecimal, decimal, type Type } from "../../sql/types.js";

type Decimal = Type & { readonly name: "decimal" };

interface Operand {
  readonly sql: string;
  readonly type: Type;
  /** Of a number that is written out: it is as wide as its digits. */
  readonly number?: string;
}

/** A type as DuckDB names it. */
export const nameOf = (type: Type): string => {
  switch (type.name) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "array":
      return `${nameOf(type.of)}[]`;
    case "int":
    case "void":
      return "integer";
    case "string":
      return "varchar";
    default:
      return type.name;
  }
};

/** The decimal that an operand counts as. */
export const of = ({ type, number }: Operand): Decimal =>
  number !== undefined && type.name !== "decimal"
    ? (decimal(number.replace(/^-/, "").length, 0) as Decimal)
    : asDecimal(type);

const tooWide = () =>
  new SqlError(
    "the result is wider than 38 digits and would lose some: cast the operands to smaller decimals",
  );

function bounded(precision: number, scale: number): Decimal {
  const type = boundedDecimal(precision, scale);
  if (type.scale < scale) throw tooWide();
  return type;
}

/** The type of a sum or a difference. */
export function sum(a: Operand, b: Operand): Decimal {
  const { precision, scale } = unbounded(a, b);
  return bounded(precision + 1, scale);
}

/** The type in which both operands of a sum, or of a division with a rest, are exact. */
export function operand(a: Operand, b: Operand): Decimal {
  const { precision, scale } = unbounded(a, b);
  if (precision > 38) throw tooWide();
  return decimal(precision, scale) as Decimal;
}

function unbounded(a: Operand, b: Operand) {
  const [one, other] = [of(a), of(b)];
  const scale = Math.max(one.scale, other.scale);
  return { precision: Math.max(one.precision - one.scale, other.precision - other.scale) + scale, scale };
}

export function product(a: Operand, b: Operand): Decimal {
  const [one, other] = [of(a), of(b)];
  return bounded(one.precision + other.precision + 1, one.scale + other.scale);
}

/** The type of the rest of a division. */
export function rest(a: Operand, b: Operand): Decimal {
  const [one, other] = [of(a), of(b)];
  const scale = Math.max(one.scale, other.scale);
  return bounded(Math.min(one.precision - one.scale, other.precision - other.scale) + scale, scale);
}

export function quotient(a: Operand, b: Operand): Decimal {
  const [one, other] = [of(a), of(b)];
  const scale = Math.max(6, one.scale + other.precision + 1);
  return boundedDecimal(one.precision - one.scale + other.scale + scale, scale);
}

/** The type of `floor` and `ceil`. */
export function whole(a: Operand): Decimal {
  const { precision, scale } = of(a);
  return decimal(Math.min(38, scale === 0 ? precision : precision - scale + 1), 0) as Decimal;
}

export function rounded(a: Operand, places: number): Decimal {
  const { precision, scale } = of(a);
  const kept = Math.min(places, scale);
  return decimal(Math.min(38, precision - scale + 1 + kept), kept) as Decimal;
}

/** The type of `sum` over rows. */
export function total(a: Operand): Decimal {
  const { precision, scale } = of(a);
  return decimal(Math.min(38, precision + 10), scale) as Decimal;
}

/** The type of `avg` over rows. */
export function average(a: Operand): Decimal {
  const { precision, scale } = of(a);
  return bounded(precision + 4, scale + 4);
}

/**
 * The quotient of two decimals with all digits of its type, rounded half up: a long division of the whole numbers behind
 * them, so many digits at a time as a HUGEINT holds.
 */
export function divided(a: Operand, b: Operand, zero: "strict" | "try"): string {
  const [one, other] = [of(a), of(b)];
  const type = quotient(a, b);
  const shift = type.scale + other.scale - one.scale;
  const atOnce = 37 - other.precision;
  if (atOnce < 4 && shift > atOnce) throw tooWide();
  const steps: number[] = [];
  for (let left = shift; left > 0; left -= atOnce) steps.push(Math.min(left, atOnce));
  // By a multiplication where it has room for all digits, otherwise by the number's text without its point.
  const unscaled = ({ sql }: Operand, { precision, scale }: Decimal) =>
    precision + scale <= 38
      ? `cast(cast(${sql} as decimal(${Math.max(precision, 19)},${scale})) * ` +
        `cast(${"1".padEnd(scale + 1, "0")} as decimal(${scale + 1},0)) as hugeint)`
      : `cast(replace(cast(cast(${sql} as decimal(${precision},${scale})) as varchar), '.', '') as hugeint)`;
  const start = `{'a': ${unscaled(a, one)}, 'b': ${unscaled(b, other)}}`;
  let step =
    "{'s': sign(v.a) * sign(v.b), 'b': abs(v.b), 'q': abs(v.a) // abs(v.b), 'r': abs(v.a) % abs(v.b)}";
  let list = `list_transform([${start}], lambda v: ${step})`;
  for (const digits of steps) {
    const ten = `cast('1${"0".repeat(digits)}' as hugeint)`;
    step = `{'s': v.s, 'b': v.b, 'q': v.q * ${ten} + (v.r * ${ten}) // v.b, 'r': (v.r * ${ten}) % v.b}`;
    list = `list_transform(${list}, lambda v: ${step})`;
  }
  const rounding = "v.s * (v.q + case when v.r * 2 >= v.b then 1 else 0 end)";
  const unit =
    type.scale === 0
      ? "cast(1 as decimal(1,0))"
      : `cast('0.${"1".padStart(type.scale, "0")}' as decimal(${type.scale},${type.scale}))`;
  const result = `cast(cast(list_transform(${list}, lambda v: ${rounding})[1] as decimal(38,0)) * ${unit} as ${nameOf(type)})`;
  const error = zero === "strict" ? `when ${a.sql} is not null then error('division by zero')` : "";
  return `case when ${b.sql} <> 0 then ${result} when ${b.sql} is null then null ${error} end`;
}
