import { createHash } from "node:crypto";
import { renderMermaidSVG } from "beautiful-mermaid";
import { attributes, html, rawHtml, type Html } from "shopmetrics/display";

/**
 * A figure in mermaid's language, drawn as SVG when the site is built, with its text below it. Colours and letters are the page's.
 *
 * @param name what it shows
 * @returns undefined where the library draws no such figure: the text then stands for it
 */
export function diagramHtml(source: string, name: string): Html | undefined {
  const svg = drawn(source);
  if (svg === undefined) return undefined;
  const [, width = "0", height = "0"] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  const content = svg.slice(svg.indexOf(">") + 1).replace(/<style>[^]*?<\/style>/, "");
  const picture = attributes({
    viewBox: `0 0 ${width} ${height}`,
    width: String(Math.ceil(Number(width) * enlarged)),
    height: String(Math.ceil(Number(height) * enlarged)),
    role: "img",
    "aria-label": name,
  });
  return html`<figure class="diagram"><div class="scroll" tabindex="0"><svg${picture}>${rawHtml(withOwnIds(content, source))}</div>
<details><summary>The same as text</summary><pre tabindex="0"><code>${source}</code></pre></details></figure>
`;
}

/** The library's small letters are 11 pixels high; here none is smaller than 12. */
const enlarged = 12 / 11;

function drawn(source: string): string | undefined {
  try {
    return renderMermaidSVG(withoutAliases(source), { padding: 12, nodeSpacing: 16, layerSpacing: 32 });
  } catch {
    return undefined;
  }
}

/** The library knows no aliases of entities, `a_b["a.b"]`: here each is called by its name. */
function withoutAliases(source: string): string {
  if (!source.startsWith("erDiagram")) return source;
  const names = new Map([...source.matchAll(/^\s*(\w+)\["([^"]+)"\]/gm)].map(([, id, name]) => [id!, name!]));
  return source
    .replace(/^(\s*)(\w+)\["[^"]+"\]/gm, "$1$2")
    .replace(/\w+/g, (word) => names.get(word) ?? word);
}

/** The library calls the arrows of all figures the same. */
function withOwnIds(svg: string, source: string): string {
  const prefix = `d${createHash("sha256").update(source).digest("hex").slice(0, 6)}-`;
  return svg.replaceAll(/(\sid="|url\(#)/g, `$1${prefix}`);
}
