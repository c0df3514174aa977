import { tokensOf, type Token } from "./tokens.js";

/**
 * How many relations a planner meets in a text when it puts each common table expression in the place of every name that reads
 * it, as Spark does.
 *
 * @param known names from outside, and how many relations each stands for
 */
export function relationsIn(text: string, known: ReadonlyMap<string, number> = new Map()): number {
  const tokens = tokensOf(text);
  let at = 0;

  const nameAt = (index: number) => tokens[index]!.text.toLowerCase();
  const isExpression = (index: number) => {
    const [name, as, bracket] = tokens.slice(index, index + 3);
    return isName(name) && as?.word === "as" && bracket?.text === "(";
  };

  /** Reads up to the bracket that closes what stands at the place. */
  const read = (outside: ReadonlyMap<string, number>): number => {
    const names = new Map(outside);
    let count = 0;
    while (at < tokens.length && tokens[at]!.text !== ")") {
      const { word, text: sign } = tokens[at]!;
      at += 1;
      if (word === "with" && isExpression(at)) {
        do {
          const name = nameAt(at);
          at += 3;
          names.set(name, read(names));
          at += 1;
        } while (tokens[at]?.text === "," && isExpression(++at));
      } else if (sign === "(") {
        count += read(names);
        at += 1;
      } else if ((word === "from" || word === "join") && isName(tokens[at])) {
        const isQualified = tokens[at + 1]?.text === ".";
        count += (isQualified ? undefined : names.get(nameAt(at))) ?? 1;
      }
    }
    return count;
  };

  return read(known);
}

const isName = (token: Token | undefined) => token?.kind === "word" || token?.kind === "quoted";
