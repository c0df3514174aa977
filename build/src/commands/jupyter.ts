import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve, sep } from "node:path";
import { readSettings } from "shopmetrics/settings";
import { writeLabExtension } from "../jupyter/lab-extension.js";

export async function jupyter(args: string[], { install }: { install?: true }): Promise<void> {
  const { root, home } = readSettings();
  try {
    if (install) await installKernels({ root, home });
    else process.exitCode = await openJupyter({ root, home, args });
  } catch (error) {
    if (!(error instanceof JupyterMissing)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/** Where the project is, and where it keeps its data (`SHOPMETRICS_HOME`). */
export interface JupyterOptions {
  /** The project's root folder: the one that holds `node_modules`. */
  root: string;
  /** The data folder; Jupyter's own files go to `<home>/jupyter`. */
  home: string;
}

/** The name of each kernel in a notebook's metadata (`kernelspec.name`). The first is the default. */
export const kernelNames = ["tslab", "deno"] as const;

const howToGetIt = "python3 -m venv .venv && .venv/bin/pip install jupyterlab";

/** Jupyter was not found, or not where the settings say. The message says what to do. */
class JupyterMissing extends Error {
  override readonly name = "JupyterMissing";
}

/**
 * Opens JupyterLab on the notebooks, with the tslab kernel of this project, and waits until it ends.
 * Nothing is written outside `<home>/jupyter` and the project's own `.venv`: the user's Jupyter keeps its kernels and settings.
 *
 * @param options.args further arguments for `jupyter lab`, such as `--no-browser`
 * @returns JupyterLab's own exit code
 * @throws {JupyterMissing}
 */
async function openJupyter(options: JupyterOptions & { args: string[] }): Promise<number> {
  const command = findJupyter(options.root);
  await keepCommonJs(options.root, command);
  await writeLabExtension(join(resolve(options.home), "jupyter", "share"));
  const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
  const settings = [
    `--ServerApp.root_dir=${options.root}`,
    "--LabApp.default_url=/lab/tree/notebooks",
    `--MultiKernelManager.default_kernel_name=${kernelNames[0]}`,
    ...kernelNames.map((name) => `--KernelSpecManager.allowed_kernelspecs=${name}`),
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
 * Writes the kernels into the project's Python environment, where VS Code looks for them.
 *
 * @throws {JupyterMissing}
 */
async function installKernels({ root, home }: JupyterOptions): Promise<void> {
  const environment = join(resolve(root), ".venv");
  if (!existsSync(join(environment, "pyvenv.cfg")))
    throw new JupyterMissing(
      `There is no Python environment in ${environment}. Make it with\n  ${howToGetIt}`,
    );
  const specs = Object.entries(kernelSpecs(root, resolve(home, "jupyter")));
  for (const [name, spec] of specs) {
    const env = { ...spec.env, SHOPMETRICS_HOME: resolve(home) };
    await writeJson(join(environment, "share/jupyter/kernels", name, "kernel.json"), { ...spec, env });
  }
  const names = specs.map(([, spec]) => spec.display_name).join(" and ");
  process.stdout.write(`Wrote ${names} to ${join(environment, "share/jupyter/kernels")}\n`);
}

/**
 * Jupyter starts its copy of Yarn, which is no ES module. Node takes it for one below this project's package.json,
 * fails, and prints all of it; a package.json of the environment's own says otherwise.
 */
async function keepCommonJs(root: string, command: string): Promise<void> {
  const environment = realpathSync(dirname(dirname(command)));
  const file = join(environment, "package.json");
  const isInside = environment.startsWith(`${realpathSync(root)}${sep}`);
  if (!isInside || !existsSync(join(environment, "pyvenv.cfg")) || existsSync(file)) return;
  await writeJson(file, { type: "commonjs" });
}

/**
 * Writes the kernel specs into the project's own Jupyter folder: tslab's, and Deno's where there is a Deno.
 *
 * @returns the environment in which any Jupyter program finds these kernels, keeps all its files inside
 * `<home>/jupyter`, and hands `SHOPMETRICS_HOME` to the kernel as an absolute path (a kernel's working folder
 * is the notebook's, so a relative one would point elsewhere)
 */
export async function kernelEnvironment({ root, home }: JupyterOptions): Promise<NodeJS.ProcessEnv> {
  const folder = resolve(home, "jupyter");
  const share = join(folder, "share");
  for (const [name, spec] of Object.entries(kernelSpecs(root, folder)))
    await writeJson(join(share, "kernels", name, "kernel.json"), spec);
  // JupyterLab would ask each new user whether to fetch its news from the network.
  const page = { disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } };
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

interface KernelSpec {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: string;
  readonly interrupt_mode?: "message";
  readonly env?: Readonly<Record<string, string>>;
}

/** How Jupyter starts each kernel: `jupyter/kernel.ts` with the kernel's own command. */
function kernelSpecs(root: string, folder: string): Record<string, KernelSpec> {
  const { resolve: packaged } = createRequire(join(resolve(root), "package.json"));
  const tslab = packaged("tslab/bin/tslab");
  const deno = findDeno(root);
  const before = [
    process.execPath,
    join(dirname(packaged("@shopmetrics/build/package.json")), "dist/jupyter/kernel.js"),
    "{connection_file}",
  ];
  return {
    tslab: {
      argv: [...before, process.execPath, tslab, "kernel", "--config-path={kernel_file}"],
      // As in every notebook's metadata: JupyterLab would write another name into a notebook that is opened.
      display_name: "TypeScript",
      language: "typescript",
    },
    ...(deno && {
      deno: {
        argv: [...before, deno, "jupyter", "--quiet", "--kernel", "--conn", "{kernel_file}"],
        display_name: "TypeScript (Deno)",
        language: "typescript",
        interrupt_mode: "message",
        env: { DENO_DIR: join(folder, "deno"), DENO_NO_UPDATE_CHECK: "1", SHOPMETRICS_IDLE_WAIT: "200" },
      },
    }),
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
      `SHOPMETRICS_JUPYTER names ${chosen}, which is no program. Correct or unset it, or get Jupyter with\n  ${howToGetIt}`,
    );
  }
  const found = programIn([join(resolve(root), ".venv", "bin"), ...pathFolders()], "jupyter");
  if (found) return found;
  throw new JupyterMissing(
    `Jupyter was not found: not in ${join(root, ".venv")}, not on the PATH. Get it for this project only ` +
      `with\n  ${howToGetIt}\nor name another one in SHOPMETRICS_JUPYTER.`,
  );
}

/** The `deno` program: the neighbour of `jupyter`, else the project's `.venv`'s, else the one on the PATH. */
function findDeno(root: string): string | undefined {
  const jupyter = process.env["SHOPMETRICS_JUPYTER"];
  const beside = jupyter ? [dirname(resolve(jupyter))] : [];
  return programIn([...beside, join(resolve(root), ".venv", "bin"), ...pathFolders()], "deno");
}

const pathFolders = () => (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");

const programIn = (folders: readonly string[], name: string) =>
  folders.map((folder) => join(folder, name)).find(isProgram);

/** Whether a file is there that may be run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
