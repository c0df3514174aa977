import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { InputError } from "shopmetrics/settings";

export interface SiteServer {
  /** Such as http://127.0.0.1:3000/ */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the built site on this machine only. Requests for `data/` are answered from the snapshots themselves, so
 * that an open page sees a new export without a new build.
 *
 * @param port 0 takes any free one
 * @throws InputError when the port is taken
 */
export async function serveSite(options: {
  site: string;
  snapshots: string;
  port: number;
}): Promise<SiteServer> {
  const { site, snapshots, port } = options;
  const server = createServer((request, response) => {
    answer(request, response, [
      { prefix: "/data/", folder: snapshots },
      { prefix: "/", folder: site },
    ]).catch((error: unknown) => {
      response.writeHead(500).end();
      console.error(error);
    });
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Finds out before a site is built whether it can be served. @throws InputError when the port is taken */
export async function refuseTakenPort(port: number): Promise<void> {
  const server = createServer();
  await listen(server, port);
  await new Promise((done) => server.close(done));
}

const listen = (server: Server, port: number) =>
  new Promise<void>((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      fail(
        error.code === "EADDRINUSE"
          ? new InputError(`Port ${port} is taken: choose another by --port, or 0 for any that is free.`)
          : error,
      ),
    );
    server.listen(port, "127.0.0.1", done);
  });

interface Place {
  readonly prefix: string;
  readonly folder: string;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  places: readonly Place[],
): Promise<void> {
  if (!isLocal(request.headers.host)) {
    response.writeHead(403, { "content-type": "text/plain; charset=utf-8" });
    response.end("This server answers only for localhost and 127.0.0.1.\n");
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const file = await findFile(request.url ?? "/", places);
  if (!file) {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache" });
    response.end("There is no such page.\n");
    return;
  }
  const { body, etag, encoding } = await load(file, String(request.headers["accept-encoding"] ?? ""));
  const headers = {
    "content-type": types[path.extname(file)] ?? "application/octet-stream",
    // A file whose name holds a part of its content's hash never changes.
    "cache-control": /-[0-9A-Za-z]{8,16}\.\w+(\.js)?$/.test(file)
      ? "public, max-age=31536000, immutable"
      : "no-cache",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    vary: "accept-encoding",
    etag,
    ...(encoding && { "content-encoding": encoding }),
  };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, "content-length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

/**
 * Whether a request names this machine. A page elsewhere whose name is made to point here (DNS rebinding) names itself, and
 * must not be able to read the site.
 */
function isLocal(host: string | undefined): boolean {
  const name = (host ?? "").replace(/:\d{1,5}$/, "").toLowerCase();
  return name === "127.0.0.1" || name === "[::1]" || name === "localhost" || name.endsWith(".localhost");
}

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".parquet": "application/vnd.apache.parquet",
};

/** The file that an address names; never one outside the folders, also by a link, or one whose name begins with a dot. */
async function findFile(url: string, places: readonly Place[]): Promise<string | undefined> {
  let wanted: string;
  try {
    wanted = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  if (wanted.includes("\0") || wanted.split(/[/\\]/).some((part) => part.startsWith("."))) return undefined;
  for (const { prefix, folder } of places) {
    if (!wanted.startsWith(prefix)) continue;
    const rest = wanted.slice(prefix.length);
    const file = path.join(folder, rest.endsWith("/") || rest === "" ? `${rest}index.html` : rest);
    const [real, root] = await Promise.all([file, folder].map((name) => realpath(name).catch(() => "")));
    if (!real || !root || !real.startsWith(root + path.sep)) continue;
    if ((await stat(real)).isFile()) return file;
  }
  return undefined;
}

interface Loaded {
  readonly body: Buffer;
  readonly etag: string;
  readonly encoding: "br" | "gzip" | undefined;
}

/** A site is small: compressed files are kept in memory until they change. */
const kept = new Map<string, Loaded>();
const mostKept = 500;

async function load(file: string, accepted: string): Promise<Loaded> {
  const encoding = incompressible.has(path.extname(file))
    ? undefined
    : /\bbr\b/.test(accepted)
      ? "br"
      : /\bgzip\b/.test(accepted)
        ? "gzip"
        : undefined;
  const { mtimeMs, size } = await stat(file);
  const key = `${file} ${mtimeMs} ${size} ${encoding}`;
  const known = kept.get(key);
  if (known) return known;
  const content = await readFile(file);
  const body = encoding ? await compress(content, encoding, path.extname(file)) : content;
  const hash = createHash("sha256").update(content).digest("base64url").slice(0, 22);
  const loaded: Loaded = { body, etag: `"${hash}${encoding ? `-${encoding}` : ""}"`, encoding };
  if (kept.size >= mostKept) kept.clear();
  kept.set(key, loaded);
  return loaded;
}

const incompressible = new Set([".png", ".woff2"]);

/** Texts a tenth better, which takes half a second for the largest and happens once; data, which changes, in a moment. */
const brotliQuality = (extension: string) => (extension === ".parquet" || extension === ".json" ? 6 : 11);

const compress = (content: Buffer, encoding: "br" | "gzip", extension: string): Promise<Buffer> =>
  encoding === "gzip"
    ? promisify(gzip)(content)
    : promisify(brotliCompress)(content, {
        params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality(extension) },
      });
