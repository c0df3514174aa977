import type { Columns, RowOf } from "../snapshot-columns.js";
import type { Manifest, SnapshotEntry } from "../manifest.js";
import { readSnapshot, sha256 } from "../read-snapshot.js";
import { SnapshotError } from "../snapshot.js";

/**
 * The page's manifest as it is now; undefined when there is none.
 *
 * @throws Error when the site's data cannot be reached
 */
export async function fetchManifest(page: string): Promise<Manifest | undefined> {
  if (isFile) {
    const text = await fromScript(`${page}.json`);
    return JSON.parse(new TextDecoder().decode(text)) as Manifest;
  }
  const response = await fetch(`data/${page}.json`, { cache: "no-cache", signal: patience() });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`data/${page}.json: ${response.status} ${response.statusText}`);
  return (await response.json()) as Manifest;
}

/** A snapshot's rows, or what to tell the reader instead. */
export async function fetchSnapshot<C extends Columns>(
  name: string,
  columns: C,
  entry: SnapshotEntry | undefined,
): Promise<RowOf<C>[] | SnapshotError> {
  if (!entry) return new SnapshotError(`The data "${name}" has not been exported yet.`);
  try {
    const bytes = isFile ? await fromScript(entry.file) : await fromServer(entry.file);
    const found = await sha256(bytes);
    if (found !== undefined && found !== entry.sha256)
      throw new Error("its checksum is not that of its manifest");
    return await readSnapshot(bytes, columns);
  } catch (error) {
    return new SnapshotError(
      `The data "${name}" cannot be read: ${(error as Error).message}. Try again later.`,
    );
  }
}

async function fromServer(file: string): Promise<ArrayBuffer> {
  const response = await fetch(`data/${file}`, { signal: patience() });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  return response.arrayBuffer();
}

/** An answer that never ends must not keep an open page from asking again. */
const patience = () => AbortSignal.timeout(60_000);

/** A page opened from a folder may not fetch; there a script next to each file holds its bytes. */
const isFile = location.protocol === "file:";

declare global {
  interface Window {
    /** Called by the scripts next to the data: a file's name and its bytes in base64. */
    shopmetricsData?: (file: string, base64: string) => void;
  }
}

const arrived = new Map<string, string>();

function fromScript(file: string): Promise<ArrayBuffer> {
  window.shopmetricsData = (name, base64) => void arrived.set(name, base64);
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = `data/${file}.js`;
    script.addEventListener("error", () => fail(new Error("the file is not there")));
    script.addEventListener("load", () => {
      script.remove();
      const base64 = arrived.get(file);
      if (base64 === undefined) return fail(new Error("the file is damaged"));
      done(Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0)!).buffer);
    });
    document.head.append(script);
  });
}
