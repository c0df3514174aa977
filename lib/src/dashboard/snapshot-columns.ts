import type { ColumnKind, Columns } from "../plan/plan.js";

export type { ColumnKind, Columns };

interface Values {
  string: string;
  integer: number;
  decimal: number;
  number: number;
  boolean: boolean;
  /** Midnight UTC. */
  date: Date;
  instant: Date;
}

type ValueOf<Kind> = Kind extends `${infer Base extends ColumnKind}?`
  ? Values[Base] | null
  : Kind extends ColumnKind
    ? Values[Kind]
    : never;

/** A row of a snapshot with these columns. */
export type RowOf<C extends Columns> = { readonly [Name in keyof C]: ValueOf<C[Name]> };

/** A value as a page works with it. */
export type Value = string | number | boolean | Date | null;

/** A column's kind without the `?`. */
export const kindOf = (declared: ColumnKind | `${ColumnKind}?`): ColumnKind =>
  declared.replace("?", "") as ColumnKind;

export const isNullable = (declared: string) => declared.endsWith("?");

/**
 * An engine's value (decimals, dates and instants as text) as a page works with it.
 *
 * @throws RangeError when it is not of the declared kind
 */
export function toValue(given: unknown, declared: ColumnKind | `${ColumnKind}?`): Value {
  if (given === null || given === undefined) {
    if (isNullable(declared)) return null;
    throw new RangeError(`is null, but declared ${declared}`);
  }
  const value = convert[kindOf(declared)](given);
  if (value === undefined)
    throw new RangeError(`holds ${JSON.stringify(given)}, but is declared ${declared}`);
  return value;
}

const finite = (given: unknown) => {
  const number = typeof given === "boolean" ? Number.NaN : Number(given);
  return Number.isFinite(number) ? number : undefined;
};

const instant = (text: string) => {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
};

const convert: Record<ColumnKind, (given: unknown) => Value | undefined> = {
  string: (given) => (typeof given === "string" ? given : undefined),
  integer: (given) => {
    const number = finite(given);
    return Number.isSafeInteger(number) ? number : undefined;
  },
  decimal: finite,
  number: finite,
  boolean: (given) => (typeof given === "boolean" ? given : undefined),
  date: (given) =>
    typeof given === "string" && /^\d{4}-\d{2}-\d{2}$/.test(given)
      ? instant(`${given}T00:00:00Z`)
      : undefined,
  instant: (given) => (typeof given === "string" ? instant(given) : undefined),
};
