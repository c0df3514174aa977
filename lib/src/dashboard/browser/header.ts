import { dataOf, type Manifest } from "../manifest.js";
import { ageWords, asOfWords, checkWords, noData } from "../render/data-state.js";

/** Shows in the header how old the data is, and keeps that up to date. */
export function showState(manifest: Manifest): void {
  const { checks } = manifest;
  const newest = dataOf(manifest);
  const age = document.querySelector<HTMLElement>("[data-age]");
  const check = document.querySelector<HTMLElement>("[data-checks]");
  if (check) {
    const { words, status } = checkWords(checks);
    check.textContent = words;
    check.dataset["status"] = status;
  }
  clearInterval(timer);
  const tell = () => {
    if (!age) return;
    if (newest === null) {
      age.textContent = noData;
      return;
    }
    const { words, stale } = ageWords(new Date(newest), new Date());
    age.textContent = words;
    age.setAttribute("datetime", newest);
    age.title = asOfWords(newest);
    age.toggleAttribute("data-stale", stale);
  };
  tell();
  timer = setInterval(tell, 1000);
}

let timer: ReturnType<typeof setInterval> | undefined;
