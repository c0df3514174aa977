import path from "node:path";
import { spawn } from "node:child_process";
import { InputError, readSettings } from "shopmetrics/settings";
import { build } from "./build.js";

interface DeployCommand {
  target: string;
  var?: string[];
}

/** Builds the bundle, validates it with the Databricks CLI and deploys it. Stops at the first step that fails. */
export async function deploy(options: DeployCommand): Promise<void> {
  const bundle = path.join(readSettings().root, "bundle");
  await build({});
  const chosen = [
    "--target",
    options.target,
    ...(options.var ?? []).flatMap((variable) => ["--var", variable]),
  ];
  for (const act of [["validate", "--strict"], ["deploy"]]) {
    const code = await databricks(bundle, ["bundle", ...act, ...chosen]);
    if (code === 0) continue;
    console.error(`databricks bundle ${act[0]} failed (exit code ${code}): see docs/deployment-guide.md.`);
    process.exitCode = 1;
    return;
  }
}

/** Runs the CLI in a folder, with its output on ours, and gives its exit code. */
async function databricks(folder: string, args: readonly string[]): Promise<number> {
  console.log(`\n$ databricks ${args.join(" ")}`);
  return new Promise((resolve, reject) => {
    const child = spawn("databricks", args, { cwd: folder, stdio: "inherit" });
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new InputError(howToGetIt) : error),
    );
    child.on("close", (status) => resolve(status ?? 1));
  });
}

const howToGetIt = `The Databricks CLI is not installed, or not on the PATH. The bundle is built; to deploy it:
  1. install the CLI: https://docs.databricks.com/dev-tools/cli/install.html
  2. log in:          databricks auth login --host https://<your workspace>
  3. try again:       npm run deploy -- -t dev
docs/deployment-guide.md describes every step.`;
