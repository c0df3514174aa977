import type { Collection, Timestamp } from "mongodb";
import type { Table } from "../contracts/table.js";
import type { MongoSettings } from "../settings.js";
import type { ExtendedJson } from "./documents.js";

/** A collection, and the table of bronze that its changes go to. */
export interface Extraction {
  readonly settings: MongoSettings;
  readonly collection: Collection;
  readonly into: Table;
  readonly json: ExtendedJson;
}

/** When a run began, by the database's clock. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The place in the database's log up to which everything can be read. */
  readonly time: Timestamp;
}
