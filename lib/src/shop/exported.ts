import type { z } from "zod";
import { bigint, text, timestamp } from "../contracts/columns.js";
import { table } from "../contracts/table.js";

/** What every table of bronze knows of where a row came from. */
export const audit = {
  _rescued_data: text(
    "What did not fit: the whole raw line when it could not be split, or a JSON object of columns the contract does not know.",
  ).nullable(),
  source_file: text("The landed file, relative to the landing folder."),
  source_row: bigint("Position of the record in its file, from 1, the header not counted."),
  source_load: bigint(
    "How many files were loaded up to this one: of two files, the one loaded later has the greater number.",
  ),
  ingested_at: timestamp("When the file was loaded."),
};

/** The same of a table of messages. */
export const messageAudit = {
  ...audit,
  _rescued_data: text(
    "The whole raw line, when it was no envelope or its message was no UTF-8 (then in base64).",
  ).nullable(),
};

/** Of a table whose step lands its files itself. */
export const landsItself = {
  auditColumns: ["ingested_at", "source_load"],
  landsItself: true,
} as const;

/** Who can be known by an export's rows, and by which columns. */
interface Persons<Name> {
  readonly personal?: readonly Name[];
  readonly person?: Name;
  readonly personBy?: { readonly column: Name; readonly is: string };
}

/** An export is kept as text, exactly as the shop wrote it, with audit columns. */
export function exported<Shape extends z.ZodRawShape>(
  entity: string,
  columns: Shape,
  persons: Persons<Extract<keyof Shape, string>> = {},
) {
  return table(
    `bronze.${entity}_raw`,
    `The shop's ${entity} exports as they arrived: every column as text, append-only (FR-001).`,
    { ...columns, ...audit },
    {
      auditColumns: ["ingested_at", "source_load"],
      tags: { sensitivity: persons.personal ? "personal" : "internal" },
      personal: [],
      ...persons,
    },
  );
}

/** A column as it arrived: a text, or nothing. */
export const given = (comment: string) => text(comment).nullable();

/** Where the reading of a partition of a topic started. */
export const topicStart = {
  kafka_topic: given(
    "The topic. After it was deleted and created again, its next generation is called name@2.",
  ),
  kafka_partition: given("The topic's partition."),
  first_offset: given("The first offset that is read."),
  reason: given("first read, loss accepted, or topic recreated."),
  recorded_at: given("When this was recorded, ISO instant."),
  ...audit,
};
