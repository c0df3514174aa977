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
  readonly jupyter: { broadcast(type: "display_data", content: object): void };
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
      found.jupyter.broadcast("display_data", { data: { "text/html": html }, metadata: {}, transient: {} });
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
