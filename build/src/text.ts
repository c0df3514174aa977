import path from "node:path";
import { distance } from "shopmetrics/plan";

/** Figures as people read them. */
export const count = (value: number) => value.toLocaleString("en-US");
/** "1 step", "2 steps". */
export const counted = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
export const seconds = (value: number) => `${value.toFixed(2)} s`;
export const bytes = (value: number) =>
  value < 1e6 ? `${(value / 1e3).toFixed(0)} kB` : `${(value / 1e6).toFixed(1)} MB`;

/** A path relative to the working folder where it is inside it. */
export const nearPath = (file: string) => {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative || ".";
};

/** The name that was most likely meant by a misspelt or shortened one, if any is similar. The layer may be left out. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const bare = (text: string) => text.slice(text.indexOf(".") + 1);
  const asFar = (text: string, known: string) =>
    Math.min(distance(text, known), distance(text, known.slice(0, text.length + 1)));
  const best = names
    .map((known) => ({ known, whole: asFar(name, known), bare: asFar(bare(name), bare(known)) }))
    .toSorted((a, b) => Math.min(a.whole, a.bare) - Math.min(b.whole, b.bare) || a.whole - b.whole)[0];
  const isNear = best && name !== "" && Math.min(best.whole, best.bare) <= Math.max(1, bare(name).length / 3);
  return isNear ? best.known : undefined;
}

/** An instant as people read it: `21 Nov 2026, 14:44 UTC`. */
export const instantWords = (iso: string) => `${new Date(iso).toLocaleString("en-GB", inMinutes)} UTC`;

const inMinutes: Intl.DateTimeFormatOptions = {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
};

/** Cuts a text for a description, at a word. */
export const shortened = (text: string, most = 160) =>
  text.length <= most ? text : `${text.slice(0, most).replace(/\s+\S*$/, "")} …`;

/** Names in a row as prose: "a, b and c". */
export const listed = (names: readonly string[]) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
