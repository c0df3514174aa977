import { forgotten_persons } from "../contracts/ops.js";
import type { Read } from "../extract/change-writer.js";
import { plainOf, withFields } from "../forget/fields.js";
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

/** Who was forgotten; undefined where nobody was. */
export async function forgottenPersons(): Promise<Forgotten | undefined> {
  const known = await rows(sql`select pseudonym, salt from ${forgotten_persons}`);
  return known.length === 0 ? undefined : forgottenAmong(known);
}

/** @param person the column that names a person, if the table has one */
export function withoutForgotten(
  keyColumn: string,
  person: string | undefined,
  forgotten: Forgotten | undefined,
): Filter {
  const there = new Set<string>();
  return {
    there,
    isForgotten: (key) =>
      person === keyColumn &&
      String((JSON.parse(key) as Record<string, unknown>)[person]).startsWith("forgotten-"),
    rows: (found) =>
      person === undefined || forgotten === undefined
        ? found
        : found.flatMap((row) => {
            let pseudonym: string | undefined;
            const after = withFields(row.after, (name, value) => {
              if (name !== person) return value;
              pseudonym = forgotten(plainOf(value));
              return pseudonym && JSON.stringify(pseudonym);
            });
            if (pseudonym === undefined) return [row];
            if (person !== keyColumn) return [{ ...row, after }];
            there.add(JSON.stringify({ [person]: pseudonym }));
            return [];
          }),
  };
}
