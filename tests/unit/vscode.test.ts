import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const json = async <T>(file: string) => JSON.parse(await readFile(path.join(root, file), "utf8")) as T;

interface Container {
  image: string;
  features: Record<string, object>;
  postCreateCommand: string;
  customizations: { vscode: { extensions: string[] } };
}

describe("the set-up for VS Code", () => {
  it("recommends the same extensions in a container and on one's own machine", async () => {
    const { recommendations } = await json<{ recommendations: string[] }>(".vscode/extensions.json");
    const { customizations } = await json<Container>(".devcontainer/devcontainer.json");
    expect(customizations.vscode.extensions).toEqual(recommendations);
    for (const name of recommendations) expect(name).toMatch(/^[a-z0-9-]+\.[a-z0-9-]+$/);
    expect(recommendations).toContain("ms-toolsai.jupyter");
  });

  it("has no key that a container's description does not know", async () => {
    const container = await json<Container>(".devcontainer/devcontainer.json");
    const known = "name image features postCreateCommand forwardPorts portsAttributes customizations".split(
      " ",
    );
    expect(Object.keys(container).filter((key) => !known.includes(key))).toEqual([]);
    expect(container.image).toMatch(/^mcr\.microsoft\.com\/devcontainers\/typescript-node:\d+-\w+$/);
  });

  it("prepares a container by scripts and files that exist", async () => {
    const { postCreateCommand } = await json<Container>(".devcontainer/devcontainer.json");
    const { scripts } = await json<{ scripts: Record<string, string> }>("package.json");
    const used = [...postCreateCommand.matchAll(/npm run (\w+)/g)].map(([, name]) => name!);
    expect(used).toEqual(["jupyter", "hooks"]);
    for (const name of used) expect(scripts).toHaveProperty(name);
    const [, list] = /pip install -r (\S+)/.exec(postCreateCommand)!;
    expect(await readFile(path.join(root, list!), "utf8")).toMatch(/^jupyterlab==.*^|^deno==/m);
  });

  it("uses the Python environment into which the kernels are written", async () => {
    const settings = await json<Record<string, unknown>>(".vscode/settings.json");
    expect(settings["python.defaultInterpreterPath"]).toBe("${workspaceFolder}/.venv/bin/python");
    for (const key of Object.keys(settings))
      expect(key).toMatch(/^(?:editor|jupyter|notebook|python|search)\.\w+$/);
  });
});
