/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** On a phone the list of all pages is closed at first; where there is room beside the page it is open. */
export function foldContents(): void {
  const contents = document.querySelector<HTMLDetailsElement>("details.contents");
  const narrow = matchMedia("(max-width: 899px)");
  const fold = () => contents && (contents.open = !narrow.matches);
  fold();
  narrow.addEventListener("change", fold);
}
