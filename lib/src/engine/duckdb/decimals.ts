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

/** A decimal's type with fewer digits behind the point: rounding may make one more before it. */
export const shortened = (type: Decimal, scale: number): Type =>
  scale < type.scale ? decimal(Math.min(38, type.precision - type.scale + scale + 1), scale) : type;

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
 * The quotient of two decimals with all digits of its type, rounded half up; with a smaller `scale` rounded to that once more.
 * Numbers of everyday size are divided as BIGINT. As HUGEINT, like the others, it takes ten times as long.
 */
export function divided(
  a: Operand,
  b: Operand,
  zero: "strict" | "try",
  scale = quotient(a, b).scale,
): string {
  const type = nameOf(shortened(quotient(a, b), scale));
  const quick = quickly(a, b, scale);
  const branches = [
    ...(quick ? [`when ${quick.fits} then cast(${quick.sql} as ${type})`] : []),
    `when v.b <> 0 then cast(${exactly(a, b, scale)} as ${type})`,
    "when v.b is null then null",
    ...(zero === "strict" ? ["when v.a is not null then error('division by zero')"] : []),
  ];
  return `list_transform([{'a': ${a.sql}, 'b': ${b.sql}}], lambda v: case ${branches.join(" ")} end)[1]`;
}

const power = (digits: number) => `1${"0".repeat(digits)}`;

/** So many units of a scale's last digit as a decimal. */
const ofUnits = (sql: string, scale: number) => {
  const unit =
    scale === 0
      ? "cast(1 as decimal(1,0))"
      : `cast('0.${"1".padStart(scale, "0")}' as decimal(${scale},${scale}))`;
  return `cast(cast(${sql} as decimal(38,0)) * ${unit} as decimal(38,${scale}))`;
};

/**
 * The quotient of v.a and v.b where it is positive and both are so small that a long division of the whole numbers behind them
 * fits into BIGINT; undefined for types that have too many digits behind the point.
 */
function quickly(a: Operand, b: Operand, scale: number): { fits: string; sql: string } | undefined {
  const [one, other, full] = [of(a), of(b), quotient(a, b).scale];
  const shift = full + other.scale - one.scale;
  const dropped = full - scale;
  // DuckDB computes with decimals of up to 18 digits as BIGINT, and the factor has one more than there are behind the point.
  const room = (type: Decimal) => 17 - type.scale * 2;
  const steps = shift > 9 ? [shift >> 1, shift - (shift >> 1)] : [shift];
  const divisorRoom = Math.min(room(other), 18 - Math.max(...steps) - other.scale);
  if (shift < 1 || shift > 18 || dropped > shift || room(one) < 1 || divisorRoom < 1) return undefined;
  const whole = (name: string, { scale: places }: Decimal) =>
    places === 0
      ? `cast(${name} as bigint)`
      : `cast(cast(${name} as decimal(${17 - places},${places})) * cast(${power(places)} as decimal(${places + 1},0)) as bigint)`;
  const [x, y] = [whole("v.a", one), whole("v.b", other)];
  let rest = `(${x} % ${y})`;
  const digits = steps.map((step) => {
    const next = `(${rest} * ${power(step)})`;
    rest = `(${next} % ${y})`;
    return `(${next} // ${y})`;
  });
  const rounding = `case when abs(${rest}) * 2 >= ${y} then sign(${x}) else 0 end`;
  let fraction = `(${digits.join(` * ${power(steps.at(-1)!)} + `)} + ${rounding})`;
  if (dropped > 0)
    fraction = `((${fraction} + sign(${x}) * 5${"0".repeat(dropped - 1)}) // ${power(dropped)})`;
  const isWide = (type: Decimal, digits: number) => type.precision - type.scale > digits;
  return {
    fits: [
      ...(isWide(one, room(one)) ? [`v.a > -${power(room(one))} and v.a < ${power(room(one))}`] : []),
      "v.b > 0",
      ...(isWide(other, divisorRoom) ? [`v.b < ${power(divisorRoom)}`] : []),
    ].join(" and "),
    sql: ofUnits(
      `cast(${x} // ${y} as hugeint) * cast('${power(shift - dropped)}' as hugeint) + ${fraction}`,
      scale,
    ),
  };
}

/** A long division of the whole numbers behind two decimals, so many digits at a time as a HUGEINT holds. */
function exactly(a: Operand, b: Operand, scale: number): string {
  const [one, other, full] = [of(a), of(b), quotient(a, b).scale];
  const shift = full + other.scale - one.scale;
  const atOnce = 37 - other.precision;
  if (atOnce < 4 && shift > atOnce) throw tooWide();
  const steps: number[] = [];
  for (let left = shift; left > 0; left -= atOnce) steps.push(Math.min(left, atOnce));
  // By a multiplication where it has room for all digits, otherwise by the number's text without its point.
  const unscaled = (sql: string, { precision, scale: places }: Decimal) =>
    precision + places <= 38
      ? `cast(cast(${sql} as decimal(${Math.max(precision, 19)},${places})) * ` +
        `cast(${power(places)} as decimal(${places + 1},0)) as hugeint)`
      : `cast(replace(cast(cast(${sql} as decimal(${precision},${places})) as varchar), '.', '') as hugeint)`;
  const start = `{'a': ${unscaled("v.a", one)}, 'b': ${unscaled("v.b", other)}}`;
  let step =
    "{'s': sign(w.a) * sign(w.b), 'b': abs(w.b), 'q': abs(w.a) // abs(w.b), 'r': abs(w.a) % abs(w.b)}";
  let list = `list_transform([${start}], lambda w: ${step})`;
  for (const digits of steps) {
    const ten = `cast('${power(digits)}' as hugeint)`;
    step = `{'s': w.s, 'b': w.b, 'q': w.q * ${ten} + (w.r * ${ten}) // w.b, 'r': (w.r * ${ten}) % w.b}`;
    list = `list_transform(${list}, lambda w: ${step})`;
  }
  const rounding = "w.s * (w.q + case when w.r * 2 >= w.b then 1 else 0 end)";
  const result = ofUnits(`list_transform(${list}, lambda w: ${rounding})[1]`, full);
  return scale < full ? `cast(${result} as decimal(38,${scale}))` : result;
}
