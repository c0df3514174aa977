/** An instant as people read it: `21 Nov 2026, 14:44 UTC`. */
export const instantWords = (iso: string) =>
  `${new Date(iso).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC" })} UTC`;

/** The first sentence of a text. */
export const firstSentence = (text: string) => /^[^]*?[.?!:](?=\s|$)/.exec(text)?.[0] ?? text;

/** Cuts a text for a description, at a word. */
export const shortened = (text: string, most = 160) =>
  text.length <= most ? text : `${text.slice(0, most).replace(/\s+\S*$/, "")} …`;

/** Names in a row as prose: "a, b and c". */
export const listed = (names: readonly string[]) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
