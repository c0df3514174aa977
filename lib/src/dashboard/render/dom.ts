type Child = Node | string | null | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Makes an element. Text becomes a text node, so nothing from a database is ever read as HTML. Attributes that are
 * undefined, null or false are left out.
 */
export function element(
  document: Document,
  tag: string,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElement {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child || child === "") node.append(child);
  return node;
}

/** An element of an SVG picture. */
export function svgElement(
  document: Document,
  tag: string,
  attributes: Attributes = {},
  ...children: readonly Node[]
): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}
