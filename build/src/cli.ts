import { createRequire } from "node:module";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { fail } from "./commands/fail.js";
import { endsWithNpm } from "./run/interrupt.js";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

const program = new Command("shopmetrics")
  .description("An e-commerce lakehouse: TypeScript notebooks, compiled to a pipeline.")
  .version(version)
  .showHelpAfterError("(--help lists commands and options)")
  .exitOverride()
  .addHelpText(
    "after",
    `
Begin here:
  npm start                                    a shop, its run, its dashboard
  shopmetrics generate --days 1                the shop's next daily exports
  shopmetrics run                              load what has landed
  shopmetrics run --only silver.orders_clean+  a step and all that depends on it
  shopmetrics show gold.daily_sales_summary    look at a table

Files are in .shopmetrics/ (or SHOPMETRICS_HOME): exports land in landing/,
warehouse.duckdb is the lakehouse.
Exit codes: 0 done, 1 a step or a halting check failed, 2 wrong usage or
settings, 128 + signal when interrupted.`,
  );

/** What people type first. */
const examples = (...lines: readonly string[]) =>
  `\nExamples:\n${lines.map((line) => `  npx shopmetrics ${line}`).join("\n")}`;

const scale = () =>
  new Option("--scale <n>", "size of the shop: 1 is 10,000 customers and 100,000 orders").argParser(number);
const json = () => new Option("--json", "print one JSON object and nothing else");
const quiet = () => new Option("-q, --quiet", "print only warnings and errors");
const only = () =>
  new Option(
    "--only <tables>",
    "only these steps, comma-separated; + before or after a name adds what it needs or feeds",
  ).argParser((tables: string, before: string | undefined) =>
    before === undefined ? tables : `${before},${tables}`,
  );
const from = () => new Option("--from <table>", "this step and all that depend on it");
const date = () =>
  new Option(
    "--date <date>",
    'as-of date, YYYY-MM-DD, by default today (UTC): what "today" is for whatever depends on it; it chooses no rows',
  );
const acceptLoss = () =>
  new Option("--accept-loss", "continue although Kafka no longer holds messages that bronze lacks");
const port = () =>
  new Option("--port <n>", "where the dashboard is served; 0 takes any free port")
    .default(3000)
    .argParser(portNumber);
const full = () => new Option("--full", "compute all rows again, not only those that changed");

const fromDate = () =>
  new Option(
    "--from-date <date>",
    "backfill: compute the gold tables anew for the business dates from this one, also if nothing is new, and say what changed",
  );
const toDate = () => new Option("--to-date <date>", "backfill: the last of these business dates");
const job = () => new Option("--job <name>", "the job to run").default("daily");
const changed = () =>
  new Option(
    "--changed",
    "only notebooks whose plan differs from that of a commit, and all that depend on them, over all rows",
  );
const since = () =>
  new Option(
    "--since <ref>",
    "the commit to compare with (default: where the branch left origin/main, or HEAD)",
  );

program
  .command("start")
  .description("generate if nothing has landed, build, run and serve the dashboard")
  .addOption(scale())
  .addOption(new Option("--no-serve", "end after the run"))
  .addOption(port())
  .addOption(only())
  .addOption(from())
  .addOption(date())
  .addOption(full())
  .addOption(quiet())
  .addOption(json())
  .addHelpText("after", examples("start --scale 0.1", "start --no-serve"))
  .action(async (options) => (await import("./commands/start.js")).start(options));

program
  .command("generate")
  .description("write the simulated shop's exports: its history first, then day after day")
  .addOption(scale())
  .option(
    "--days <n>",
    "daily increments to write after what has landed, as far as the days are over",
    number,
  )
  .option("--until <date>", "the last day of the increments, instead of their number")
  .option("--seed <n>", "the same seed gives the same files (default 1)", number)
  .option("--from <date>", "first day of the history (default 2022-01-01)")
  .option("--to <date>", "last day of the history (default yesterday)")
  .option(
    "--currencies <codes>",
    "further currencies that customers of a new shop order and pay in, such as GBP",
  )
  .option(
    "--event-days <n>",
    "how many days of a new shop's history have events (default 60, fewer of a large shop)",
    number,
  )
  .option("--faults <rate>", "share of rows that are faulty, such as 0.02", number)
  .addOption(quiet())
  .addOption(json())
  .addHelpText("after", examples("generate --days 1 --faults 0.02", "generate --scale 0.1 --seed 7"))
  .action(async (options) => (await import("./commands/generate.js")).generate(options));

program
  .command("build")
  .description("compile the notebooks to the tasks and jobs in bundle/")
  .addOption(quiet())
  .addOption(json())
  .action(async (options) => (await import("./commands/build.js")).build(options));

program
  .command("deploy")
  .description("build the bundle, validate it and deploy it to Databricks")
  .option("-t, --target <name>", "a target of bundle/databricks.yml", "dev")
  .option("--var <key=value...>", "a variable of bundle/databricks.yml, such as catalog=workspace")
  .action(async (options) => (await import("./commands/deploy.js")).deploy(options));

program
  .command("run")
  .description("run the pipeline on what has landed")
  .addOption(only())
  .addOption(from())
  .addOption(date())
  .addOption(full())
  .addOption(fromDate())
  .addOption(toDate())
  .addOption(job())
  .addOption(acceptLoss())
  .addOption(changed())
  .addOption(since())
  .addOption(quiet())
  .addOption(json())
  .addHelpText(
    "after",
    examples("run", "run --only silver.orders_clean+", "run --from-date 2026-03-01 --to-date 2026-03-31"),
  )
  .action(async (options) =>
    options.changed || options.since !== undefined
      ? (await import("./commands/run-changed.js")).runChanged(options)
      : (await import("./commands/run.js")).run(options),
  );

program
  .command("plan")
  .description("what a run would do, without doing it: steps with their reasons, new rows, columns, pages")
  .addOption(only())
  .addOption(from())
  .addOption(date())
  .addOption(full())
  .addOption(fromDate())
  .addOption(toDate())
  .addOption(job())
  .addOption(changed())
  .addOption(since())
  .option("--markdown", "print GitHub's markdown")
  .addOption(json())
  .addHelpText("after", examples("plan", "plan --from silver.orders_clean --full", "plan --changed"))
  .action(async (options) => (await import("./commands/plan.js")).plan(options));

program
  .command("site")
  .description("build the dashboard from the last snapshots, and the documentation")
  .option("--out <folder>", "where to write it (default dist/site)")
  .option("--no-docs", "only the dashboard, without opening the warehouse")
  .option(
    "--tests <report>",
    "the tests' JSON report, or a folder of them, for the requirements' last results",
  )
  .addOption(quiet())
  .addOption(json())
  .addHelpText("after", examples("site --out public"))
  .action(async (options) => (await import("./commands/site.js")).site(options));

program
  .command("stream")
  .description("live mode: simulated shoppers click and the clickstream's steps follow them, until Ctrl-C")
  .option("--rate <n>", "events that the shoppers make per second", number, 1)
  .addOption(
    new Option("--burst [n]", "number of events to send at once at the start (default 50,000)")
      .preset("50000")
      .argParser(number),
  )
  .option("--seconds <n>", "end after this number of seconds", number)
  .option("--no-produce", "only follow the topic")
  .addOption(acceptLoss())
  .addOption(quiet())
  .addOption(json())
  .addHelpText("after", examples("stream --rate 20", "stream --no-produce"))
  .action(async (options) => (await import("./commands/stream.js")).stream(options));

program
  .command("serve")
  .description("build the dashboard and serve it on this machine until Ctrl-C")
  .addOption(port())
  .action(async (options) => (await import("./commands/serve.js")).serve(options));

program
  .command("graph")
  .description("show the steps and what they read, or which columns a column is computed from")
  .argument("[column]", "such as gold.daily_sales_summary.revenue, or a table for all its columns")
  .option("--up", "what it is computed from, up to the files (default)")
  .option("--down", "what is computed from it, down to the dashboard")
  .addOption(json())
  .addHelpText(
    "after",
    examples("graph", "graph gold.daily_sales_summary.revenue", "graph silver.orders_clean --down"),
  )
  .action(async (column, options) =>
    column === undefined
      ? (await import("./commands/graph.js")).graph(options)
      : (await import("./commands/graph-column.js")).graphColumn(column, options),
  );

program
  .command("check")
  .description(
    "check the types and the SQL of all notebooks, without running them, and that they hold no outputs",
  )
  .option("--fix", "remove outputs, execution counts and editors' metadata from the notebooks")
  .addOption(json())
  .action(async (options) => (await import("./commands/check.js")).check(options));

program
  .command("test")
  .description("run the unit tests that notebooks hold: given(…) rows in, expected rows out")
  .argument("[notebooks...]", "such as silver.orders_clean or its file (default: all)")
  .addOption(quiet())
  .addOption(json())
  .addHelpText("after", examples("test", "test orders_clean", "test notebooks/silver/dim_customers.ipynb"))
  .action(async (notebooks, options) => (await import("./commands/test.js")).test(notebooks, options));

program
  .command("clean-notebooks")
  .description("list notebooks that hold outputs, execution counts or editors' metadata")
  .argument("[files...]", "notebooks (default: all)")
  .option("--fix", "remove them")
  .action(async (files, options) =>
    (await import("./commands/clean-notebooks.js")).cleanNotebooks(files, options),
  );

program
  .command("show")
  .description("show a table's rows, or all tables with their row counts")
  .argument("[table]", "such as gold.daily_sales_summary")
  .option("-n, --limit <n>", "number of rows", number, 20)
  .option("--columns", "the table's columns and comments instead of rows")
  .option("--where <condition>", "only rows for which this holds, in Databricks SQL")
  .option("--order <columns>", "such as 'revenue desc' (default: the table's key)")
  .option("--offset <n>", "number of rows to skip", number)
  .option("--last", "the newest rows first")
  .addOption(json())
  .addHelpText(
    "after",
    examples(
      "show gold.customer_ltv --order 'total_revenue desc' --limit 10",
      "show silver.orders_clean --where \"status = 'pending'\" --last",
      "show ops.runs --columns",
    ),
  )
  .action(async (table, options) => (await import("./commands/show.js")).show(table, options));

program
  .command("sql")
  .description("answer a select in Databricks SQL, from a warehouse that is only read")
  .argument("<select>", "such as 'select count(*) from gold.customer_ltv'")
  .addOption(
    new Option("--format <format>", "how rows are printed")
      .choices(["table", "csv", "json"])
      .default("table"),
  )
  .option("-n, --limit <n>", "number of rows (default: 50 in a table, otherwise all)", number)
  .addHelpText(
    "after",
    examples(
      'sql "select max(order_date) from silver.orders_clean"',
      'sql "select * from gold.customer_ltv" --format csv > ltv.csv',
    ),
  )
  .action(async (select, { format, limit }) =>
    (await import("./commands/sql.js")).sql(select, {
      format: format as "table" | "csv" | "json",
      ...(limit !== undefined && { limit }),
    }),
  );

program
  .command("diff")
  .description("compare a table's rows and totals, or all tables', with those of another warehouse")
  .argument("[table]", "such as gold.daily_sales_summary")
  .requiredOption("--against <dir>", "another SHOPMETRICS_HOME, or a warehouse.duckdb: the state before")
  .option("--samples <n>", "number of rows to show of each kind of difference", number, 5)
  .option("--markdown", "print GitHub's markdown")
  .addOption(json())
  .addHelpText(
    "after",
    examples(
      "diff --against ../before/.shopmetrics",
      "diff gold.customer_ltv --against old.duckdb --samples 10",
    ),
  )
  .action(async (table, options) => (await import("./commands/diff.js")).diff(table, options));

program
  .command("unload")
  .description("remove landed files from bronze, so that corrected ones can land in their place")
  .argument("<files...>", "as ops.loaded_files names them, such as orders/orders_2026-03-02.csv")
  .addOption(quiet())
  .addOption(json())
  .addHelpText("after", examples("unload orders/orders_2026-03-02.csv"))
  .action(async (files, options) => (await import("./commands/unload.js")).unload(files, options));

program
  .command("forget")
  .description(
    "forget customers who ask for it: in landed files and all tables, with a proof that nothing is left",
  )
  .addArgument(new Argument("<who>").choices(["customer"]))
  .argument("[numbers...]", "of whom, such as C000123")
  .option("--again", "those who were forgotten before and have arrived again")
  .addOption(quiet())
  .addOption(json())
  .addHelpText("after", examples("forget customer C000123", "forget customer --again"))
  .action(async (_who, numbers, options) => (await import("./commands/forget.js")).forget(numbers, options));

program
  .command("new")
  .description("begin a table, a page or a source: contract, notebook and test, ready to run")
  .addArgument(new Argument("<kind>").choices(["table", "page", "source"]))
  .argument("<name>", "such as orders_by_status")
  .option("--file <csv>", "of a source: one of its files, whose header names the columns")
  .option("--table <name>", "of a page: a table with a date and a figure (default gold.daily_sales_summary)")
  .addHelpText(
    "after",
    examples(
      "new table orders_by_status",
      "new source returns --file returns.csv",
      "new page returns --table gold.returns_by_day",
    ),
  )
  .action(async (kind, name, options) => (await import("./commands/new.js")).begin(kind, name, options));

program
  .command("schema")
  .description("print the schema of a topic's messages, as other teams and a registry take it")
  .argument("[topic]", "the topic (default clickstream-events)")
  .addOption(
    new Option("--format <format>", "JSON Schema or Avro")
      .choices(["json", "avro"] as const)
      .default("json" as const),
  )
  .option(
    "--accept",
    "the change of the contract is meant: write bundle/schemas, and register it where there is a registry",
  )
  .addHelpText("after", examples("schema", "schema clickstream-events --format avro > events.avsc"))
  .action(async (topic, options) => (await import("./commands/schema.js")).schema(topic, options));

program
  .command("plans", { hidden: true })
  .description("print the compiled plans and programs")
  .addOption(json().makeOptionMandatory())
  .action(async () => (await import("./commands/plans.js")).plans());

program
  .command("clean")
  .description("remove the warehouse; the landed files stay")
  .option("--landing", "remove the landed files too, after a question")
  .option("--yes", "ask no question")
  .option(
    "--dev",
    "remove only your own tables of Jupyter: the next notebook begins with a new copy of the warehouse",
  )
  .addOption(quiet())
  .addHelpText("after", examples("clean", "clean --dev"))
  .action(async (options) => (await import("./commands/clean.js")).clean(options));

program
  .command("jupyter")
  .description("open JupyterLab with the TypeScript kernel")
  .argument("[args...]", "handed to jupyter lab")
  .option("--install", "only write the kernels into .venv, where VS Code finds them")
  .allowUnknownOption()
  .action(async (args, options) => (await import("./commands/jupyter.js")).jupyter(args, options));

endsWithNpm();
// A reader that has seen enough, such as `head`, closes the pipe: that ends a command as it ends others.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
try {
  await program.parseAsync();
} catch (error) {
  const isHelp = error instanceof CommanderError && error.exitCode === 0;
  if (!isHelp) {
    process.exitCode = error instanceof CommanderError ? 2 : await fail(error);
    if (process.argv.includes("--json"))
      (await import("./commands/fail.js")).printJson({ error: (error as Error).message });
  }
}

function portNumber(value: string): number {
  const parsed = number(value);
  if (!Number.isInteger(parsed) || parsed < 0 || parsed > 65_535)
    throw new InvalidArgumentError("Give a whole number from 0 to 65535.");
  return parsed;
}

/** A number given to an option; commander names the option when it is none. */
function number(value: string): number {
  const parsed = Number(value);
  if (value.trim() === "" || !Number.isFinite(parsed)) throw new InvalidArgumentError("Give a number.");
  return parsed;
}
