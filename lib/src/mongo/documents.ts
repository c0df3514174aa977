import type { Document, Timestamp } from "mongodb";

/** Documents as canonical Extended JSON, in which each value keeps its type. */
export interface ExtendedJson {
  textOf(document: Document): string;
  /** The key of a document as Debezium has it: `{"_id":{"$oid":"…"}}`. */
  keyOf(id: unknown): string;
  /** The `_id` that a key names. */
  idOf(key: string): unknown;
  read(text: string): Document;
  timestamp(seconds: number): Timestamp;
}

export async function extendedJson(): Promise<ExtendedJson> {
  const { BSON, Timestamp: Time } = (await import("mongodb")).default;
  const { EJSON } = BSON;
  const textOf = (document: Document) => EJSON.stringify(document, { relaxed: false });
  const read = (text: string) => EJSON.parse(text, { relaxed: false }) as Document;
  return {
    textOf,
    keyOf: (id) => textOf({ _id: id }),
    idOf: (key) => read(key)["_id"] as unknown,
    read,
    timestamp: (seconds) => new Time({ t: seconds, i: 0 }),
  };
}

/** A place in the log of a replica set as a number: seconds since 1970, and nine digits that count within the second. */
export const positionOf = ({ t, i }: Timestamp): bigint => BigInt(t) * 1_000_000_000n + BigInt(i);
