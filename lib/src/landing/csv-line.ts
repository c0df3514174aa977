/** One record of a CSV file. Null is an empty value, and an empty text is one in quotes. */
export const csvLine = (values: readonly (string | null | undefined)[]): string =>
  `${values.map((value) => (value === null || value === undefined ? "" : quoted(value))).join(",")}\n`;

const quoted = (value: string) =>
  value === "" || /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
