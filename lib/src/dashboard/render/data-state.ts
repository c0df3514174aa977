import { counted, written } from "../format.js";
import type { CheckCounts } from "../manifest.js";

/** "Data of 21 Nov 2026, 13:57 UTC" */
export const asOfWords = (newest: string | null) =>
  newest === null ? noData : `Data of ${written(new Date(newest), "instant")} UTC`;

export const noData = "No data yet";

/** Each morning a run brings in the day before, whose last order comes at midnight: what is older than that and a few hours is late. */
const staleHours = 30;

/** How old the data is, in words, and whether it should be newer by now. */
export function ageWords(asOf: Date, now: Date): { words: string; stale: boolean } {
  const seconds = (now.getTime() - asOf.getTime()) / 1000;
  // The reader's clock may be a little behind.
  if (seconds < -900) return { words: "Data is dated in the future", stale: true };
  const stale = seconds > staleHours * 3600;
  return { words: `Data ${stale ? "is " : ""}${ago(Math.max(0, seconds))} old`, stale };
}

function ago(seconds: number): string {
  if (seconds < 90) return counted(Math.floor(seconds), "second");
  if (seconds < 90 * 60) return counted(Math.floor(seconds / 60), "minute");
  if (seconds < 48 * 3600) return counted(Math.floor(seconds / 3600), "hour");
  if (seconds < 730 * 86_400) return counted(Math.floor(seconds / 86_400), "day");
  return counted(Math.floor(seconds / (365.25 * 86_400)), "year");
}

/** The results of the checks, in words. */
export function checkWords({ pass, warn, fail }: CheckCounts): { words: string; status: keyof CheckCounts } {
  const all = pass + warn + fail;
  if (fail > 0) return { words: `✗ ${fail} of ${counted(all, "check")} failed`, status: "fail" };
  if (warn > 0)
    return { words: `! ${warn} of ${counted(all, "check")} warn${warn === 1 ? "s" : ""}`, status: "warn" };
  return { words: `✓ ${counted(all, "check")} passed`, status: "pass" };
}
