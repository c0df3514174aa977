import { element } from "./dom.js";
import type { PictureFile } from "./picture-file.js";

/** Gives the reader a file. */
export function save(document: Document, name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = element(document, "a", { href: url, download: name }) as HTMLAnchorElement;
  link.click();
  URL.revokeObjectURL(url);
}

/** A picture as PNG, at twice its size for sharp print. The page's font goes into it, where it can be read. */
export async function pngOf(document: Document, { svg, width, height }: PictureFile): Promise<Blob> {
  const face = await fontFace(document);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg.replace(">", `>${face}`))}`;
  await image.decode();
  const canvas = element(document, "canvas", { width: 2 * width, height: 2 * height }) as HTMLCanvasElement;
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) =>
    canvas.toBlob(
      (blob) => (blob ? done(blob) : fail(new Error("The browser draws no PNG of this size"))),
      "image/png",
    ),
  );
}

/** A page opened from a folder may not read its font; the picture then has the system's. */
async function fontFace(document: Document): Promise<string> {
  const link = document.querySelector<HTMLLinkElement>("link[rel=preload][as=font]");
  try {
    const bytes = new Uint8Array(await (await fetch(link!.href)).arrayBuffer());
    const base64 = btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(""));
    return `<style>@font-face{font-family:Figtree;font-weight:300 900;src:url(data:font/woff2;base64,${base64})}</style>`;
  } catch {
    return "";
  }
}
