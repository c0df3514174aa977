import type { Connection } from "#lib/engine/connection.js";
import { openDatabricks } from "#lib/engine/databricks/engine.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Warehouse } from "../../services/warehouse/start.ts";
import { readAnswers } from "../../spark/answers.ts";
import { selectOf } from "../../spark/cases.ts";
import { selects } from "../../spark/verdicts.ts";

/** That what is recorded of Spark is what this Spark says. */
export function answerTests(given: () => Warehouse): void {
  const { recorded, refused } = readAnswers();
  let close: () => Promise<void>;
  let connection: Connection;

  beforeAll(async () => {
    const engine = await openDatabricks(given().address);
    connection = await engine.connect();
    close = () => engine.close();
  });
  afterAll(async () => close?.());

  it("refuses the selects that are recorded as refused when it analyses them, and takes the others", async () => {
    const verdicts: Record<string, boolean> = {};
    for (const select of selects)
      verdicts[select] = await connection.query(`describe query ${select}`).then(
        () => true,
        () => false,
      );
    expect(selects.filter((select) => !verdicts[select])).toEqual(Object.keys(refused));
  });

  it("gives the recorded answers, of which some are asked again", async () => {
    const some = recorded.filter(({ answers, type }, index) => {
      const isRaised = answers.some((answer) => typeof answer === "object" && answer !== null);
      return index % 15 === 0 && !isRaised && !type.startsWith("array");
    });
    for (const question of some) {
      const text = `select if(v is null, 'N', concat('V', cast(v as string))) as v from (${selectOf(question, question.rows)})`;
      const { rows } = await connection.query(text);
      const answers = rows.map(({ v }) => (String(v).startsWith("V") ? String(v).slice(1) : null));
      expect(answers, question.expression).toEqual(question.answers);
    }
    expect(some.length).toBeGreaterThan(20);
  });
}
