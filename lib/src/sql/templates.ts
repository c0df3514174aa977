/** A `sql` template of a cell, as it is written. Places are indices into the cell's text. */
export interface SqlTemplate {
  /** The parts between the holes. */
  readonly texts: readonly TextPart[];
  /** What stands within `${…}`. */
  readonly holes: readonly string[];
  /** False where the cell ends before the template does. */
  readonly isClosed: boolean;
}

interface TextPart {
  readonly raw: string;
  readonly start: number;
}

/** All `sql` templates of a cell's text in the order of their beginnings, also those within holes of others. */
export function sqlTemplates(source: string): readonly SqlTemplate[] {
  const found: SqlTemplate[] = [];
  code(source, 0, found);
  return found.toSorted((one, other) => one.texts[0]!.start - other.texts[0]!.start);
}

/** The text that JavaScript makes of a template's part; undefined for an escape that it does not know. */
export function cooked(raw: string): string | undefined {
  const plain = raw.replaceAll(/\r\n?/g, "\n");
  if (!plain.includes("\\")) return plain;
  try {
    return plain.replaceAll(escape, (text) => cookedEscape(text));
  } catch {
    return undefined;
  }
}

/** The index into the part as it is written, of an index into what JavaScript makes of it. */
export function rawIndex(raw: string, index: number): number {
  let at = 0;
  for (let made = 0; made < index && at < raw.length;) {
    escape.lastIndex = at;
    const found = raw[at] === "\\" ? escape.exec(raw)?.[0] : undefined;
    at += found?.length ?? (raw.startsWith("\r\n", at) ? 2 : 1);
    made += found === undefined ? 1 : cookedEscape(found).length;
  }
  return at;
}

const escape = /\\(?:\r\n|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[^])/g;

const single: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
};

function cookedEscape(text: string): string {
  const [, sign = ""] = text;
  if (/[\r\n\u2028\u2029]/.test(sign)) return "";
  const digits = /^\\[ux]\{?([0-9a-fA-F]+)\}?$/.exec(text)?.[1];
  if (digits) return String.fromCodePoint(Number.parseInt(digits, 16));
  if (/[ux1-9]/.test(sign)) throw new SyntaxError(`unknown escape ${text}`);
  return single[sign] ?? sign;
}

/** Reads code up to the bracket that closes a hole and gives the index behind it; undefined where the text ends before. */
function code(source: string, from: number, found: SqlTemplate[]): number | undefined {
  let depth = 0;
  for (let at = from; at < source.length;) {
    const sign = source[at]!;
    if (sign === "}" && depth-- === 0) return at + 1;
    if (sign === "{") depth++;
    if (sign === "`") {
      at = template(source, at, found);
      continue;
    }
    skipped.lastIndex = at;
    at += skipped.exec(source)?.[0].length ?? 1;
  }
  return undefined;
}

/** A comment, a string or a word: no sign within it opens or closes anything. */
const skipped = /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?|[\w$]+/y;

function template(source: string, opening: number, found: SqlTemplate[]): number {
  const isSql = /(?<![\w$.])sql\s*$/.test(source.slice(0, opening));
  const texts: TextPart[] = [];
  const holes: string[] = [];
  let start = opening + 1;
  let at = start;
  const finish = (isClosed: boolean) => {
    texts.push({ raw: source.slice(start, at), start });
    if (isSql) found.push({ texts, holes, isClosed });
    return isClosed ? at + 1 : at;
  };
  while (at < source.length) {
    if (source[at] === "`") return finish(true);
    if (source.startsWith("${", at)) {
      texts.push({ raw: source.slice(start, at), start });
      const end = code(source, at + 2, found);
      holes.push(source.slice(at + 2, end === undefined ? undefined : end - 1));
      at = start = end ?? source.length;
      continue;
    }
    at = Math.min(at + (source[at] === "\\" ? 2 : 1), source.length);
  }
  return finish(false);
}
