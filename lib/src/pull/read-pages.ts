import { ServiceDown } from "./patient-fetch.js";

/** A page of a list. */
export interface Page {
  readonly items: readonly unknown[];
  /** Whether there is a further page. */
  readonly hasMore: boolean;
}

interface Listing {
  /** What is listed, for messages: `charges created from 2026-03-01T00:00:00Z until …`. */
  readonly what: string;
  readonly service: string;
  readonly advice: string;
  /** Gives the page after the object of this id; undefined where the answer is no page. */
  readonly page: (after: string | undefined) => Promise<Page | undefined>;
  readonly idOf: (item: unknown) => string | undefined;
  /** How often a page that cannot be is asked for. */
  readonly attempts?: number;
}

/**
 * The pages of a list that names its next page by the last object of this one. A page that repeats only what was there, one that
 * is empty though more should follow, and one that is no page are asked for again.
 *
 * @throws ServiceDown naming the list, the page, its cursor and the number of attempts
 */
export async function* readPages(listing: Listing): AsyncGenerator<readonly unknown[]> {
  const { what, service, advice, idOf, attempts = 4 } = listing;
  const seen = new Set<string>();
  let after: string | undefined;
  for (let number = 1; ; number++) {
    let found: Page | undefined;
    let problem: string | undefined;
    for (let attempt = 1; attempt === 1 || problem !== undefined; attempt++) {
      if (attempt > attempts)
        throw new ServiceDown(
          `${service}, ${what}: page ${number}${after === undefined ? "" : ` (after ${after})`} ${problem} in ${attempts} attempts. ` +
            `What landed before stays. ${advice}`,
        );
      found = await listing.page(after);
      problem = found ? problemOf(found, idOf, seen) : "is no list of objects";
    }
    const { items, hasMore } = found!;
    const ids = items.flatMap((item) => idOf(item) ?? []);
    for (const id of ids) seen.add(id);
    if (items.length > 0) yield items;
    if (!hasMore) return;
    after = ids.at(-1);
  }
}

function problemOf(
  { items, hasMore }: Page,
  idOf: Listing["idOf"],
  seen: ReadonlySet<string>,
): string | undefined {
  const ids = items.flatMap((item) => idOf(item) ?? []);
  if (ids.length > 0 && ids.every((id) => seen.has(id))) return "repeats objects of the pages before it";
  if (!hasMore) return undefined;
  if (items.length === 0) return "is empty, though more should follow,";
  return ids.length === 0 ? "holds no object with an id, though more should follow," : undefined;
}
