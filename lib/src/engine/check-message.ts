import { inCurrency, type CheckUnit } from "../verbs/check.js";
import { suchAs } from "../verbs/row-text.js";

/** How an engine writes a number within a text, always with commas between thousands. */
export interface NumberWords {
  /** With up to four decimals. */
  number(value: string): string;
  /** With two decimals. */
  amount(value: string): string;
}

/**
 * A check's message, as an expression over figure, threshold, failed_rows, total_rows and sample, and of sums over actual and
 * expected: "358 of 2,942 rows, such as O-17: order_date 2062-11-27; at most 0". All that is said of a check is made here, by the
 * engine that measures it, so the terminal, Jupyter, ops, pages and the log of a task have the same words.
 *
 * @param bind binds a text and gives the parameter's identifier
 */
export function checkMessage(unit: CheckUnit, words: NumberWords, bind: (text: string) => string): string {
  const { measured, limit } = partsOf(unit, words, bind);
  return `case when figure is null then 'nothing to measure' else ${measured} end
    || case when sample is null then '' else '${suchAs}' || sample end || '; at most ' || ${limit}`;
}

function partsOf(
  unit: CheckUnit,
  { number, amount }: NumberWords,
  bind: (text: string) => string,
): { readonly measured: string; readonly limit: string } {
  const percent = (value: string) =>
    `case when ${value} > 0 and ${value} < 0.000001 then 'less than 0.0001' else ${number(`${value} * 100`)} end || ' %'`;
  const hours = (value: string) =>
    `${number(value)} || case when ${value} = 1 then ' hour' else ' hours' end`;
  const rows = (value: string) => `${number(value)} || case when ${value} = 1 then ' row' else ' rows' end`;
  if (typeof unit === "object") {
    const side = unit.sumsOf === inCurrency ? amount : number;
    const what = bind(unit.sumsOf);
    const one = /[^s]s$/.test(unit.sumsOf)
      ? `case when actual = 1 then ${bind(unit.sumsOf.slice(0, -1))} else ${what} end`
      : what;
    return {
      measured: `case when actual = expected then ${side("actual")} || ' ' || ${one} || ', as expected'
      else ${side("actual")} || ' instead of ' || ${side("expected")} || ' ' || ${what}
        || case when expected = 0 then '' else ', ' || ${percent("figure")} || ' apart' end end`,
      limit: `${percent("threshold")} || ' apart'`,
    };
  }
  switch (unit) {
    case "rows":
      return {
        measured: `case when total_rows is null then ${rows("failed_rows")}
      else ${number("failed_rows")} || ' of ' || ${rows("total_rows")} end`,
        limit: number("threshold"),
      };
    case "share":
      return {
        measured: `${percent("figure")} || ' (' || ${number("failed_rows")} || ' of ' || ${rows("total_rows")} || ')'`,
        limit: percent("threshold"),
      };
    case "hours":
      return { measured: hours("round(figure, 1)"), limit: hours("threshold") };
    case "rows too few":
      return {
        measured: `${rows("figure")} || ' too few (' || ${rows("total_rows")} || ')'`,
        limit: number("threshold"),
      };
  }
}
