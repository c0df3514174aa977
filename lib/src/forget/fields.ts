import { createHash } from "node:crypto";

/**
 * Gives other values to fields of a text of JSON, at any depth, and leaves the rest as it is, letter by letter: no number is read, so none
 * is rounded.
 *
 * @param change gives a field's new value as JSON; undefined where the field stays, and is looked into
 */
export function withFields(
  text: string,
  change: (name: string, value: string) => string | undefined,
): string {
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*(?:"|$)|[{}[\]:,]|[^\s{}[\]:,"]+/gs)];
  let anew = "";
  let from = 0;
  for (let at = 0; at + 2 < tokens.length; at++) {
    const name = tokens[at]![0];
    if (!name.startsWith('"') || tokens[at + 1]![0] !== ":" || /^[}\]:,]/.test(tokens[at + 2]![0])) continue;
    let last = at + 2;
    for (let depth = step(tokens[last]![0]); depth > 0 && last + 1 < tokens.length;)
      depth += step(tokens[++last]![0]);
    const start = tokens[at + 2]!.index;
    const stop = tokens[last]!.index + tokens[last]![0].length;
    const value = change(name.slice(1, -1), text.slice(start, stop));
    if (value === undefined) continue;
    anew += text.slice(from, start) + value;
    from = stop;
    at = last;
  }
  return anew + text.slice(from);
}

const step = (token: string) => (/^[{[]/.test(token) ? 1 : /^[}\]]/.test(token) ? -1 : 0);

/** What a value of JSON says, without quotes, the blanks around it and the type that MongoDB names with a number. */
export function plainOf(value: string): string {
  const typed = /^\{\s*"\$number\w+"\s*:\s*([^{}]*)\}$/.exec(value)?.[1] ?? value;
  return typed
    .trim()
    .replace(/^"(.*)"$/s, "$1")
    .trim();
}

/** The object in a text of JSON that is itself JSON. */
export function objectIn(value: string): string | undefined {
  try {
    const inner = JSON.parse(value) as string;
    return objectOf(inner) && inner;
  } catch {
    return undefined;
  }
}

/** A text's object, where it is JSON and an object. */
export function objectOf(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** By which two readings of a row are compared. */
export const versionOf = (after: string): string => createHash("md5").update(after).digest("hex");

/** A change whose row was rewritten, with the fingerprint of the row as it is now, where it has one. */
export function withVersion(text: string): string {
  let after: string | undefined;
  withFields(text, (name, value) => {
    if (name === "after" && value !== "null") after ??= value;
    return undefined;
  });
  if (after === undefined) return text;
  const version = JSON.stringify(versionOf(after));
  return withFields(text, (name, value) => {
    if (name === "after" || name === "before") return value;
    return name === "version" && /^"[0-9a-f]{32}"$/.test(value) ? version : undefined;
  });
}
