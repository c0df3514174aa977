/**
 * Asks Spark all questions and writes its answers down: `npm run spark:record`. Spark runs as it does behind the warehouse of the
 * tests, with ANSI on and in UTC.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { install } from "../services/warehouse/install.ts";
import { SparkSession } from "../services/warehouse/spark-session.ts";
import { startSpark } from "../services/warehouse/spark.ts";
import { file, readAnswers, type Answer, type Head, type Recorded } from "./answers.ts";
import { selects } from "./verdicts.ts";
import { questions, selectOf, type Question } from "./cases.ts";

const folder = await mkdtemp(path.join(tmpdir(), "spark-record-"));
const spark = await startSpark(await install(console.error), folder);
try {
  const session = await SparkSession.open(spark.port, {});
  const [[version]] = (await session.rows("select version()")) as [[string]];
  const known = process.argv.includes("--all") ? [] : readKnown();
  const recorded: Recorded[] = [];
  const save = async () => {
    await mkdir(path.dirname(file), { recursive: true });
    const head: Head = { spark: version.split(" ")[0]!, ...(await verdicts(session)) };
    const lines = [head, ...recorded].map((line) => JSON.stringify(line));
    await writeFile(file, `${lines.join("\n")}\n`);
  };
  try {
    for (const question of questions) {
      const key = keyOf(question);
      const before = known.find((one) => keyOf(one) === key);
      recorded.push(before ?? (await ask(session, question)));
      if (!before) console.error(`${recorded.length} of ${questions.length}: ${question.expression}`);
    }
  } finally {
    await save();
  }
  await session.end();
  console.error(
    `${recorded.reduce((sum, { answers }) => sum + answers.length, 0)} cases of Spark ${version}`,
  );
} finally {
  await spark.stop();
  await rm(folder, { recursive: true, force: true });
}

/** What Spark's analyser says of each select. */
async function verdicts(session: SparkSession): Promise<Omit<Head, "spark">> {
  const refused: Record<string, string> = {};
  for (const select of selects)
    await session
      .rows(`describe query ${select}`)
      .catch((error: Error) => (refused[select] = classOf(error)));
  return { refused, taken: selects.filter((select) => !(select in refused)) };
}

function classOf({ message }: Error): string {
  return /\[([A-Z_.0-9]+)\]/.exec(message)?.[1] ?? message.slice(0, 80);
}

function readKnown(): readonly Recorded[] {
  try {
    return readAnswers().recorded;
  } catch {
    return [];
  }
}

function keyOf({ expression, types, rows, together = false }: Question): string {
  return JSON.stringify([expression, types, rows, together]);
}

async function ask(session: SparkSession, question: Question): Promise<Recorded> {
  const { rows, together } = question;
  const columns = await session.rows(`describe query ${selectOf(question, rows.slice(0, 1))}`);
  const type = columns.at(-1)![1]!;
  const answers = together
    ? await answersOf(session, question, type, rows, true)
    : await answersOf(session, question, type, rows);
  return { ...question, type, answers };
}

/** Rows of which one raises an error are asked in halves, until each that does is alone. */
async function answersOf(
  session: SparkSession,
  question: Question,
  type: string,
  rows: Question["rows"],
  isWhole = false,
): Promise<Answer[]> {
  const text = /^(array|struct|map)/.test(type) ? "to_json(v)" : "cast(v as string)";
  try {
    const lines = await session.rows(
      `select if(v is null, 'N', concat('V', ${text})) from (${selectOf(question, rows)})`,
    );
    return lines.map(([line]) => (line!.startsWith("V") ? line!.slice(1) : null));
  } catch (error) {
    if (isWhole || rows.length === 1)
      return [
        {
          error:
            /\[([A-Z_.0-9]+)\]/.exec((error as Error).message)?.[1] ?? (error as Error).message.slice(0, 80),
        },
      ];
    const half = Math.ceil(rows.length / 2);
    return [
      ...(await answersOf(session, question, type, rows.slice(0, half))),
      ...(await answersOf(session, question, type, rows.slice(half))),
    ];
  }
}
