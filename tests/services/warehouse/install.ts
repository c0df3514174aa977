import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = import.meta.dirname;

/** Where Spark and Delta Lake are kept, outside the repository. CI caches this folder. */
const cache = path.join(
  process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"),
  "shopmetrics/warehouse",
);

export interface Installed {
  /** SPARK_HOME. */
  readonly spark: string;
  /** Delta Lake's jars. */
  readonly jars: readonly string[];
}

/** Why the warehouse cannot be installed here, or nothing. */
export async function whatIsMissing(): Promise<string | undefined> {
  const tools = { java: "-version", mvn: "-version", python3: "--version", openssl: "version" };
  const absent = await Promise.all(
    Object.entries(tools).map(async ([tool, flag]) => ((await works(tool, flag)) ? [] : tool)),
  );
  const names = absent.flat();
  return names.length ? `not installed: ${names.join(", ")} (Java 17, Maven, Python 3.10)` : undefined;
}

/** Why the tests cannot use the warehouse now: tools are missing, or it was never installed, which takes 450 MB. */
export async function whyNotReady(): Promise<string | undefined> {
  const missing = await whatIsMissing();
  if (missing) return missing;
  return existsSync(path.join(await ownFolder(), ".done"))
    ? undefined
    : "Spark is not installed; `npm run warehouse` installs it";
}

const works = (tool: string, flag: string) =>
  run(tool, [flag]).then(
    () => true,
    () => false,
  );

/** Installs Spark (PyPI, 450 MB) and Delta Lake (Maven), pinned by requirements.txt and pom.xml, unless they are there. */
export async function install(say: (line: string) => void = () => undefined): Promise<Installed> {
  const folder = await ownFolder();
  const done = path.join(folder, ".done");
  if (!existsSync(done)) {
    say(`Installing Spark and Delta Lake into ${folder} …`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(path.join(folder, "maven"), { recursive: true });
    await run("python3", ["-m", "venv", path.join(folder, "venv")]);
    const requirements = path.join(here, "requirements.txt");
    await run(path.join(folder, "venv/bin/pip"), ["install", "--quiet", "--requirement", requirements]);
    await copyFile(path.join(here, "pom.xml"), path.join(folder, "maven/pom.xml"));
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
    const only = "-DincludeGroupIds=io.delta,io.unitycatalog";
    const options = ["--quiet", "--batch-mode", goal, `-DoutputDirectory=${folder}/jars`, only];
    await run("mvn", options, { cwd: path.join(folder, "maven") });
    await writeFile(done, "");
  }
  const jars = await readdir(path.join(folder, "jars"));
  const [python] = await readdir(path.join(folder, "venv/lib"));
  return {
    spark: path.join(folder, "venv/lib", python!, "site-packages/pyspark"),
    jars: jars.map((jar) => path.join(folder, "jars", jar)),
  };
}

/** The folder of the versions pinned now. */
async function ownFolder(): Promise<string> {
  const pins = await Promise.all(
    ["requirements.txt", "pom.xml"].map((name) => readFile(path.join(here, name))),
  );
  return path.join(cache, createHash("sha256").update(Buffer.concat(pins)).digest("hex").slice(0, 12));
}
