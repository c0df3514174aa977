import { SqlError } from "../../sql/sql-error.js";

/** A regular expression that Java's engine and RE2 take alike. */
interface Pattern {
  /** For RE2. */
  readonly text: string;
  readonly groups: number;
  /** Whether it ends with `$`: the group after its last one then holds a line's end that stays. */
  readonly isToEnd: boolean;
}

const lineEnds = "\\n\\r\\x{85}\\x{2028}\\x{2029}";
const spaces = " \\t\\n\\x{b}\\f\\r";

/**
 * Reads a pattern of Java's and writes RE2's. Taken is what both match alike: characters, classes, groups, alternatives,
 * repetitions. A dot and `$` know all of Java's ends of a line.
 *
 * @param mayBeEmpty whether it may match nothing at all, as a test may; where matches are replaced or split at, the
 *   engines walk differently
 * @throws SqlError
 */
export function patternOf(source: string, mayBeEmpty: boolean): Pattern {
  const characters = [...source];
  let at = 0;
  let groups = 0;
  let isToEnd = false;

  const fail = (what: string): never => {
    throw new SqlError(`the regular expression '${source}': ${what}`);
  };

  const escape = (inClass: boolean): string => {
    const next = characters[at + 1] ?? fail("ends with a backslash");
    at += 2;
    if (next === "s") return inClass ? spaces : `[${spaces}]`;
    if (next === "S" && !inClass) return `[^${spaces}]`;
    if (next === "d" || next === "w" || (!inClass && (next === "D" || next === "W"))) return `\\${next}`;
    if ("ntrf".includes(next)) return `\\${next}`;
    if (/[A-Za-z0-9]/.test(next)) return fail(`\\${next} is not taken`);
    return next.charCodeAt(0) < 128 ? `\\${next}` : next;
  };

  const characterClass = (): string => {
    let written = "[";
    at++;
    if (characters[at] === "^") {
      written += "^";
      at++;
    }
    const first = at;
    while (characters[at] !== "]" || at === first) {
      const one = characters[at] ?? fail("a class is not closed");
      if (one === "]" || one === "[") fail(`write \\${one} within a class`);
      if (one === "&" && characters[at + 1] === "&") fail("&& within a class is not taken");
      if (one === "^") fail("write \\^ within a class");
      if (one === "\\") written += escape(true);
      else {
        written += one;
        at++;
      }
    }
    at++;
    return `${written}]`;
  };

  /** A repetition after what can be repeated, and the fewest times. */
  const repetition = (): { text: string; least: number } => {
    const rest = characters.slice(at).join("");
    const found = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})/.exec(rest);
    if (!found) return { text: "", least: 1 };
    at += found[0].length;
    if (Number(found[1] ?? 0) > 1000 || Number(found[2] || 0) > 1000) fail("repeats more than 1000 times");
    const next = characters[at];
    if (next === "+") fail("a possessive repetition is not taken");
    if (next === "*" || next === "{") fail("repeats a repetition");
    if (next === "?") at++;
    const least = found[0] === "+" ? 1 : Number(found[1] ?? 0);
    return { text: found[0] + (next === "?" ? "?" : ""), least };
  };

  const atom = (depth: number): { text: string; isEmpty: boolean } => {
    const one = characters[at]!;
    if (one === "[") return { text: characterClass(), isEmpty: false };
    if (one === "\\") return { text: escape(false), isEmpty: false };
    if (one === "(") {
      at++;
      const isPlain = characters[at] === "?" && characters[at + 1] === ":";
      if (characters[at] === "?" && !isPlain) fail("(? is only taken as (?:");
      if (isPlain) at += 2;
      else groups++;
      const inner = alternatives(depth + 1);
      if (characters[at] !== ")") fail("a group is not closed");
      at++;
      return { text: `(${isPlain ? "?:" : ""}${inner.text})`, isEmpty: inner.isEmpty };
    }
    at++;
    if (one === ".") return { text: `[^${lineEnds}]`, isEmpty: false };
    if ("*+?{".includes(one)) fail(`${one} repeats nothing`);
    if (one === "}" || one === "]") return { text: `\\${one}`, isEmpty: false };
    return { text: one, isEmpty: false };
  };

  const sequence = (depth: number): { text: string; isEmpty: boolean } => {
    let text = "";
    let isEmpty = true;
    while (at < characters.length && characters[at] !== "|" && characters[at] !== ")") {
      if (characters[at] === "^") {
        if (text !== "") fail("^ stands at the beginning");
        text += "^";
        at++;
        continue;
      }
      if (characters[at] === "$") {
        if (depth > 0 || at !== characters.length - 1) fail("$ stands at the end");
        isToEnd = true;
        at++;
        continue;
      }
      const { text: written, isEmpty: matchesNothing } = atom(depth);
      const { text: times, least } = repetition();
      if (matchesNothing && times) fail("repeats what may be empty");
      text += written + times;
      if (!matchesNothing && least > 0) isEmpty = false;
    }
    return { text, isEmpty };
  };

  const alternatives = (depth: number): { text: string; isEmpty: boolean } => {
    const parts = [sequence(depth)];
    while (characters[at] === "|") {
      at++;
      parts.push(sequence(depth));
    }
    if (isToEnd && depth === 0 && parts.length > 1) fail("put the alternatives before $ in brackets");
    return {
      text: parts.map(({ text }) => text).join("|"),
      isEmpty: parts.some((part) => part.isEmpty),
    };
  };

  const { text, isEmpty } = alternatives(0);
  if (at < characters.length) fail("a group is closed that is not open");
  if (isEmpty && !mayBeEmpty) fail("may match nothing");
  return { text: isToEnd ? `${text}((?:\\r\\n|[${lineEnds}])?)\\z` : text, groups, isToEnd };
}

/** What takes the place of a match, with Java's `$1` as RE2's `\1`. @throws SqlError */
export function replacementOf(source: string, { groups, isToEnd }: Pattern): string {
  const written = source.replace(/\\([\s\S]?)|\$(\d?)/g, (whole, escaped?: string, group?: string) => {
    if (escaped) return escaped === "\\" ? "\\\\" : escaped;
    if (whole.startsWith("$") && group && Number(group) <= groups) return `\\${group}`;
    throw new SqlError(`the replacement '${source}': ${whole} is no group of the regular expression`);
  });
  return isToEnd ? `${written}\\${groups + 1}` : written;
}
