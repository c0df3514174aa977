import { generate as generateExports } from "shopmetrics/internal/generator/generate";
import { readSettings } from "shopmetrics/internal/settings";
import { nearPath } from "../text.js";
import { compileAndWrite } from "./build.js";
import { describe } from "./generate.js";
import { keepOutputForJson, printJson } from "./json.js";
import { isEmpty, runPipeline, type RunCommand } from "./run.js";

/** Generates exports if nothing has landed, compiles the notebooks and runs them. */
export async function start(options: RunCommand & { scale?: number; serve?: boolean }): Promise<void> {
  const settings = readSettings();
  if (options.json) keepOutputForJson();
  const say = (text: string) => {
    if (!options.quiet && !options.json) console.log(text);
  };
  if (await isEmpty(settings.landing)) {
    const { landing } = settings;
    const report = await generateExports({
      landing,
      ...(options.scale !== undefined && { scale: options.scale }),
    });
    say(describe(report, nearPath(landing)));
  } else if (options.scale !== undefined) {
    say(`--scale ${options.scale} is left aside: ${nearPath(settings.landing)} holds exports already.`);
  }
  const { compiled, sentence } = await compileAndWrite(settings.root);
  say(`${sentence}\n`);
  const report = await runPipeline(settings, compiled, options);
  if (options.json) printJson(report);
  else if (report.status === "succeeded") {
    say(
      `\nLook at a table: npx shopmetrics show gold.daily_sales_summary\nThe next day:    npx shopmetrics generate --days 1 && npx shopmetrics run`,
    );
  }
}
