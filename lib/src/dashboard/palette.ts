/** The page's colours for plots, as its style sheet defines them for light and dark. */
export const color = {
  ink: "var(--ink)",
  muted: "var(--muted)",
  faint: "var(--faint)",
  line: "var(--line)",
  surface: "var(--surface)",
  accent: "var(--accent)",
  accentSoft: "var(--accent-soft)",
  pale: "var(--segment-low)",
  pass: "var(--pass)",
  warn: "var(--warn)",
  fail: "var(--fail)",
} as const;

const known = [
  "Electronics",
  "Home & Kitchen",
  "Fashion",
  "Beauty & Health",
  "Sports & Outdoors",
  "Toys & Games",
  "Books",
  "Garden & Pets",
];

/**
 * A category's colour: the same on every page and for every choice of the reader. A shop with other categories gets the
 * same eight colours, each name always the same one.
 */
export function categoryColor(name: string): string {
  if (name === "Unknown") return color.muted;
  const index = known.indexOf(name);
  return `var(--category-${(index >= 0 ? index : hash(name) % known.length) + 1})`;
}

const hash = (text: string) =>
  [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 9973, 7);

/** Customer segments by revenue: three shades of one colour, since they have an order. */
export const segmentColor = (name: string): string => `var(--segment-${name.toLowerCase()})`;

export const statusColor = (status: string): string =>
  status === "pass" || status === "succeeded"
    ? color.pass
    : status.startsWith("fail")
      ? color.fail
      : color.warn;

/** From pale to strong, for heat tables: a share of the accent in the page's background. */
export const heat = (share: number): string =>
  `color-mix(in oklab, var(--accent) ${Math.round(8 + Math.min(1, Math.max(0, share)) * 82)}%, var(--surface))`;
