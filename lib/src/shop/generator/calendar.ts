import { drawNumber } from "./random.js";

/** One day of the shop: how many of each entity exist at its start and at its end. */
interface CalendarDay {
  readonly day: Day;
  readonly customers: Span;
  readonly products: Span;
  readonly orders: Span;
  /** How far the customers' taste has moved from the old category mix (0) to the new one (1). */
  readonly drift: number;
}

interface Span {
  readonly before: number;
  readonly after: number;
}

export interface ShopSize {
  readonly seed: number;
  readonly scale: number;
  readonly from: Day;
  readonly to: Day;
}

/** Days before the first order in which the first customers register and the first products are listed. */
const preparationDays = 30;

const growthPerYear = 1.9;
const weekdayLevels = [1.16, 1.08, 1.02, 0.98, 0.96, 0.88, 0.92]; // Sunday first
const monthLevels = [0.9, 0.86, 0.91, 0.93, 0.96, 0.94, 0.9, 0.92, 0.99, 1.05, 1.3, 1.42];

/**
 * The volumes of every day from the preparation to `through`. The history ends with exactly the rows that the scale asks
 * for, and later days continue its curve.
 */
export function calendar(shop: ShopSize, through: Day): CalendarDay[] {
  const customers = Math.max(10, Math.round(10_000 * shop.scale));
  const products = Math.max(8, Math.round(1_000 * shop.scale));
  const orders = Math.max(1, Math.round(100_000 * shop.scale));
  const firstCustomers = Math.max(2, Math.round(customers * 0.02));
  const firstProducts = Math.max(8, Math.round(products * 0.7));

  const trade = runningTotal(shop.from, through, tradeCurve(shop));
  const interest = runningTotal(shop.from, through, interestCurve(shop));
  const history = shop.to - shop.from;
  const share = (total: number[], day: Day) => (total[day - shop.from] ?? 0) / (total[history] ?? 1);
  const preparation = (day: Day) => (day - (shop.from - preparationDays) + 1) / preparationDays;

  const after = {
    customers: (day: Day) =>
      day < shop.from
        ? Math.floor(firstCustomers * preparation(day))
        : firstCustomers + Math.floor((customers - firstCustomers) * share(interest, day)),
    products: (day: Day) =>
      day < shop.from
        ? Math.floor(firstProducts * preparation(day))
        : firstProducts + Math.floor(((products - firstProducts) * (day - shop.from + 1)) / (history + 1)),
    orders: (day: Day) => (day < shop.from ? 0 : Math.floor(orders * share(trade, day))),
  };
  const span = (count: (day: Day) => number, day: Day, first: Day): Span => ({
    before: day === first ? 0 : count(day - 1),
    after: count(day),
  });

  const days: CalendarDay[] = [];
  const first = shop.from - preparationDays;
  for (let day = first; day <= through; day++) {
    days.push({
      day,
      customers: span(after.customers, day, first),
      products: span(after.products, day, first),
      orders: span(after.orders, day, first),
      drift: Math.min(1, Math.max(0, (day - shop.from) / (6 * 365))),
    });
  }
  return days;
}

/** Relative number of orders per day: growth, season, weekday, the sales of late November, and chance. */
function tradeCurve(shop: ShopSize): (day: Day) => number {
  const growth = growthFrom(shop.from, growthPerYear);
  return (day) => {
    const date = new Date(day * 86_400_000);
    const [month, dayOfMonth] = [date.getUTCMonth(), date.getUTCDate()];
    const sale = month === 10 && dayOfMonth >= 22 ? 1.2 : month === 11 && dayOfMonth >= 24 ? 0.6 : 1;
    const luck = 0.92 + 0.16 * drawNumber(shop.seed, "calendar", "luck", day);
    return growth(day) * season(day) * (weekdayLevels[date.getUTCDay()] ?? 1) * sale * luck;
  };
}

/** Relative number of registrations per day. */
function interestCurve(shop: ShopSize): (day: Day) => number {
  const growth = growthFrom(shop.from, 1.5);
  return (day) =>
    growth(day) * season(day) * (0.85 + 0.3 * drawNumber(shop.seed, "calendar", "interest", day));
}

/** Compound growth by multiplication, because powers may differ in the last digit between platforms. */
function growthFrom(from: Day, perYear: number): (day: Day) => number {
  const levels = [1];
  const perDay = 1 + Math.log(perYear) / 365;
  const rounded = Math.round(perDay * 1e9) / 1e9;
  return (day) => {
    for (let i = levels.length; i <= day - from; i++) levels.push((levels[i - 1] ?? 1) * rounded);
    return levels[day - from] ?? 1;
  };
}

/** The season's level, interpolated between the middles of two months, so that no month starts with a jump. */
function season(day: Day): number {
  const date = isoDate(day);
  const month = Number(date.slice(5, 7)) - 1;
  const position = month + (Number(date.slice(8, 10)) - 15.5) / 30.5;
  const left = Math.floor(position);
  const [a, b] = [monthLevels[(left + 12) % 12] ?? 1, monthLevels[(left + 13) % 12] ?? 1];
  return a + (b - a) * (position - left);
}

function runningTotal(from: Day, through: Day, weight: (day: Day) => number): number[] {
  const totals: number[] = [];
  let total = 0;
  for (let day = from; day <= through; day++) totals.push((total += weight(day)));
  return totals;
}

/** A day as the number of days since 1970-01-01: the generator counts days this way. */
export type Day = number;

/** Reads `YYYY-MM-DD`; undefined when the text is not a date of the calendar. */
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
