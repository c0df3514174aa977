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

const channels = ["paid", "social", "email", "referral", "search", "direct"];

/** A marketing channel's colour, the same in every drawing. */
export function channelColor(name: string): string {
  if (name === "other") return color.muted;
  const index = channels.indexOf(name);
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

/** From pale to strong, for heat tables. At every strength, text in `color.ink` has a contrast of 4.5:1. */
export const heat = (share: number): string =>
  `color-mix(in srgb, var(--heat) ${Math.round(10 + Math.min(1, Math.max(0, share)) * 90)}%, var(--surface))`;

/** The style sheet's colours for light, for what leaves the page: a picture's file, a notebook's output. */
export const light = {
  ink: "#1c2126",
  muted: "#5a636d",
  faint: "#8a929b",
  line: "#e2dfd8",
  surface: "#ffffff",
  accent: "#0f6170",
  "accent-soft": "#d9e9eb",
  pass: "#1d7a46",
  warn: "#9a5b00",
  fail: "#b3261e",
  "category-1": "#39459b",
  "category-2": "#c45468",
  "category-3": "#9b3d94",
  "category-4": "#2a8f7f",
  "category-5": "#2f8fc0",
  "category-6": "#a3801f",
  "category-7": "#7c1d52",
  "category-8": "#6f8a1e",
  heat: "#579099",
  "segment-high": "#0b4a56",
  "segment-medium": "#3f8c9b",
  "segment-low": "#93b9c1",
} as const;
