import { engineNamed } from "shopmetrics/engine";
import { asksOutside, InputError, readSettings } from "shopmetrics/settings";
import type { TableChange } from "shopmetrics/run";
import { forecast, type Forecast, type StepForecast } from "../run/forecast.js";
import { nothingLanded } from "../run/print.js";
import { count, counted, listed, nearPath } from "../text.js";
import { terminalWidth, wrapped } from "../terminal-table.js";
import { compileProject } from "./compile-project.js";
import { reserveStdoutForJson, printJson } from "./fail.js";
import { readingIfThere } from "./reading.js";
import { changedChoice, describedChanges, type ChangedCommand } from "./run-changed.js";
import { isEmpty, selectionOf } from "./run.js";

/** Says what `run` with the same options would do by now, and changes nothing. */
export async function plan(
  options: Omit<ChangedCommand, "quiet" | "acceptLoss"> & { changed?: boolean; markdown?: boolean },
): Promise<void> {
  if (options.json && options.markdown) throw new InputError("--json and --markdown exclude each other.");
  const settings = readSettings();
  if (options.json || options.markdown) reserveStdoutForJson();
  const compiled = await compileProject(settings.root);
  const isChanged = options.changed || options.since !== undefined;
  const choice = isChanged ? await changedChoice(settings.root, compiled, options) : undefined;
  const selection =
    choice?.chosen.length === 0
      ? { ...selectionOf(compiled, {}), full: true, steps: new Set<string>(), cares: false }
      : selectionOf(compiled, choice?.run ?? options);
  const made = await readingIfThere((warehouse) =>
    forecast({
      ...selection,
      warehouse: "missing" in warehouse ? undefined : warehouse,
      graph: compiled,
      landing: settings.landing,
      hasVolume: !engineNamed(settings.engine).isEmbedded,
      asks: (source) => asksOutside(settings, source),
      ...(choice && { why: new Map(choice.chosen.map(({ step, reason }) => [step, reason])) }),
    }),
  );
  const { topicChanges, topicLines } = await import("../changed/schemas.js");
  const topics = await topicChanges(settings, compiled, choice?.changes.base);
  if (topics.some(({ breaks, isAccepted }) => breaks.length > 0 && !isAccepted)) process.exitCode = 1;
  if (options.json) return printJson({ ...made, topics, ...(choice && { changed: choice.changes }) });
  const head = choice && describedChanges(choice.changes, options.job ?? "daily").split("\n")[0]!;
  const messages = topics.flatMap(topicLines);
  const text = options.markdown ? markdown(made, messages, head) : terminal(made, messages, head);
  process.stdout.write(`${text}\n`);
  if (await isEmpty(settings.landing)) console.error(nothingLanded(nearPath(settings.landing)));
}

const signs = { runs: "●", "may run": "○", idle: "·" } as const;

function terminal(made: Forecast, messages: readonly string[], head: string | undefined): string {
  const width = terminalWidth();
  const active = activeSteps(made);
  const names = Math.max(0, ...active.map(({ step }) => step.length));
  const indent = " ".repeat(names + 4);
  const steps = active.flatMap((step) => {
    const label = `${signs[step.verdict]} ${step.step.padEnd(names)}`;
    const [first = "", ...rest] = wrapped(step.reason, Math.max(20, width - names - 4));
    return [`${label}  ${first}`, ...rest.map((line) => indent + line)];
  });
  const idle = made.steps.filter(({ verdict }) => verdict === "idle").length;
  const below = [...columnLines(made), ...definitionLines(made), ...messages];
  return [
    ...(head === undefined ? [] : wrapped(head, width)),
    ...(made.steps.length === 0 ? [] : wrapped(title(made), width)),
    ...steps,
    ...(idle > 0
      ? [`${signs.idle} ${counted(idle, "step")} ${idle === 1 ? "has" : "have"} nothing new to read`]
      : []),
    ...pageLines(made).flatMap((line) => wrapped(`${signs.runs} ${line}`, width, "  ")),
    ...below.flatMap((line) => wrapped(line, width, "  ")),
  ].join("\n");
}

/** Pages run each time: a line tells of them all. */
const activeSteps = ({ steps, pages }: Forecast) =>
  steps.filter(({ verdict, step }) => verdict !== "idle" && !pages.some((page) => page.step === step));

function markdown(made: Forecast, messages: readonly string[], head: string | undefined): string {
  const active = activeSteps(made);
  const escaped = (text: string) => text.replaceAll(/[|<>[\]]/g, (sign) => `&#${sign.codePointAt(0)};`);
  const rows = active.map(
    ({ step, verdict, reason, rows: waiting }) =>
      `| \`${step}\` | ${verdict} | ${escaped(reason)} | ${waiting === null ? "" : count(waiting)} |`,
  );
  const below = [...pageLines(made), ...columnLines(made), ...definitionLines(made), ...messages];
  return [
    ...(head === undefined ? [] : [`${head}\n`]),
    ...(made.steps.length === 0 ? [] : [`${title(made)}\n`]),
    ...(rows.length > 0 ? ["| step | | why | new rows |", "| :-- | :-- | :-- | --: |", ...rows, ""] : []),
    ...below.map((line) => `- ${escaped(line)}`),
  ].join("\n");
}

function title({ steps, date, full, backfill, hasWarehouse }: Forecast): string {
  const of = (verdict: StepForecast["verdict"]) => steps.filter((step) => step.verdict === verdict).length;
  const may = of("may run");
  const how = full
    ? ", over all rows"
    : backfill
      ? `, business dates ${backfill.from} to ${backfill.to}`
      : "";
  const first = hasWarehouse ? "" : " There is no warehouse yet: this is the first run.";
  return (
    `A run as of ${date}${how}: ${count(of("runs"))} of ${counted(steps.length, "step")} ${of("runs") === 1 ? "runs" : "run"}` +
    `${may > 0 ? `, ${count(may)} more may` : ""}.${first}`
  );
}

/** How the tables change before the first step runs, and what a run leaves as it is. */
function columnLines({ tables, hasWarehouse }: Forecast): string[] {
  const fresh = tables.filter(({ isNew }) => isNew).map(({ table }) => table);
  return [
    ...(fresh.length > 0 && hasWarehouse ? [`New: ${listed(fresh)}.`] : []),
    ...tables.flatMap(changesOf),
  ];
}

const changesOf = ({ table, added, retyped, dropped }: TableChange): string[] => [
  ...added.map(
    ({ name, type }) =>
      `${table} gains ${name} ${type}: null in rows that are there, until a run with --full.`,
  ),
  ...retyped.map(
    ({ name, from, to }) =>
      `${table}.${name} is ${from} and by its contract ${to}: a run leaves it as it is, and only a new warehouse has the contract's type.`,
  ),
  ...dropped.map(
    ({ name, type }) =>
      `${table}.${name} ${type} is in no contract any more: it stays, and no step fills it.`,
  ),
];

/** Steps that would compute new rows in another way than those that are kept. */
function definitionLines({ steps, full }: Forecast): string[] {
  const changed = steps.filter(({ isChanged }) => isChanged).map(({ step }) => step);
  if (changed.length === 0 || full) return [];
  const next = changed.length === 1 ? ` --from ${changed[0]}` : "";
  return [
    `Changed since the last run: ${listed(changed)}. Rows that are kept stay as they are; --full${next} computes them again.`,
  ];
}

function pageLines({ pages }: Forecast): string[] {
  if (pages.length === 0) return [];
  const moving = pages.filter(({ moves }) => moves).map(({ step }) => step.replace("dashboard.", ""));
  const what = `${counted(pages.length, "page")} ${pages.length === 1 ? "is" : "are"} exported`;
  return [
    moving.length === 0 ? `${what}, and no figure moves.` : `${what}. Figures may move on ${listed(moving)}.`,
  ];
}
