import type { z } from "zod";
import type { Table } from "./table.js";

/** What the messages of a topic look like. */
export interface Messages {
  /** What a message is called in a schema, such as `ClickstreamEvent`. */
  readonly name: string;
  readonly schema: z.ZodType;
  /** The table of bronze that holds the messages, with a column for each of their fields. */
  readonly table: Table;
}

/** What a topic's messages must look like, and which of them belong together. */
export interface MessageContract<Event> extends Messages {
  /** The id that a report names an event by. */
  readonly idOf: (event: Event) => unknown;
  /** Events with the same key keep their order. */
  readonly keyOf: (event: Event) => string;
}
