/** The sum of a figure over rows; money is added in hundredths, so that the sum equals that of SQL's decimals. */
export function sum<T>(rows: readonly T[], figure: (row: T) => number): number {
  let hundredths = 0;
  let rest = 0;
  for (const row of rows) {
    const scaled = figure(row) * 100;
    const whole = Math.round(scaled);
    hundredths += whole;
    rest += scaled - whole;
  }
  return (hundredths + (Math.abs(rest) < 1e-6 ? 0 : rest)) / 100;
}

/** Rows by a key, in the order in which keys first come. */
export function group<T, K>(rows: readonly T[], key: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const name = key(row);
    const known = groups.get(name);
    if (known) known.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}

/**
 * The least and the greatest of rows' dates; today (UTC), where there is no row.
 */
export function extent<T>(rows: readonly T[], date: (row: T) => Date): [Date, Date] {
  let [least, most] = [Infinity, -Infinity];
  for (const row of rows) {
    const time = date(row).getTime();
    if (time < least) least = time;
    if (time > most) most = time;
  }
  if (least > most) least = most = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  return [new Date(least), new Date(most)];
}

/** The first day (UTC) of the day's week, which begins on Monday, or of its month. */
export function startOf(date: Date, part: "Day" | "Week" | "Month"): Date {
  if (part === "Day") return date;
  if (part === "Month") return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
  return new Date(date.getTime() - ((date.getUTCDay() + 6) % 7) * 86_400_000);
}

/** The mean over each value and the `width - 1` before it; null for the first `width - 1` values. */
export function movingMean(values: readonly number[], width: number): (number | null)[] {
  let total = 0;
  return values.map((value, index) => {
    total += value - (index >= width ? values[index - width]! : 0);
    return index >= width - 1 ? total / width : null;
  });
}
