import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { InputError } from "shopmetrics/settings";

const run = promisify(execFile);

/** What git prints, without the last line end. @throws Error with git's message in `stderr` */
export async function git(root: string, ...args: string[]): Promise<string> {
  const { stdout } = await run("git", ["-C", root, ...args], { maxBuffer: 256 << 20 });
  return stdout.trimEnd();
}

/** The commit that work is compared with, and the name a person uses for it. */
export interface Base {
  readonly name: string;
  readonly commit: string;
}

/**
 * The commit of a name; without one, where the branch left origin/main, and HEAD where there is no origin/main.
 *
 * @throws InputError outside a git repository, or for a name that git does not know
 */
export async function baseOf(root: string, since: string | undefined): Promise<Base> {
  await git(root, "rev-parse", "--git-dir").catch((error: { code?: string; stderr?: string }) => {
    const why = error.code === "ENOENT" ? "git is not installed" : (error.stderr ?? "").trim().split("\n")[0];
    throw new InputError(
      `--changed compares with a commit, but ${root} is no git repository (${why}). Use --only.`,
    );
  });
  const commitOf = (name: string) =>
    git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`).catch(
      () => undefined,
    );
  if (since !== undefined) {
    const commit = await commitOf(since);
    if (commit) return { name: since, commit };
    throw new InputError(
      `--since ${since}: git knows no such commit, branch or tag. \`git fetch\` may bring it; a shallow clone lacks older ones.`,
    );
  }
  if (await commitOf("origin/main")) {
    const commit = await git(root, "merge-base", "origin/main", "HEAD").catch(() => undefined);
    if (commit) return { name: "origin/main", commit };
  }
  const head = await commitOf("HEAD");
  if (!head) throw new InputError("--changed compares with a commit, but this repository has none yet.");
  return { name: "HEAD", commit: head };
}
