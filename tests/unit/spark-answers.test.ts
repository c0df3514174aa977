import { castTitles } from "#lib/engine/duckdb/casts.js";
import { signatures } from "#lib/engine/duckdb/signatures.js";
import { translate } from "#lib/engine/duckdb/translate.js";
import { SqlError } from "#lib/sql/sql-error.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askDuckdb, isSame, openDuckdb, readAnswers, type Recorded } from "../spark/answers.ts";
import { questions } from "../spark/cases.ts";
import { selects } from "../spark/verdicts.ts";

const { spark, recorded, refused, taken } = readAnswers();
const used = new Set<string>();
let duckdb: Awaited<ReturnType<typeof openDuckdb>>;
beforeAll(async () => (duckdb = await openDuckdb()));
afterAll(() => duckdb.close());

describe(`DuckDB gives what Spark ${spark} gave`, () => {
  const byTypes = new Map<string, Recorded[]>();
  for (const one of recorded)
    byTypes.set(one.types.join(", "), [...(byTypes.get(one.types.join(", ")) ?? []), one]);

  it.each([...byTypes.keys()])(
    "for %s",
    async (types) => {
      const differences: string[] = [];
      for (const question of byTypes.get(types)!) {
        const { type, answers } = await askDuckdb(duckdb.connection, question, (signature) =>
          used.add(signature),
        );
        const { expression, rows } = question;
        if (type !== question.type) differences.push(`${expression} is ${type}, on Spark ${question.type}`);
        question.answers.forEach((answer, index) => {
          if (isSame(question.type, answers[index], answer)) return;
          const given = question.together ? "all rows" : rows[index]!.join(", ");
          differences.push(
            `${expression} of ${given}: ${JSON.stringify(answers[index])}, on Spark ${JSON.stringify(answer)}`,
          );
        });
      }
      expect(differences).toEqual([]);
    },
    60_000,
  );

  it("in at least 4000 cases, and in some for each signature and each cast", () => {
    expect(recorded.flatMap(({ answers }) => answers).length).toBeGreaterThan(4000);
    const titles = [...signatures.values()].flat().map(({ title }) => title);
    expect(titles.filter((title) => !used.has(title))).toEqual([]);
    const casts = castTitles.flatMap(([from, to]) => [`cast(${from} as ${to})`]);
    expect(casts.filter((cast) => !used.has(cast) && !used.has(`try_${cast}`))).toEqual([]);
  });

  it("and all that is to be asked has been asked", () => {
    const asked = new Set(
      recorded.map(({ expression, types, rows }) => JSON.stringify([expression, types, rows])),
    );
    const missing = questions.filter(
      ({ expression, types, rows }) => !asked.has(JSON.stringify([expression, types, rows])),
    );
    expect(
      missing.map(({ expression }) => expression),
      "run `npm run spark:record`",
    ).toEqual([]);
    expect([...Object.keys(refused), ...taken].toSorted()).toEqual(selects.toSorted());
  });
});

describe("what Spark's analyser refuses does not compile", () => {
  it.each(Object.keys(refused))("%s", async (select) => {
    await expect(translate(select, { relations: {}, params: {} })).rejects.toBeInstanceOf(SqlError);
  });
});
