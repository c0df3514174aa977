import { createHash } from "node:crypto";
import { objectIn, objectOf, plainOf, withFields, withVersion } from "./fields.js";

/** Who is to be forgotten. */
interface Person {
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

/** Whether a number is replaced wherever it stands, such as C000123; 17 is a quantity too. */
export const isDistinct = (number: string): boolean => /\p{L}/u.test(number) && number.length >= 6;

/** Names of columns and fields, in all tables. */
export interface Fields {
  /** In which a person's number stands. */
  readonly person: readonly string[];
  /** Which identify a person, and are emptied in what a person's number stands in. */
  readonly personal: readonly string[];
}

/** Finds persons in texts, and takes them out. */
export interface Finder {
  readonly persons: readonly Person[];
  /** The pseudonyms of all who were ever forgotten, of these too. */
  readonly pseudonyms: readonly string[];
  /** Texts of which each leads to one person wherever it stands, in lower case: distinct numbers, and values. */
  readonly needles: readonly string[];
  /** Those that are no numbers. */
  readonly values: readonly string[];
  /** Numbers that are no needles: they are persons only in columns and fields of persons. */
  readonly plain: readonly string[];
  /** A regular expression, the same on all engines, of a field of JSON with such a number; undefined where there is none. */
  readonly plainField: string | undefined;
  readonly fields: Fields;
  personOf(number: string | null): Person | undefined;
  /** Whether a value leads to a person, and is nothing else. */
  isOnly(value: string | null): boolean;
  /** Whether it is worth to look closer: what leads to a person stands in a text, or is a part of what does. */
  mayBeIn(text: string): boolean;
  isIn(text: string): boolean;
  /** The text with pseudonyms in the place of distinct numbers, and without what else leads to the person. */
  replaced(text: string): string;
  /** The same of JSON, in which a field with any number becomes a pseudonym, and personal fields become null. */
  json(text: string): string;
  /** The same of a message or its key: JSON, or the number alone, or nothing of it stays. */
  message(text: string): string;
  /**
   * The same of a text whose parts nobody knows: JSON, or nothing of it stays.
   *
   * @param isKeyed whether a key of a message that is a number is a person's
   */
  raw(text: string, isKeyed?: boolean): string;
}

/**
 * @param values what else leads to them, such as e-mail addresses
 * @param before the pseudonyms of those who were forgotten before
 */
export function finder(
  persons: readonly Person[],
  values: readonly string[],
  fields: Fields,
  before: readonly string[],
): Finder {
  const byNumber = new Map(persons.map((person) => [person.number, person]));
  const distinct = [...byNumber.keys()].filter(isDistinct);
  const plain = [...byNumber.keys()].filter((number) => !isDistinct(number));
  const plainField = plain.length === 0 ? undefined : fieldPattern(fields.person, plain);
  const ofField = plainField === undefined ? /(?!)/ : new RegExp(plainField);
  const numbers = whole(distinct, "gu");
  const others = whole(values, "giu");
  const ofValues = new Set(lower(values));
  const all = lower([...byNumber.keys(), ...values]);
  const hasNumber = (text: string) => text.search(numbers) >= 0 || ofField.test(text);
  const isIn = (text: string) => hasNumber(text) || text.search(others) >= 0;
  const replaced = (text: string) =>
    text.replace(numbers, (number) => byNumber.get(number)!.pseudonym).replace(others, forgottenText);
  const json = (text: string): string => {
    const without = hasNumber(text)
      ? withFields(text, (name, value) => {
          if (fields.personal.includes(name)) return "null";
          const person = fields.person.includes(name) ? byNumber.get(plainOf(value)) : undefined;
          if (person) return JSON.stringify(person.pseudonym);
          const inner = value.startsWith('"') ? objectIn(value) : undefined;
          return inner && JSON.stringify(json(inner));
        })
      : text;
    const anew = replaced(without);
    return anew === text ? text : withVersion(anew);
  };
  const message = (text: string) =>
    objectOf(text) ? json(text) : (byNumber.get(text.trim())?.pseudonym ?? forgottenText);
  return {
    persons,
    pseudonyms: [...new Set([...before, ...persons.map(({ pseudonym }) => pseudonym)])],
    needles: lower([...distinct, ...values]),
    values: lower(values),
    plain,
    plainField,
    fields,
    personOf: (number) => byNumber.get(number?.trim() ?? ""),
    isOnly: (value) => value !== null && ofValues.has(value.trim().toLowerCase()),
    mayBeIn(text) {
      const small = text.toLowerCase();
      return all.some((needle) => small.includes(needle));
    },
    isIn,
    replaced,
    json,
    message,
    raw(text, isKeyed = false) {
      if (!objectOf(text)) return isIn(text) ? forgottenText : text;
      const parts = withFields(text, (name, value) => {
        if (!value.startsWith('"')) return undefined;
        const part = JSON.parse(value) as string;
        const person = isKeyed && name === "key" ? byNumber.get(part.trim()) : undefined;
        if (person) return JSON.stringify(person.pseudonym);
        return isIn(part) ? JSON.stringify(message(part)) : value;
      });
      return json(parts);
    },
  };
}

const lower = (texts: readonly string[]) => [...new Set(texts.map((text) => text.toLowerCase()))];

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

/** A field of JSON by its name with one of some numbers, also within a text of JSON or CSV, where quotes are doubled or escaped. */
const fieldPattern = (names: readonly string[], numbers: readonly string[]) => {
  const [name, number] = [names, numbers].map((texts) => texts.map(escaped).join("|"));
  const typed = String.raw`(?:\{\s*[\\"]+\$number\w+[\\"]+\s*:\s*)?`;
  return String.raw`"(?:${name})[\\"]+\s*:\s*${typed}[\\"]*\s*(?:${number})\s*[\\",\s}\]]`;
};
