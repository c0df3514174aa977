/** A day as the number of days since 1970-01-01, the form in which the generator counts. */
export type Day = number;

/** Reads `YYYY-MM-DD`; undefined when the text is no such date of the calendar. */
export function parseDay(text: string): Day | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const instant = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(instant) || isoDate(instant / 86_400_000) !== text) return undefined;
  return instant / 86_400_000;
}

/** The day as `YYYY-MM-DD`. */
export function isoDate(day: Day): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/** The day before today, in UTC. */
export function yesterday(): Day {
  return Math.floor(Date.now() / 86_400_000) - 1;
}
