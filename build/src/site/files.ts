import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/** A file of the site: its path from the site's root, and its content. */
export interface SiteFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** `assets/style.css` with a part of its content's hash in its name. */
export function hashed(name: string, content: string | Uint8Array): string {
  const { dir, name: stem, ext } = path.parse(name);
  return `${dir}/${stem}-${createHash("sha256").update(content).digest("hex").slice(0, 8)}${ext}`;
}

/** Writes the site beside the old one, then puts it in its place: the folder is replaced as a whole. */
export async function writeSite(folder: string, files: readonly SiteFile[]): Promise<void> {
  const draft = `${folder}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  for (const name of new Set(files.map((file) => path.dirname(path.join(draft, file.path)))))
    await mkdir(name, { recursive: true });
  await Promise.all(files.map((file) => writeFile(path.join(draft, file.path), file.content)));
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
}
