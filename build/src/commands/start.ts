import { existsSync } from "node:fs";
import { readSettings } from "shopmetrics/settings";
import { counted, nearPath, seconds } from "../text.js";
import { compileProject } from "./compile-project.js";
import { during } from "../run/running-line.js";
import { describe, generateShown } from "./generate.js";
import { reserveStdoutForJson, printJson } from "./fail.js";
import { serveUntilInterrupted } from "./serve.js";
import { buildSite } from "./site.js";
import { type RunCommand, isEmpty, runPipeline } from "./run.js";

/**
 * Generates exports if nothing has landed, compiles the notebooks, runs them, builds the dashboard and serves it until
 * Ctrl-C. A run that failed is served too: the pages then show the last good figures.
 */
export async function start(
  options: RunCommand & { scale?: number; serve?: boolean; port: number },
): Promise<void> {
  const settings = readSettings();
  if (options.json) reserveStdoutForJson();
  const say = (text: string) => {
    if (!options.quiet && !options.json) console.log(text);
  };
  if (await isEmpty(settings.landing)) {
    const { landing, business } = settings;
    const report = await generateShown({
      landing,
      currency: business.ordersCurrency,
      ...(options.scale !== undefined && { scale: options.scale }),
    });
    say(describe(report, nearPath(landing)));
  } else if (options.scale !== undefined) {
    say(`--scale ${options.scale} is ignored: ${nearPath(settings.landing)} holds exports already.`);
  }
  const started = performance.now();
  const compiled = await during("compiling the notebooks", () => compileProject(settings.root));
  const took = (performance.now() - started) / 1000;
  say(`Compiled ${counted(compiled.plans.length, "notebook")} (${seconds(took)})\n`);
  const report = await runPipeline(settings, compiled, options);
  const built = existsSync(settings.snapshots)
    ? await during("building the site", () => buildSite(settings))
    : undefined;
  if (options.json) return printJson(report);
  if (built) say(`\n${built.sentence}`);
  if (report.status === "succeeded") {
    say(
      `\nLook at a table: npx shopmetrics show gold.daily_sales_summary\nTomorrow:        npx shopmetrics ` +
        `generate --days 1 && npx shopmetrics run`,
    );
  }
  if (built && options.serve !== false) await serveUntilInterrupted(settings, options);
}
