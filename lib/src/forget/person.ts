import { createHash } from "node:crypto";

/** Who is to be forgotten. */
export interface Person {
  /** The number by which tables name the person. */
  readonly number: string;
  /** What stands there afterwards. */
  readonly pseudonym: string;
}

/** What stands in the place of a text that belongs to somebody who was forgotten. */
export const forgottenText = "(forgotten)";

/** The pseudonym of a number, as the check in `ops.data_quality` computes it too. */
export const pseudonymOf = (salt: string, number: string): string =>
  `forgotten-${createHash("md5")
    .update(salt + number)
    .digest("hex")
    .slice(0, 20)}`;

/** The pseudonym of a number whose person was forgotten; undefined for others. */
export type Forgotten = (number: string) => string | undefined;

/** @param known rows of `ops.forgotten_persons` */
export function forgottenAmong(known: readonly Readonly<Record<string, unknown>>[]): Forgotten {
  const pseudonyms = new Set(known.map((row) => String(row["pseudonym"])));
  const salt = known[0] && String(known[0]["salt"]);
  return (number) => {
    if (salt === undefined) return undefined;
    const pseudonym = pseudonymOf(salt, number);
    return pseudonyms.has(pseudonym) ? pseudonym : undefined;
  };
}

/** Of the values of personal columns those that lead to one person by themselves, such as an e-mail address; not a first name or a town. */
export const isTelling = (value: string): boolean =>
  value.includes("@") ? value.trim().length >= 6 : value.replaceAll(/\D/g, "").length >= 6;

/** Finds persons in texts, and takes them out. */
export interface Finder {
  readonly persons: readonly Person[];
  /** The pseudonyms of all who were ever forgotten, of these too. */
  readonly pseudonyms: readonly string[];
  /** Texts of which one is in each text that names a person, in lower case. */
  readonly needles: readonly string[];
  /** Those that are no numbers: each leads to one person by itself, wherever it stands. */
  readonly values: readonly string[];
  /** Names of fields that are emptied in what a person's number stands in. */
  readonly fields: readonly string[];
  personOf(number: string | null): Person | undefined;
  /** Whether a value leads to a person, and is nothing else. */
  isOnly(value: string | null): boolean;
  isIn(text: string): boolean;
  /** The text with pseudonyms in the place of numbers, and without what else leads to the person. */
  replaced(text: string): string;
  /** The same of JSON, in which personal fields become null as well. */
  json(text: string): string;
  /** The same of a message or its key: JSON, or the number alone, or nothing of it stays. */
  message(text: string): string;
  /** The same of a text whose parts nobody knows: JSON, or nothing of it stays. */
  raw(text: string): string;
}

/**
 * @param values what else leads to them, such as e-mail addresses
 * @param fields names of personal columns
 * @param before the pseudonyms of those who were forgotten before
 */
export function finder(
  persons: readonly Person[],
  values: readonly string[],
  fields: readonly string[],
  before: readonly string[],
): Finder {
  const byNumber = new Map(persons.map((person) => [person.number, person]));
  const numbers = whole([...byNumber.keys()], "gu");
  const others = whole(values, "giu");
  const ofValues = new Set(lower(values));
  const hasNumber = (text: string) => text.search(numbers) >= 0;
  const field = new RegExp(
    `"(${fields.map(escaped).join("|")})"(\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|[^\\s,}\\]"]+)`,
    "g",
  );
  const isIn = (text: string) => hasNumber(text) || text.search(others) >= 0;
  const replaced = (text: string) =>
    text.replace(numbers, (number) => byNumber.get(number)!.pseudonym).replace(others, forgottenText);
  const json = (text: string) => {
    const without = hasNumber(text) && fields.length > 0 ? text.replace(field, '"$1"$2null') : text;
    // An extraction's fingerprint of the row as it was.
    return replaced(
      without === text ? text : without.replace(/"version"(\s*:\s*)"[0-9a-f]{32}"/g, '"version"$1null'),
    );
  };
  const message = (text: string) =>
    objectOf(text) ? json(text) : (byNumber.get(text.trim())?.pseudonym ?? forgottenText);
  return {
    persons,
    pseudonyms: [...new Set([...before, ...persons.map(({ pseudonym }) => pseudonym)])],
    needles: lower([...byNumber.keys(), ...values]),
    values: lower(values),
    fields,
    personOf: (number) => byNumber.get(number?.trim() ?? ""),
    isOnly: (value) => value !== null && ofValues.has(value.trim().toLowerCase()),
    isIn,
    replaced,
    json,
    message,
    raw(text) {
      const parsed = objectOf(text);
      if (!parsed) return forgottenText;
      const parts = Object.entries(parsed).map(([name, value]) => [
        name,
        typeof value === "string" && isIn(value) ? message(value) : value,
      ]);
      return JSON.stringify(Object.fromEntries(parts));
    },
  };
}

const lower = (texts: readonly string[]) => [...new Set(texts.map((text) => text.toLowerCase()))];

/** A text's object, where it is JSON and an object. */
export function objectOf(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Matches each text where it stands by itself: C1 is not in C12, nor ann@x.example in joann@x.example. */
const whole = (texts: readonly string[], flags: string) =>
  texts.length === 0
    ? /(?!)/g
    : new RegExp(
        `(?<![\\p{L}\\p{N}_.+-])(?:${[...texts]
          .toSorted((a, b) => b.length - a.length)
          .map(escaped)
          .join("|")})(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}])`,
        flags,
      );

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
