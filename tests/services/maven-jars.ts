import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Programs in Java that Maven brings, pinned by a pom.xml. */
interface Jars {
  /** Why they cannot be installed here, or nothing. */
  whatIsMissing(): Promise<string | undefined>;
  /** Why the tests cannot use them now, or nothing. On CI a reason is an error: there, a test that is left out has failed. */
  whyNotReady(): Promise<string | undefined>;
  /** Installs them, unless they are there. Gives the folder of the jars. */
  install(say?: (line: string) => void): Promise<string>;
}

/**
 * @param name the folder in the user's cache, outside the repository. CI caches that folder
 * @param title what it is called in messages
 * @param folder the folder with its pom.xml
 * @param command what installs it
 */
export function mavenJars(name: string, title: string, folder: string, command: string): Jars {
  const pom = path.join(folder, "pom.xml");
  const cache = path.join(
    process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"),
    `shopmetrics/${name}`,
  );
  /** The folder of the versions pinned now. */
  const ownFolder = async () =>
    path.join(
      cache,
      createHash("sha256")
        .update(await readFile(pom))
        .digest("hex")
        .slice(0, 12),
    );
  const whatIsMissing = async () => {
    const tools = { java: "-version", mvn: "-version", openssl: "version" };
    const absent = await Promise.all(
      Object.entries(tools).map(async ([tool, flag]) => ((await works(tool, flag)) ? [] : tool)),
    );
    const names = absent.flat();
    return names.length ? `not installed: ${names.join(", ")} (Java 17, Maven)` : undefined;
  };
  return {
    whatIsMissing,
    async whyNotReady() {
      const missing =
        (await whatIsMissing()) ??
        (existsSync(path.join(await ownFolder(), ".done"))
          ? undefined
          : `${title} is not installed; \`${command}\` installs it`);
      if (missing && process.env["CI"] === "true") throw new Error(`The tests need ${title}: ${missing}`);
      return missing;
    },
    async install(say = () => undefined) {
      const own = await ownFolder();
      const jars = path.join(own, "jars");
      const done = path.join(own, ".done");
      if (existsSync(done)) return jars;
      say(`Installing ${title} into ${own} …`);
      await rm(own, { recursive: true, force: true });
      await mkdir(path.join(own, "maven"), { recursive: true });
      await copyFile(pom, path.join(own, "maven/pom.xml"));
      const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
      const options = ["--quiet", "--batch-mode", goal, `-DoutputDirectory=${jars}`];
      await run("mvn", options, { cwd: path.join(own, "maven") });
      await writeFile(done, "");
      return jars;
    },
  };
}

const works = (tool: string, flag: string) =>
  run(tool, [flag]).then(
    () => true,
    () => false,
  );
