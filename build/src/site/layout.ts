import { escapeHtml } from "shopmetrics/display";

/** A page's frame: what stands around its main part. */
export interface Shell {
  readonly title: string;
  readonly description: string;
  /** Of the `html` element. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The way to the site's root, "" or "../". */
  readonly base: string;
  readonly navigation: readonly { readonly title: string; readonly href: string }[];
  /** The entry of the navigation that this page is. */
  readonly current: string;
  readonly style: string;
  /** Style sheets of some pages only. */
  readonly alsoStyles?: readonly string[];
  /** Begun to load before the style sheet asks for it: it is there at first paint or not used. */
  readonly font: string;
  readonly scripts: readonly string[];
  /** HTML: how old the data is and how its checks stand. */
  readonly state: string | undefined;
  /** HTML. */
  readonly main: string;
}

/** No request may leave the site, and no script may run but its own. Plot styles its elements one by one. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** A whole page. All its addresses are relative, so the site works under any path and from a folder. */
export function shellHtml(shell: Shell): string {
  const { title, description, attributes, base, navigation, current, style, font, scripts, state, main } =
    shell;
  const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeHtml(value)}"`);
  const links = navigation.map(
    ({ title: name, href }) =>
      `<li><a href="${base}${href}"${href === current ? ' aria-current="page"' : ""}>${escapeHtml(name)}</a></li>`,
  );
  return `<!DOCTYPE html>
<html lang="en"${given.join("")}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – ShopMetrics</title>
<meta name="description" content="${escapeHtml(description)}">
<meta name="color-scheme" content="light dark">
<link rel="preload" href="${base}${font}" as="font" type="font/woff2" crossorigin>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">
${[style, ...(shell.alsoStyles ?? [])].map((sheet) => `<link rel="stylesheet" href="${base}${sheet}">`).join("\n")}
${scripts.map((script) => `<script defer src="${base}${script}"></script>`).join("\n")}
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header class="site">
<a class="brand" href="${base}index.html">${mark}<span>ShopMetrics</span></a>
<nav aria-label="Pages"><ul>${links.join("")}</ul></nav>
<p class="state">${state ?? "No data has been exported yet"}</p>
</header>
<main id="main" tabindex="-1">
${main}
</main>
<footer class="site">
<p>Figures are computed from the shop’s exports, checked on every run, and count UTC days. Amounts are those of completed orders.</p>
</footer>
</body>
</html>
`;
}

const bars = (fill: string) =>
  `<g fill="${fill}"><rect x="3" y="13" width="4.5" height="8" rx="1"/><rect x="9.75" y="8" width="4.5" height="13" rx="1"/><rect x="16.5" y="3" width="4.5" height="18" rx="1"/></g>`;
const mark = `<svg aria-hidden="true" viewBox="0 0 24 24" width="24" height="24">${bars("currentColor")}</svg>`;
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${bars("#0f6170")}</svg>`;
