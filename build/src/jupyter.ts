import { spawn } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where the project is, and where it keeps its data (`SHOPMETRICS_HOME`). */
export interface JupyterOptions {
  /** The project's root folder: the one that holds `node_modules`. */
  root: string;
  /** The data folder; Jupyter's own files go to `<home>/jupyter`. */
  home: string;
}

/** The kernel's name in a notebook's metadata (`kernelspec.name`). */
export const KERNEL = "tslab";

const HOW_TO_GET_IT = "python3 -m venv .venv && .venv/bin/pip install jupyterlab";

/** Jupyter was not found, or not where the settings say. The message says what to do. */
export class JupyterMissing extends Error {
  override readonly name = "JupyterMissing";
}

/**
 * Opens JupyterLab on the notebooks, with the tslab kernel of this project, and waits until it ends.
 * Nothing is written outside `<home>/jupyter`: the user's own Jupyter keeps its kernels and settings.
 *
 * @param options.args further arguments for `jupyter lab`, such as `--no-browser`
 * @returns the exit code: JupyterLab's own, or 2 where Jupyter is absent
 */
export async function jupyter(options: JupyterOptions & { args: string[] }): Promise<number> {
  let command: string;
  try {
    command = findJupyter(options.root);
  } catch (error) {
    if (!(error instanceof JupyterMissing)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
  const settings = [
    `--ServerApp.root_dir=${options.root}`,
    "--LabApp.default_url=/lab/tree/notebooks",
    `--MultiKernelManager.default_kernel_name=${KERNEL}`,
    `--KernelSpecManager.allowed_kernelspecs=${KERNEL}`,
    "--KernelSpecManager.ensure_native_kernel=False",
    "--LanguageServerManager.autodetect=False",
  ];
  const child = spawn(command, ["lab", ...asRoot, ...settings, ...options.args], {
    cwd: options.root,
    env: await kernelEnvironment(options),
    stdio: "inherit",
  });
  // Ctrl-C reaches JupyterLab too, which asks before it stops: leave the decision to it.
  const ignore = () => undefined;
  const forward = () => void child.kill("SIGTERM");
  process.on("SIGINT", ignore).on("SIGTERM", forward);
  try {
    return await new Promise<number>((done, failed) => {
      child.once("error", failed);
      child.once("exit", (code) => done(code ?? 1));
    });
  } finally {
    process.off("SIGINT", ignore).off("SIGTERM", forward);
  }
}

/**
 * Writes the tslab kernel spec into the project's own Jupyter folder.
 *
 * @returns the environment in which any Jupyter program finds that kernel, keeps all its files inside
 * `<home>/jupyter`, and hands `SHOPMETRICS_HOME` to the kernel as an absolute path (a kernel's working folder
 * is the notebook's, so a relative one would point elsewhere)
 */
export async function kernelEnvironment({ root, home }: JupyterOptions): Promise<NodeJS.ProcessEnv> {
  const folder = resolve(home, "jupyter");
  const share = join(folder, "share");
  const tslab = createRequire(join(resolve(root), "package.json")).resolve("tslab/bin/tslab");
  const spec = {
    argv: [process.execPath, tslab, "kernel", "--config-path={connection_file}"],
    display_name: "TypeScript (ShopMetrics)",
    language: "typescript",
  };
  // JupyterLab would ask each new user whether to fetch its news from the network.
  const page = { disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } };
  await writeJson(join(share, "kernels", KERNEL, "kernel.json"), spec);
  await writeJson(join(folder, "config", "labconfig", "page_config.json"), page);
  return {
    ...process.env,
    SHOPMETRICS_HOME: resolve(home),
    JUPYTER_DATA_DIR: share,
    JUPYTER_PATH: share,
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
    IPYTHONDIR: join(folder, "ipython"),
    // JupyterLab's language server extension calls npm, which would leave a log in the user's home.
    npm_config_logs_max: "0",
  };
}

async function writeJson(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * The `jupyter` program: `SHOPMETRICS_JUPYTER`, else the project's `.venv`, else the one on the PATH.
 *
 * @throws {JupyterMissing} where there is none
 */
export function findJupyter(root: string): string {
  const chosen = process.env["SHOPMETRICS_JUPYTER"];
  if (chosen) {
    if (isProgram(chosen)) return resolve(chosen);
    throw new JupyterMissing(
      `SHOPMETRICS_JUPYTER names ${chosen}, which is no program. Correct or unset it, or get Jupyter with\n  ${HOW_TO_GET_IT}`,
    );
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = [join(resolve(root), ".venv", "bin"), ...folders].map((folder) =>
    join(folder, "jupyter"),
  );
  const found = candidates.find(isProgram);
  if (found) return found;
  throw new JupyterMissing(
    `Jupyter was not found: not in ${join(root, ".venv")}, not on the PATH. Get it for this project only with\n  ${HOW_TO_GET_IT}\nor name another one in SHOPMETRICS_JUPYTER.`,
  );
}

/** What Jupyter keeps of one output: a stream's text, or a value by media type. */
export interface NotebookOutput {
  output_type: "stream" | "display_data" | "execute_result" | "error";
  name?: "stdout" | "stderr";
  text?: string;
  data?: Record<string, unknown>;
}

/** A code cell that ran. */
export interface NotebookCell {
  /** Its number among the code cells, from 1: what Jupyter shows as `[4]` after a run from the top. */
  cell: number;
  source: string;
  outputs: NotebookOutput[];
}

/** What became of a notebook that ran from start to end, or to its first failure. */
export interface NotebookRun {
  path: string;
  /** Wall time, the kernel's start included. */
  seconds: number;
  /** The code cells that ran, the failing one included. */
  cells: NotebookCell[];
  /** The cell that failed and what the kernel said; `cell` is 0 where the kernel did not start. */
  failure?: { cell: number; message: string };
}

/**
 * Runs notebooks one after the other, each from start to end in a kernel of its own, as Jupyter does. The next
 * notebook's kernel starts while the present one runs, which hides most of its 1.5 s.
 *
 * A cell fails when the kernel says so, when it lasts too long, and also when a promise that nobody awaited was
 * rejected during it: tslab only prints that and calls the cell good.
 *
 * @param paths notebooks, in the order in which they shall run; files are not changed
 * @param options.timeout seconds that one cell may take (default 120)
 * @param options.env added to the kernels' environment
 * @param options.keepGoing run the notebooks after a failed one as well; without it the result ends there
 * @throws {JupyterMissing} where there is no Jupyter
 */
export async function executeNotebooks(
  paths: readonly string[],
  options: JupyterOptions & { timeout?: number; env?: Record<string, string>; keepGoing?: boolean },
): Promise<NotebookRun[]> {
  const script = fileURLToPath(new URL("../jupyter/execute.py", import.meta.url));
  const child = spawn(pythonOf(findJupyter(options.root)), [script], {
    env: { ...(await kernelEnvironment(options)), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  child.stdin.end(
    JSON.stringify({
      notebooks: paths.map((path) => resolve(path)),
      kernel: KERNEL,
      timeout: options.timeout ?? 120,
      keepGoing: options.keepGoing ?? false,
    }),
  );
  const runs: NotebookRun[] = [];
  for await (const line of createInterface({ input: child.stdout }))
    runs.push(JSON.parse(line) as NotebookRun);
  const code = await ended;
  if (code !== 0)
    throw new Error(`Running notebooks under Jupyter stopped with exit code ${code}:\n${log.trim()}`);
  return runs;
}

/** The Python that a `jupyter` program runs on: its neighbour in a virtual environment, else its first line. */
function pythonOf(program: string): string {
  const neighbour = join(dirname(program), "python3");
  if (isProgram(neighbour)) return neighbour;
  const shebang = /^#!\s*(\S+)/.exec(readFileSync(program, "latin1"))?.[1];
  return shebang && /python[\d.]*$/.test(shebang) ? shebang : "python3";
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
