import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** A page's HTML, by its path from the site's root. */
export async function readPages(site: string): Promise<Map<string, string>> {
  const names = await readdir(site, { recursive: true });
  const pages = names.filter((name) => name.endsWith(".html"));
  return new Map(
    await Promise.all(
      pages.map(async (name): Promise<[string, string]> => [
        name.replaceAll(path.sep, "/"),
        await readFile(path.join(site, name), "utf8"),
      ]),
    ),
  );
}

/** Links that lead nowhere: to a file that is not there, or an anchor that its page does not have. */
export async function brokenLinks(site: string, pages: ReadonlyMap<string, string>): Promise<string[]> {
  const files = new Set(
    (await readdir(site, { recursive: true })).map((name) => name.replaceAll(path.sep, "/")),
  );
  const anchors = new Map([...pages].map(([name, html]) => [name, idsOf(html)]));
  return [...pages].flatMap(([name, html]) =>
    targetsOf(html).flatMap((target) => {
      const [address = "", hash] = target.split("#");
      const file =
        address === "" ? name : path.posix.normalize(path.posix.join(path.posix.dirname(name), address));
      if (address.startsWith("/") || !files.has(file)) return [`${name}: ${target} is not there`];
      const isMissing = hash && anchors.has(file) && !anchors.get(file)!.has(decodeURIComponent(hash));
      return isMissing ? [`${name}: ${target} has no such anchor`] : [];
    }),
  );
}

const idsOf = (html: string) =>
  new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => unescaped(id!)));

/** Where a page's links, styles, scripts and pictures are, those of other sites left out. */
const targetsOf = (html: string) =>
  [...html.matchAll(/<(?:a|link|script|img|use)\b[^>]*?\s(?:href|src)="([^"]*)"/g)]
    .map(([, target]) => unescaped(target!))
    .filter((target) => !/^(https?|mailto|data):/.test(target));

const unescaped = (text: string) =>
  text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<");
