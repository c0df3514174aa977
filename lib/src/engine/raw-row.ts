import type { Column } from "../contracts/table.js";

/** A column of what arrived as it stands in the quarantine's JSON. Engines write instants differently there: as ISO text. */
export const inJson = ({ name, type }: Column, of: string): string =>
  type === "TIMESTAMP" ? `replace(cast(${of}.${name} as string), ' ', 'T') || 'Z'` : `${of}.${name}`;
