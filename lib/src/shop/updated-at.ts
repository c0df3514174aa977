import { timestamp } from "../contracts/columns.js";

/** The column of every table of gold that says when a row was written. */
export const updatedAt = { updated_at: timestamp("When this row last changed.") };

/** What the contracts of gold have in common. */
export const gold = { auditColumns: ["updated_at"] as ["updated_at"], tags: { sensitivity: "internal" } };
