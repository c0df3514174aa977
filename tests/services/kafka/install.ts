import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const pom = path.join(import.meta.dirname, "pom.xml");

/** Where Kafka is kept, outside the repository. CI caches this folder. */
const cache = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "shopmetrics/kafka");

/** Why Kafka cannot be installed here, or nothing. */
export async function whatIsMissing(): Promise<string | undefined> {
  const tools = { java: "-version", mvn: "-version", openssl: "version" };
  const absent = await Promise.all(
    Object.entries(tools).map(async ([tool, flag]) => ((await works(tool, flag)) ? [] : tool)),
  );
  const names = absent.flat();
  return names.length ? `not installed: ${names.join(", ")} (Java 17, Maven)` : undefined;
}

/**
 * Why the tests cannot use Kafka now, or nothing. On CI a reason is an error: there, a test that is left out has failed.
 */
export async function whyNotReady(): Promise<string | undefined> {
  const missing =
    (await whatIsMissing()) ??
    (existsSync(path.join(await ownFolder(), ".done"))
      ? undefined
      : "Kafka is not installed; `npm run kafka` installs it");
  if (missing && process.env["CI"] === "true") throw new Error(`The tests need Kafka: ${missing}`);
  return missing;
}

const works = (tool: string, flag: string) =>
  run(tool, [flag]).then(
    () => true,
    () => false,
  );

/** Installs Kafka (Maven, 43 MB), pinned by pom.xml, unless it is there. Gives the folder of its jars. */
export async function install(say: (line: string) => void = () => undefined): Promise<string> {
  const folder = await ownFolder();
  const jars = path.join(folder, "jars");
  const done = path.join(folder, ".done");
  if (!existsSync(done)) {
    say(`Installing Kafka into ${folder} …`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(path.join(folder, "maven"), { recursive: true });
    await copyFile(pom, path.join(folder, "maven/pom.xml"));
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
    const options = ["--quiet", "--batch-mode", goal, `-DoutputDirectory=${jars}`];
    await run("mvn", options, { cwd: path.join(folder, "maven") });
    await writeFile(done, "");
  }
  return jars;
}

/** The folder of the versions pinned now. */
const ownFolder = async () =>
  path.join(
    cache,
    createHash("sha256")
      .update(await readFile(pom))
      .digest("hex")
      .slice(0, 12),
  );
