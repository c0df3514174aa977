import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Stripe's own mock of its API, which answers requests that fit Stripe's OpenAPI description and refuses others. */
const version = "v0.203.0";

const folder = path.join(
  process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"),
  "shopmetrics/stripe-mock",
  version,
);
const program = path.join(folder, "stripe-mock");

/** Why the tests cannot use it now, or nothing. On CI a reason is an error: there, a test that is left out has failed. */
export async function whyNotReady(): Promise<string | undefined> {
  if (existsSync(program)) return undefined;
  const hasGo = await run("go", ["version"]).then(
    () => true,
    () => false,
  );
  const missing = hasGo
    ? `stripe-mock is not installed; \`npm run stripe -- --install-mock\` installs it`
    : "not installed: go";
  if (process.env["CI"] === "true") throw new Error(`The tests need stripe-mock: ${missing}`);
  return missing;
}

/** Builds stripe-mock by Go, pinned, unless it is there. Gives the program's path. */
export async function install(say: (line: string) => void = () => undefined): Promise<string> {
  if (existsSync(program)) return program;
  say(`Installing stripe-mock ${version} into ${folder} …`);
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  await run("go", ["install", `github.com/stripe/stripe-mock@${version}`], {
    env: { ...process.env, GOBIN: draft },
  });
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  return program;
}
