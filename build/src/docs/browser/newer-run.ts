/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/**
 * A served dashboard shows the newest export, while this page tells of the run that it was made after. If a newer run has exported since,
 * the page says so. From a folder nothing can be asked, and nothing can have changed.
 */
export async function tellOfNewerRun(): Promise<void> {
  const notice = document.querySelector<HTMLElement>("[data-shown-run]");
  if (!notice || location.protocol === "file:") return;
  const { shownRun, manifest = "" } = notice.dataset;
  const answer = await fetch(manifest, { cache: "no-cache" }).catch(() => undefined);
  const now = answer?.ok ? ((await answer.json()) as { run?: string }) : undefined;
  if (now?.run === undefined || now.run === shownRun) return;
  notice.querySelector("code")!.textContent = now.run;
  notice.hidden = false;
}
