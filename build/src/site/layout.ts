import { attributes, html, joinHtml, rawHtml, type Html } from "shopmetrics/display";

/** A page's main part, and what surrounds it. */
export interface Layout {
  readonly title: string;
  readonly description: string;
  /** The shop's name; this project's by default. */
  readonly shop?: string;
  /** Of the `html` element. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The way to the site's root, "" or "../". */
  readonly base: string;
  readonly navigation: readonly NavigationEntry[];
  /** The `href` of this page's own entry in the navigation. */
  readonly current: string;
  readonly style: string;
  /** Style sheets of some pages only. */
  readonly alsoStyles?: readonly string[];
  /** Loaded before the style sheet asks for it: it is there at the first paint, or it is not used. */
  readonly font: string;
  readonly scripts: readonly string[];
  /** How old the data is, and the results of the checks. */
  readonly state: Html | undefined;
  readonly main: Html;
}

export interface NavigationEntry {
  readonly title: string;
  readonly href: string;
}

/** No request may leave the site, and no script may run but its own. Plot styles its elements one by one. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** A whole page. All its addresses are relative, so the site works under any path and from a folder. */
export function layoutHtml(layout: Layout): Html {
  const {
    title,
    description,
    base,
    shop = "ShopMetrics",
    style,
    alsoStyles = [],
    font,
    scripts,
    state,
    main,
  } = layout;
  const styles = [style, ...alsoStyles].map((file) => html`<link rel="stylesheet" href="${base}${file}">`);
  const scriptTags = scripts.map((file) => html`<script defer src="${base}${file}"></script>`);
  return html`<!DOCTYPE html>
<html lang="en"${attributes(layout.attributes)}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${rawHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – ${shop}</title>
<meta name="description" content="${description}">
<meta name="color-scheme" content="light dark">
<link rel="preload" href="${base}${font}" as="font" type="font/woff2" crossorigin>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(String(icon))}">
${joinHtml(styles, "\n")}
${joinHtml(scriptTags, "\n")}
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header class="site">
<a class="brand" href="${base}index.html">${mark}<span>${shop}</span></a>
<nav aria-label="Pages"><ul>${navigationHtml(layout)}</ul></nav>
<p class="state">${state ?? "No data has been exported yet"}</p>
</header>
<main id="main" tabindex="-1">
${main}
</main>
<footer class="site">
<p>Figures are computed from the shop’s own data, checked on every run, and count UTC days. Revenue is that of completed orders;
the clickstream’s is at checkout.</p>
</footer>
</body>
</html>
`;
}

const navigationHtml = ({ navigation, current, base }: Layout): Html[] =>
  navigation.map(({ title, href }) => {
    const isCurrent = attributes({ "aria-current": href === current && "page" });
    return html`<li><a href="${base}${href}"${isCurrent}>${title}</a></li>`;
  });

const bar = (x: number, y: number, height: number) =>
  html`<rect x="${x}" y="${y}" width="4.5" height="${height}" rx="1"/>`;
const bars = (fill: string) =>
  html`<g fill="${fill}">${bar(3, 13, 8)}${bar(9.75, 8, 13)}${bar(16.5, 3, 18)}</g>`;
const mark = html`<svg aria-hidden="true" viewBox="0 0 24 24" width="24" height="24">${bars("currentColor")}</svg>`;
const icon = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${bars("#0f6170")}</svg>`;
