import path from "node:path";
import { InputError } from "shopmetrics";
import { readSettings } from "shopmetrics/internal/settings";
import { describe, expect, it } from "vitest";

describe("settings", () => {
  it("have defaults below the project's root, wherever the process runs", () => {
    const settings = readSettings({}, "/project");
    expect(settings.home).toBe(path.resolve("/project/.shopmetrics"));
    expect(settings.landing).toBe(path.resolve("/project/.shopmetrics/landing"));
    expect(settings.engine).toBe("duckdb");
  });

  it("take an absolute home as it is and count an empty variable as not set", () => {
    expect(readSettings({ SHOPMETRICS_HOME: "/data", SHOPMETRICS_ENGINE: "" }, "/project").warehouse).toBe(
      "/data/warehouse.duckdb",
    );
  });

  it("name a malformed variable, its value and what is wrong with it, one line each", () => {
    const read = () =>
      readSettings({ SHOPMETRICS_ENGINE: "oracle", SHOPMETRICS_LOCK_WAIT: "soon" }, "/project");
    expect(read).toThrow(InputError);
    expect(read).toThrow(
      /^SHOPMETRICS_ENGINE=oracle: .*\nSHOPMETRICS_LOCK_WAIT=soon: is not a number of seconds$/,
    );
  });
});
