import { afterAll, beforeAll, expect, it } from "vitest";
import { openDuckdb } from "../spark/answers.ts";

let duckdb: Awaited<ReturnType<typeof openDuckdb>>;
beforeAll(async () => (duckdb = await openDuckdb()));
afterAll(() => duckdb.close());

/** A number from 0 below 1, the next of a fixed series. */
let state = 11;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
const one = (signs: string) => signs[Math.floor(random() * signs.length)]!;

/** Close to `2026-03-01T12:30:15Z`: some digits are other signs, and some numbers too great. */
const nearly = () =>
  "0000-00-00T00:00:00".replace(/0/g, () => (random() < 0.08 ? one(" -+:/\\TZ\t6789") : one("0120123"))) +
  (random() < 0.3 ? `.${one("019")}${one("0 9")}${one("01")}Z` : "Z");

/** What the text says by the rule for these forms, as ISO; null for anything else. */
function meant(text: string): string | null {
  const found = /^(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{3}))?Z$/.exec(text);
  const day = found && new Date(`${text.slice(0, 10)}T00:00:00Z`);
  if (!day || Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text.slice(0, 10))) return null;
  return `${found[1]}.${found[2] ?? "000"}`;
}

it("a text close to an instant is one only where all of its signs are right", async () => {
  const texts = Array.from({ length: 40_000 }, nearly).filter((text) => !/\sZ$/.test(text));
  const rows = (
    await duckdb.connection.runAndReadAll(
      "select strftime(try_timestamp(text), '%Y-%m-%dT%H:%M:%S.%g') from (select unnest($texts::varchar[]) as text)",
      { texts: JSON.stringify(texts) } as never,
    )
  ).getRowsJson();
  const wrong = rows.flatMap(([found], index) =>
    found === meant(texts[index]!) ? [] : [[texts[index], found, meant(texts[index]!)]],
  );
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(rows.filter(([found]) => found !== null).length).toBeGreaterThan(1000);
});
