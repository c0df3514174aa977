import type { VerbParts } from "../adapter.js";
import { draft } from "../operation.js";

export const show: VerbParts["show"] = ({ what, limit, offset }, { sqlOf }) => [
  draft(`select * from (${sqlOf(what)}) limit ${limit}${offset ? ` offset ${offset}` : ""}`, {
    role: "show",
    limit,
    offset,
    reads: [what],
  }),
];

export const rows: VerbParts["rows"] = ({ what }, { sqlOf }) => [
  draft(sqlOf(what), { role: "show", reads: [what] }),
];
