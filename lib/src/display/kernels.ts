import { Session } from "node:inspector";
import { runInThisContext } from "node:vm";

/** The Jupyter kernel that this process is. */
interface Kernel {
  showHtml(html: string): Promise<void>;
  /** The names that the notebook's cells have declared, with their values, as they are now. */
  names(): Promise<Readonly<Record<string, unknown>>>;
}

/** What tslab puts into the global scope of its kernel. */
interface Tslab {
  readonly require: (id: "tslab") => { readonly display: { html(html: string): void } };
  readonly exports: Readonly<Record<string, unknown>>;
}

interface Deno {
  /** Only in its kernel; throws in any other process. */
  readonly jupyter: { broadcast(type: "display_data", content: object): Promise<void> | undefined };
  readonly internal: symbol;
}

/** How Deno's kernel ends a cell. */
interface DenoInternals {
  readonly jupyter?: { broadcastResult(...given: readonly unknown[]): Promise<unknown> };
}

function tslab(): Kernel | undefined {
  const { __tslab__: found } = globalThis as { __tslab__?: Tslab };
  if (!found) return undefined;
  return {
    showHtml: async (html) => found.require("tslab").display.html(html),
    names: async () => found.exports,
  };
}

/** Deno's kernel declares a cell's names in the scope that all scripts of the process share, which only the inspector lists. */
function deno(): Kernel | undefined {
  const { Deno: found } = globalThis as { Deno?: Deno };
  if (!found || !isKernel(found)) return undefined;
  return {
    async showHtml(html) {
      const content = { data: { "text/html": html }, metadata: {}, transient: {} };
      const sending = Promise.resolve(found.jupyter.broadcast("display_data", content));
      endAfter(found, sending);
      await sending;
    },
    names: async () => Object.fromEntries((await scopeNames()).flatMap((name) => valueInScope(name))),
  };
}

function isKernel(given: Deno): boolean {
  try {
    return given.jupyter !== undefined;
  } catch {
    return false;
  }
}

const unsent = new Set<Promise<unknown>>();
let waits = false;

/** Deno sends what a cell shows in the background, and loses what is not sent when the cell ends. So a cell ends after it. */
function endAfter(given: Deno, sending: Promise<unknown>): void {
  unsent.add(sending);
  void sending.finally(() => unsent.delete(sending)).catch(() => undefined);
  const { jupyter } = (given as unknown as Record<symbol, DenoInternals | undefined>)[given.internal] ?? {};
  if (waits || !jupyter) return;
  waits = true;
  const { broadcastResult } = jupyter;
  jupyter.broadcastResult = async (...result) => {
    await Promise.allSettled(unsent);
    return broadcastResult(...result);
  };
}

async function scopeNames(): Promise<readonly string[]> {
  const session = new Session();
  session.connect();
  const names = await new Promise<readonly string[]>((done) =>
    session.post("Runtime.globalLexicalScopeNames", {}, (_error, found) => done(found?.names ?? [])),
  );
  session.disconnect();
  return names;
}

function valueInScope(name: string): [string, unknown][] {
  try {
    return [[name, runInThisContext(name)]];
  } catch {
    return []; // declared by a cell that failed before it
  }
}

/** The kernel of Jupyter that this process is, if it is one. */
export const kernel = (): Kernel | undefined => tslab() ?? deno();
