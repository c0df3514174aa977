import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

/** Where Debian keeps its versions, of which only clients are in the path. */
const debian = "/usr/lib/postgresql";

/** The folder of PostgreSQL's programs, of the newest version; undefined where there is none. */
export function programsFolder(): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => path.join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(path.delimiter),
  ];
  return folders.find((folder) =>
    ["postgres", "initdb"].every((name) => existsSync(path.join(folder, name))),
  );
}

/** Why the tests cannot use PostgreSQL now, or nothing. On CI a reason is an error: there, a test that is left out has failed. */
export function whyNoPostgres(): string | undefined {
  if (programsFolder() !== undefined) return undefined;
  if (process.env["CI"] === "true") throw new Error(`The tests need PostgreSQL: ${howToInstall}`);
  return howToInstall;
}

export const howToInstall =
  "PostgreSQL is not installed. On Debian or Ubuntu: sudo apt-get install postgresql; with Homebrew: brew install postgresql@17, and put " +
  "its bin folder into the PATH.";

/** The account that the server runs as: root may not run it. */
export function account(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string, name: string) => Number(execFileSync("id", [flag, name], { stdio: "pipe" }));
  for (const name of ["postgres", "nobody"])
    try {
      return { uid: id("-u", name), gid: id("-g", name) };
    } catch {}
  throw new Error("PostgreSQL may not run as root, and there is no user postgres or nobody to run it as.");
}
