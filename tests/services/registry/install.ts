import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { mavenJars } from "../maven-jars.ts";

const run = promisify(execFile);

const jars = mavenJars("registry", "Apicurio Registry", import.meta.dirname, "npm run registry");

/** The registry is compiled for this Java; Kafka, Connect and Spark run on Java 17. */
const oldestJava = 21;

/** Why it cannot be installed here, or nothing. */
export const whatIsMissing = async () => (await jars.whatIsMissing()) ?? (await whyNoJava());

/** Why the tests cannot use it now, or nothing. On CI a reason is an error. */
export async function whyNotReady(): Promise<string | undefined> {
  const missing = (await jars.whyNotReady()) ?? (await whyNoJava());
  if (missing && process.env["CI"] === "true")
    throw new Error(`The tests need Apicurio Registry: ${missing}`);
  return missing;
}

/** Installs it, unless it is there. Gives the folder of the program. */
export async function install(say?: (line: string) => void): Promise<string> {
  const folder = await jars.install(say);
  const app = path.join(folder, "app");
  if (existsSync(app)) return app;
  const archive = (await readdir(folder)).find((name) => name.endsWith(".tar.gz"));
  const draft = path.join(folder, "unpacking");
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  await run("tar", ["-xzf", path.join(folder, archive!), "-C", draft]);
  await rename(draft, app);
  await rm(path.join(folder, archive!));
  return app;
}

const whyNoJava = async () =>
  (await java())
    ? undefined
    : `no Java ${oldestJava} or newer (REGISTRY_JAVA may name its program, such as /usr/lib/jvm/temurin-25-jdk-amd64/bin/java)`;

/** A Java that runs it: REGISTRY_JAVA, or the newest one that stands on this machine. */
export async function java(): Promise<string | undefined> {
  const named = process.env["REGISTRY_JAVA"];
  if (named) return (await versionOf(named)) >= oldestJava ? named : undefined;
  const homes = await readdir("/usr/lib/jvm").catch(() => []);
  const runners = Object.entries(process.env).flatMap(([name, home]) =>
    /^JAVA_HOME_\d+_/.test(name) && home ? home : [],
  );
  const programs = [
    "java",
    ...[...homes.map((name) => `/usr/lib/jvm/${name}`), ...runners].map((home) =>
      path.join(home, "bin/java"),
    ),
  ];
  const found = await Promise.all(
    programs.map(async (program) => ({ program, version: await versionOf(program) })),
  );
  const [newest] = found.toSorted((a, b) => b.version - a.version);
  return newest && newest.version >= oldestJava ? newest.program : undefined;
}

/** 17 for Java 17; 0 where there is none. */
async function versionOf(program: string): Promise<number> {
  try {
    const { stderr } = await run(program, ["-version"]);
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
