import { forgotten_persons } from "../contracts/ops.js";
import type { Read } from "../extract/change-writer.js";
import { forgottenAmong, type Forgotten } from "../forget/person.js";
import { sql } from "../sql/statement.js";
import { rows } from "../verbs/read.js";

/** What becomes of the rows of persons who were forgotten and are still in the database. */
export interface Filter {
  /** The rows that may land. */
  rows(found: readonly Read[]): readonly Read[];
  /** Whether a key of bronze is that of a forgotten person. */
  isForgotten(key: string): boolean;
  /** The keys of forgotten persons whose rows were among those that were read. */
  readonly there: ReadonlySet<string>;
}

export const readForgotten = async (): Promise<Forgotten> =>
  forgottenAmong(await rows(sql`select pseudonym, salt from ${forgotten_persons}`));

/** @param person the column that names a person, if the table has one */
export function withoutForgotten(
  keyColumn: string,
  person: string | undefined,
  forgotten: Forgotten,
): Filter {
  const there = new Set<string>();
  const numberIn = (text: string) => {
    const number = person === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>)[person];
    return typeof number === "string" ? number : undefined;
  };
  return {
    there,
    isForgotten: (key) => person === keyColumn && (numberIn(key)?.startsWith("forgotten-") ?? false),
    rows: (found) =>
      person === undefined
        ? found
        : found.flatMap((row) => {
            const number = numberIn(row.after);
            const pseudonym = number === undefined ? undefined : forgotten(number);
            if (pseudonym === undefined) return [row];
            if (person === keyColumn) {
              there.add(JSON.stringify({ [person]: pseudonym }));
              return [];
            }
            return [
              { ...row, lands: row.after.replaceAll(JSON.stringify(number), JSON.stringify(pseudonym)) },
            ];
          }),
  };
}
