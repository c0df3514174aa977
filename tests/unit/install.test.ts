import { describe, expect, it } from "vitest";
import lock from "../../package-lock.json" with { type: "json" };
import project from "../../package.json" with { type: "json" };

const packages = Object.entries(
  lock.packages as Record<string, { engines?: { node?: string }; hasInstallScript?: boolean }>,
);

describe("npm ci warns of nothing", () => {
  it("since every package takes the oldest Node that this project runs on", () => {
    const oldest = project.engines.node.replace(">=", "");
    const refused = packages.flatMap(([name, { engines }]) =>
      engines?.node !== undefined && !takes(engines.node, oldest) ? [`${name}: ${engines.node}`] : [],
    );
    expect(refused).toEqual([]);
    expect(takes("^18.0.0 || >=22", oldest)).toBe(false);
    expect(takes("^20.18 || >= 24.0", oldest)).toBe(true);
  });

  it("since every package that runs something when it is installed is known to do so", () => {
    const running = packages.flatMap(([name, { hasInstallScript }]) =>
      hasInstallScript ? [name.replace(/^.*node_modules\//, "")] : [],
    );
    expect(Object.keys(project.allowScripts).toSorted()).toEqual([...new Set(running)].toSorted());
  });
});

/** Whether one of a range's alternatives holds for a version: of the forms that packages use, `>=`, `^`, `20`, `10.*` and `*`. */
const takes = (range: string, version: string): boolean =>
  range.split("||").some((part) => {
    const [, sign, numbers = ""] = /^(>=|\^)?([\d.x*]*)/.exec(part.trim().replaceAll(/>=\s+/g, ">="))!;
    const wanted = numbers.split(".").map((number) => Number(number) || 0);
    const given = version.split(".").map(Number);
    if (numbers === "" || numbers === "*") return true;
    if (sign !== ">=" && wanted[0] !== given[0]) return false;
    const differing = [0, 1, 2].find((at) => (wanted[at] ?? 0) !== (given[at] ?? 0));
    return (
      sign === undefined || differing === undefined || (given[differing] ?? 0) > (wanted[differing] ?? 0)
    );
  });
