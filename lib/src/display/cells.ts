import type { Result, ResultValue } from "../plan/plan.js";

/** A value as people read it. */
export interface Cell {
  readonly text: string;
  /** `none` is null or the empty string, shown apart from text. */
  readonly kind: "number" | "text" | "none";
}

/** A result's columns, each with its values as people read them. */
export interface ShownColumn {
  readonly name: string;
  readonly type: string;
  readonly isNumber: boolean;
  readonly cells: readonly Cell[];
}

/** Longer text is cut: a cell is for looking, not for reading a file. */
const longest = 200;

/**
 * Makes a result's values readable. Decimals stay as they are, to the last digit; whole numbers get thousands
 * separators where a column has numbers beyond 9,999 and is not a key or a year; instants are UTC.
 */
export function shownColumns({ columns, rows }: Result): ShownColumn[] {
  return columns.map(({ name, type }) => {
    const values = rows.map((row) => row[name] ?? null);
    const isNumber = /^(U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|DECIMAL|DOUBLE|FLOAT)/.test(type);
    const separated =
      isNumber &&
      !/(^|_)(id|key|year|row|batch|offset)$/.test(name) &&
      values.some((value) => Math.abs(Number(value)) >= 10_000);
    return { name, type, isNumber, cells: values.map((value) => cell(value, type, separated)) };
  });
}

function cell(value: ResultValue, type: string, separated: boolean): Cell {
  if (value === null) return { text: "null", kind: "none" };
  if (value === "") return { text: '""', kind: "none" };
  if (typeof value === "number") return { text: number(value, separated), kind: "number" };
  if (typeof value === "boolean") return { text: String(value), kind: "text" };
  if (typeof value === "object") {
    const plain = Array.isArray(value) && value.every((item) => typeof item === "string");
    return { text: visible(cut(plain ? value.join(", ") : JSON.stringify(value))), kind: "text" };
  }
  if (type.startsWith("DECIMAL")) return { text: value, kind: "number" };
  if (type === "TIMESTAMP") return { text: instant(value), kind: "text" };
  return { text: visible(cut(value)), kind: "text" };
}

function number(value: number, separated: boolean): string {
  if (!Number.isInteger(value)) return String(Number(value.toPrecision(10)));
  return separated ? value.toLocaleString("en-US") : String(value);
}

/** `2026-03-01T12:00:00.500000Z` reads as `2026-03-01 12:00:00.5`. */
const instant = (value: string) =>
  value.replace(
    /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d*?)?0*Z$/,
    (_, day, time, fraction) => `${day} ${time}${fraction && fraction !== "." ? fraction : ""}`,
  );

/** Control characters could steer a terminal, and direction marks could reorder a line: each is made visible. */
const visible = (text: string) =>
  text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === "\n") return "⏎";
    if (character === "\t") return "⇥";
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  });

const cut = (text: string) =>
  text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, "")}…`;
