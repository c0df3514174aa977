import { batch, signal } from "@preact/signals-core";
import type { Columns } from "../snapshot-columns.js";
import { dataOf, type Manifest } from "../manifest.js";
import { openSnapshot, type OpenSnapshot, type Snapshot } from "../snapshot.js";
import { usePageSurface } from "../page-surface.js";
import { bindControl, displayBlock, showOnly } from "./blocks.js";
import { fetchManifest, fetchSnapshot } from "./data.js";
import { useLook } from "../format.js";
import { asOfWords } from "../render/data-state.js";
import { showState } from "./header.js";

const snapshots = new Map<string, OpenSnapshot>();

/** Declares a snapshot; its rows come once the manifest is there, or later, when a drawing asks for them. */
export async function query<const C extends Columns>(
  name: string,
  columns: C,
  _select?: unknown,
  { onDemand = false } = {},
): Promise<Snapshot<C>> {
  const snapshot = openSnapshot(name, columns, onDemand ? ask : undefined);
  const wanted = snapshot as unknown as OpenSnapshot;
  function ask() {
    snapshots.set(name, wanted);
    if (!newest) return;
    asOf = "";
    void take(newest);
  }
  if (!onDemand) snapshots.set(name, wanted);
  return snapshot;
}

/** Runs a page's cells on its prerendered blocks, then loads what they draw and keeps it up to date. */
export function runPage(cells: () => Promise<void>): void {
  const root = document.documentElement;
  const { page = "", refresh, currency, locale } = root.dataset;
  if (currency && locale) useLook({ currency, locale });
  const manifest = fetchManifest(page);
  const all = [...document.querySelectorAll<HTMLElement>("[data-block]")];
  showOnly(all);
  copyLink();
  const blocks = all.values();
  const width = watchedWidth();
  const next = () => {
    const block = blocks.next().value;
    if (!block) throw new Error("The page was built from other cells than its script: build the site again.");
    return block;
  };
  usePageSurface({
    display: (draw) => displayBlock(next(), draw, width, source),
    view: (control) => bindControl(next(), control),
  });
  void cells()
    .then(() => manifest)
    .then((found) => take(found))
    .then(() => root.setAttribute("data-ready", ""))
    .catch((error: unknown) => {
      // The prerendered page stays; only newer rows and the controls are missing.
      console.error(error);
      root.setAttribute("data-ready", "failed");
    });
  if (refresh) keepFresh(page, Number(refresh));
}

const known = new Map<string, string>();
let newest: Manifest | undefined;
let asOf = "";
let newestWords = "";

/**
 * Reads the snapshots that have changed since they were drawn. One that fails affects only what draws from it, and is
 * read again at the next time.
 */
async function take(manifest: Manifest | undefined): Promise<void> {
  if (!manifest || manifest.asOf === asOf) return;
  newest = manifest;
  const changes: (() => void)[] = [];
  let isWhole = true;
  await Promise.all(
    [...snapshots.values()].map(async (snapshot) => {
      const entry = manifest.snapshots[snapshot.name];
      if (entry && known.get(snapshot.name) === entry.sha256) return;
      const result = await fetchSnapshot(snapshot.name, snapshot.columns, entry);
      if (result instanceof Error) {
        isWhole = false;
        changes.push(() => snapshot.fail(result));
      } else {
        if (entry) known.set(snapshot.name, entry.sha256);
        changes.push(() => snapshot.set(result));
      }
    }),
  );
  if (isWhole) asOf = manifest.asOf;
  batch(() => changes.forEach((change) => change()));
  newestWords = asOfWords(dataOf(manifest));
  showState(manifest);
}

/** The page's address holds all that was chosen. */
function copyLink(): void {
  const button = document.querySelector<HTMLElement>("[data-copy-link]");
  button?.addEventListener("click", async () => {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Link copied";
    setTimeout(() => (button.textContent = "Copy link"), 2000);
  });
}

/** Whose figures these are, and of when. */
const source = () => [document.querySelector(".brand")?.textContent, newestWords].filter(Boolean).join(" · ");

/** Asks for a newer manifest at intervals, but not while the page is hidden. */
function keepFresh(page: string, seconds: number): void {
  let running = false;
  const ask = async () => {
    if (document.hidden || running) return;
    running = true;
    await fetchManifest(page)
      .then(take)
      .catch(() => undefined);
    running = false;
  };
  setInterval(() => void ask(), seconds * 1000);
  document.addEventListener("visibilitychange", () => void ask());
}

/** The window's width as a signal; it changes at most once a frame. */
function watchedWidth() {
  const width = signal(document.documentElement.clientWidth);
  let waiting = false;
  new ResizeObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      width.value = document.documentElement.clientWidth;
    });
  }).observe(document.documentElement);
  return width;
}
