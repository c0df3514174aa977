import { translate } from "#lib/engine/duckdb/translate.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDuckdb } from "../spark/answers.ts";

let duckdb: Awaited<ReturnType<typeof openDuckdb>>;
beforeAll(async () => (duckdb = await openDuckdb()));
afterAll(() => duckdb.close());

/** Half of the last digit rounds away from zero. */
function divided(a: bigint, b: bigint): bigint {
  const [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  const quotient = (x * 2n + y) / (y * 2n);
  return a < 0n === b < 0n ? quotient : -quotient;
}

const written = (value: bigint, scale: number) => {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${value < 0n ? "-" : ""}${digits.slice(0, point)}${scale ? `.${digits.slice(point)}` : ""}`;
};

/** A number from 0 below 1, the next of a fixed series. */
let state = 7;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;

/** Numbers of any length, many of few digits or close to a power of ten. */
const unscaled = (digits: number) => {
  const length = 1 + Math.floor(random() * digits);
  const power = 10n ** BigInt(length);
  const value = random() < 0.3 ? power - 1n : (BigInt(Math.floor(random() * 2 ** 52)) * power) / 2n ** 52n;
  return random() < 0.4 ? -value : value;
};

// Each with the scale of the quotient: some are divided as BIGINT, some never, most by the size of the numbers.
it.each([
  [12, 2, 10, 0, 13],
  [22, 2, 19, 0, 18],
  [12, 2, 12, 2, 15],
  [18, 6, 14, 3, 21],
  [14, 3, 18, 6, 21],
  [16, 8, 9, 4, 18],
  [20, 0, 19, 0, 18],
  [30, 10, 8, 2, 16],
])("decimal(%i,%i) / decimal(%i,%i) is exact, and rounded once more by a cast", async (p, s, q, t, scale) => {
  const rows = Array.from({ length: 100 }, () => [unscaled(p), unscaled(q) || 3n] as const);
  const data = rows.map(
    ([a, b], n) =>
      `select ${n} as n, cast('${written(a, s)}' as decimal(${p},${s})) as a, cast('${written(b, t)}' as decimal(${q},${t})) as b`,
  );
  const { sql, columns } = await translate(
    `select cast(a / b as string) as exact, cast(cast(a / b as decimal(38,2)) as string) as cents, cast(a / b as decimal(38,0)) as whole,
      a / b as typed from (${data.join(" union all ")}) as data order by n`,
    { relations: {}, params: {} },
  );
  expect(columns!["typed"]).toMatch(new RegExp(`,${scale}\\)$`));
  const found = (await duckdb.connection.runAndReadAll(sql)).getRowsJson();
  expect(found.map(([exact, cents, whole]) => [exact, cents, whole])).toEqual(
    rows.map(([a, b]) => {
      const exact = divided(a * 10n ** BigInt(scale + t - s), b);
      const cents = divided(exact, 10n ** BigInt(scale - 2));
      return [written(exact, scale), written(cents, 2), String(divided(exact, 10n ** BigInt(scale)))];
    }),
  );
});
