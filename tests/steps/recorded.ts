import path from "node:path";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect } from "vitest";
import { cacheFolder, writeWhole } from "../../build/src/cache.ts";

/** What a test gave its lakehouse before it ran steps. Rows are complete, of all of a table's columns. */
export interface Round {
  readonly given: { readonly table: string; readonly rows: readonly object[] }[];
  readonly taken: { readonly table: string; readonly key: object }[];
  readonly landed: { readonly file: string; readonly content: string }[];
}

/** What one test did with one lakehouse, up to a run that was to fail. */
export interface StepCase {
  readonly test: string;
  readonly rounds: readonly Round[];
}

/** Keeps what a test does, round by round. */
export interface Recorder {
  readonly round: Round;
  /** Steps have run: the next round begins. */
  ran(): void;
  /** Steps are to fail: nothing more is kept. */
  fails(): void;
}

const folder = cacheFolder("step-cases");
const cases: StepCase[] = [];
let testFile = "";

/** A recorder for a lakehouse of the test that runs. */
export function record(): Recorder {
  const rounds: Round[] = [];
  const next = (): Round => ({ given: [], taken: [], landed: [] });
  const recorder = {
    round: next(),
    ran() {
      if (!hasFailed) rounds.push(recorder.round);
      recorder.round = next();
    },
    fails() {
      hasFailed = true;
    },
  };
  let hasFailed = false;
  const { currentTestName = "", testPath = "" } = expect.getState();
  cases.push({ test: currentTestName, rounds });
  testFile = testPath;
  return recorder;
}

const fileOf = (test: string) => path.join(folder, `${path.basename(test, ".test.ts")}.json`);

afterAll(async () => {
  if (testFile && !process.env["TEST_ENGINE"]) await writeWhole(fileOf(testFile), JSON.stringify(cases));
});

/**
 * The cases of all step tests, as they were when these last ran, by the name of the test file. Of files that never ran it
 * waits for the end, since they may be running beside.
 *
 * @throws when a test file still has none after `patience` milliseconds
 */
export async function recordedCases(patience = 1_200_000): Promise<Map<string, StepCase[]>> {
  const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".test.ts"));
  const deadline = Date.now() + patience;
  const isMissing = (name: string) => !existsSync(fileOf(name));
  for (let missing = files.filter(isMissing); missing.length > 0; missing = files.filter(isMissing)) {
    if (Date.now() > deadline)
      throw new Error(`Of ${missing.join(", ")} no cases are recorded: run tests/steps first, or with this.`);
    await sleep(500);
  }
  const found = files.map(
    async (name) => [name, JSON.parse(await readFile(fileOf(name), "utf8")) as StepCase[]] as const,
  );
  return new Map(await Promise.all(found));
}
