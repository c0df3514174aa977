import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** What the extension takes from JupyterLab, which must not be there twice. */
const shared = [
  "@codemirror/language",
  "@codemirror/state",
  "@codemirror/view",
  "@jupyterlab/codemirror",
  "@jupyterlab/notebook",
  "@lezer/common",
  "@lezer/highlight",
];

/**
 * Writes the extension of JupyterLab into a folder of Jupyter's data. JupyterLab loads it as it is: nothing is built with Node there.
 *
 * @param share the folder that JUPYTER_PATH names
 */
export async function writeLabExtension(share: string): Promise<void> {
  const folder = path.join(share, "labextensions", name);
  const manifest = {
    name,
    version: "0.1.0",
    jupyterlab: { extension: true, _build: { load: "static/remoteEntry.js", extension: "./extension" } },
  };
  await mkdir(path.join(folder, "static"), { recursive: true });
  await writeFile(path.join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  await writeFile(path.join(folder, "static/remoteEntry.js"), await container());
}

const name = "shopmetrics";

/** The script that JupyterLab expects of an extension, with webpack's interface of a container of modules. */
async function container(): Promise<string> {
  const ending = path.extname(import.meta.url); // compiled, or TypeScript in a test
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./lab/extension${ending}`, import.meta.url))],
    bundle: true,
    format: "cjs",
    platform: "browser",
    target: "es2022",
    external: shared,
    minify: true,
    write: false,
    legalComments: "none",
    tsconfigRaw: {},
  });
  return `(() => {
  let scope;
  const container = {
    init: (given) => { scope = given; },
    async get() {
      const modules = {};
      for (const name of ${JSON.stringify(shared)}) {
        const [version] = Object.values(scope[name] ?? {});
        if (!version) throw new Error("This JupyterLab has no " + name);
        modules[name] = (await version.get())();
      }
      const module = { exports: {} };
      ((module, exports, require) => {
${outputFiles[0]!.text}
      })(module, module.exports, (name) => modules[name]);
      return () => module.exports;
    },
  };
  (window._JUPYTERLAB ??= {})[${JSON.stringify(name)}] = container;
})();
`;
}
