import path from "node:path";
import { InputError, settings as settingsInForce } from "shopmetrics";
import { readSettings, useSettings, withAcceptLoss } from "#lib/settings.js";
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
      readSettings(
        { SHOPMETRICS_ENGINE: "Oracle 19", SHOPMETRICS_MEMORY: "lots", SHOPMETRICS_LOCK_WAIT: "soon" },
        "/project",
      );
    expect(read).toThrow(InputError);
    expect(read).toThrow(
      new RegExp(
        "^SHOPMETRICS_ENGINE=Oracle 19: .*\\nSHOPMETRICS_MEMORY=lots: is not an amount of memory, such as 1.5GB or 800MB" +
          "\\nSHOPMETRICS_LOCK_WAIT=soon: is not a number of seconds$",
      ),
    );
  });
});

describe("settings of Kafka", () => {
  const read = (given: Record<string, string>) => readSettings(given, "/project");

  it("are there when brokers are named, with TLS as soon as there is a login", () => {
    expect(read({ KAFKA_TOPIC: "clicks" }).kafka).toBeUndefined();
    expect(read({ KAFKA_BROKERS: "a:1, b.example.com:9092" }).kafka).toEqual({
      brokers: ["a:1", "b.example.com:9092"],
      topic: "clickstream-events",
      tls: false,
      batchEvents: 50_000,
      batchSeconds: 0.2,
      acceptLoss: false,
    });
    const login = { KAFKA_USERNAME: "key", KAFKA_PASSWORD: "its-own-secret" }; // pragma: allowlist secret
    const cloud = read({ KAFKA_BROKERS: "a:1", ...login }).kafka;
    expect(cloud).toMatchObject({ tls: true, login: { username: "key" } });
    expect(read({ KAFKA_BROKERS: "a:1", ...login, KAFKA_TLS: "false" }).kafka?.tls).toBe(false);
  });

  it.each([
    [{ KAFKA_BROKERS: "localhost" }, /^KAFKA_BROKERS=localhost: is not a list of host:port/],
    [{ KAFKA_TOPIC: "a b" }, /^KAFKA_TOPIC=a b: is not a topic's name/],
    [{ KAFKA_USERNAME: "key" }, /^KAFKA_PASSWORD: is not set, but KAFKA_USERNAME is/],
    [{ KAFKA_TLS: "yes" }, /^KAFKA_TLS=yes: is neither true nor false$/],
    [{ KAFKA_BATCH_EVENTS: "many" }, /^KAFKA_BATCH_EVENTS=many: is not a number of events$/],
    [{ KAFKA_BATCH_SECONDS: "soon" }, /^KAFKA_BATCH_SECONDS=soon: is not a number of seconds$/],
  ])("that are malformed are one line each: %j", (given, message) => {
    expect(() => read({ KAFKA_BROKERS: "a:1", ...given })).toThrow(message);
  });

  it("never print a password", () => {
    const given = { KAFKA_BROKERS: "a:1", KAFKA_PASSWORD: "its-own-secret" }; // pragma: allowlist secret
    expect(() => read(given)).toThrow(/^KAFKA_USERNAME: is not set, but KAFKA_PASSWORD is: SASL needs both$/);
  });
});

describe("settings in force", () => {
  const given = readSettings({ KAFKA_BROKERS: "a:1" }, "/project");

  it("are those of the environment until others are set, and again when they are restored", () => {
    const restore = useSettings(withAcceptLoss(given, true));
    expect(settingsInForce().kafka).toMatchObject({ brokers: ["a:1"], acceptLoss: true });
    restore();
    expect(settingsInForce()).toEqual(readSettings());
  });

  it("accept a loss without a change of what they were made of", () => {
    expect(withAcceptLoss(given, true).kafka?.acceptLoss).toBe(true);
    expect(given.kafka?.acceptLoss).toBe(false);
    expect(withAcceptLoss(readSettings({}, "/project"), true).kafka).toBeUndefined();
  });
});
